/*
 * Several locks at once (LockAll). Three clients want one or both of two locks, each to read or to
 * write. One transaction creates a client's candidates in all the queues, so that two clients stand in
 * the same order in all of them. A client whose candidate is removed by force withdraws from all the
 * queues, and begins again at the end of each. So does one whose number was given before: a change of
 * leaders can put the next number back.
 *
 * Bounds: ROUNDS, REMOVALS by force, REPEATS of a number.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define BLOCKS(l, o) (q[l].number[o] != 0 && o != _pid && q[l].number[o] < q[l].number[_pid] && \
	(q[l].writes[o] || q[l].writes[_pid]))
#define FREE(l) (q[l].number[_pid] != 0 && !BLOCKS(l, 0) && !BLOCKS(l, 1) && !BLOCKS(l, 2))
#define WANTS(l) ((wants >> l) & 1)

/* What must hold. The variable is there for its name, which the checker prints. */
hidden byte exclusion;

typedef Queue { byte number[3]; bool writes[3]; byte next; byte readers; byte writers }
Queue q[2];
byte removals = REMOVALS, repeats = REPEATS;
bool repeated[3];	/* an earlier candidate has no smaller number */

#define EARLIER(l, o) (o != _pid && q[l].number[o] >= q[l].number[_pid])
inline create(l) {
	q[l].next++; q[l].number[_pid] = q[l].next;
	repeated[_pid] = repeated[_pid] || EARLIER(l, 0) || EARLIER(l, 1) || EARLIER(l, 2)
}
inline createAll() {
	repeated[_pid] = false;
	if :: WANTS(0) -> create(0) :: else fi;
	if :: WANTS(1) -> create(1) :: else fi
}
#define MISSING(l) (WANTS(l) && q[l].number[_pid] == 0)
#if MUTANT == 4	/* numbers that were given before are believed */
#define REPEATED false
#else
#define REPEATED repeated[_pid]
#endif
inline enter(l) {
	if
	:: WANTS(l) && q[l].writes[_pid] -> q[l].writers++
	:: WANTS(l) && !q[l].writes[_pid] -> q[l].readers++
	:: else
	fi;
	exclusion = q[l].writers == 0 || q[l].writers == 1 && q[l].readers == 0;
	assert(exclusion)
}
inline leave(l) {
	if
	:: WANTS(l) && q[l].writes[_pid] -> q[l].writers--
	:: WANTS(l) && !q[l].writes[_pid] -> q[l].readers--
	:: else
	fi;
	q[l].number[_pid] = 0
}

active [3] proctype Client() {
	byte wants, round;
again:	atomic {
		if :: wants = 1 :: wants = 2 :: wants = 3 fi;
		q[0].writes[_pid] = false; q[1].writes[_pid] = false;
		if :: WANTS(0) -> q[0].writes[_pid] = true :: true fi;
		if :: WANTS(1) -> q[1].writes[_pid] = true :: true fi
	};
#if MUTANT == 1	/* one after the other, without an order */
	if
	:: atomic { WANTS(0) -> create(0) }; if :: atomic { WANTS(1) -> create(1) } :: !WANTS(1) fi
	:: atomic { WANTS(1) -> create(1) }; if :: atomic { WANTS(0) -> create(0) } :: !WANTS(0) fi
	fi;
#else
	atomic { createAll() };
#endif
	do
	:: atomic { !REPEATED && (!WANTS(0) || FREE(0)) && (!WANTS(1) || FREE(1)) -> enter(0); enter(1); break }
#if MUTANT == 2	/* granted when the first is free */
	:: atomic { WANTS(0) && FREE(0) -> enter(0); enter(1); break }
#endif
#if MUTANT == 3	/* only the candidate that was removed is made again */
	:: atomic { MISSING(0) || MISSING(1) ->
		if :: MISSING(0) -> create(0) :: else fi;
		if :: MISSING(1) -> create(1) :: else fi
	   }
#else
	:: atomic { (REPEATED || MISSING(0) || MISSING(1)) && (q[0].number[_pid] != 0 || q[1].number[_pid] != 0) ->
		q[0].number[_pid] = 0; q[1].number[_pid] = 0 }
	:: atomic { q[0].number[_pid] == 0 && q[1].number[_pid] == 0 -> createAll() }
#endif
	:: atomic { removals > 0 && WANTS(0) && q[0].number[_pid] != 0 -> removals--; q[0].number[_pid] = 0 }
	:: atomic { removals > 0 && WANTS(1) && q[1].number[_pid] != 0 -> removals--; q[1].number[_pid] = 0 }
	:: atomic { repeats > 0 && q[0].next > 0 -> repeats--; q[0].next-- }
	od;
	/* released one by one, in either order */
	if
	:: true -> atomic { leave(0) }; atomic { leave(1) }
	:: true -> atomic { leave(1) }; atomic { leave(0) }
	fi;
	round++;
	if :: round < ROUNDS -> goto again :: else fi
}
