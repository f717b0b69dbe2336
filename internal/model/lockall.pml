/*
 * Several locks at once: a design that the library does not have yet. Three clients want one or both
 * of two locks, each to read or to write. One transaction creates a client's candidates in all the
 * queues, so that two clients stand in the same order in all of them. A client whose candidate is
 * removed by force withdraws from all the queues, and begins again at the end of each.
 *
 * Bounds: ROUNDS, REMOVALS by force.
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
byte removals = REMOVALS;

inline create(l) { q[l].next++; q[l].number[_pid] = q[l].next }
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
		if :: q[0].writes[_pid] = true :: q[0].writes[_pid] = false fi;
		if :: q[1].writes[_pid] = true :: q[1].writes[_pid] = false fi
	};
#if MUTANT == 1	/* one after the other, without an order */
	if
	:: atomic { WANTS(0) -> create(0) }; if :: atomic { WANTS(1) -> create(1) } :: !WANTS(1) fi
	:: atomic { WANTS(1) -> create(1) }; if :: atomic { WANTS(0) -> create(0) } :: !WANTS(0) fi
	fi;
#else
	atomic {
		if :: WANTS(0) -> create(0) :: else fi;
		if :: WANTS(1) -> create(1) :: else fi
	};
#endif
	do
	:: atomic { (!WANTS(0) || FREE(0)) && (!WANTS(1) || FREE(1)) -> enter(0); enter(1); break }
#if MUTANT == 2	/* granted when the first is free */
	:: atomic { WANTS(0) && FREE(0) -> enter(0); enter(1); break }
#endif
	:: atomic { (WANTS(0) && q[0].number[_pid] == 0) || (WANTS(1) && q[1].number[_pid] == 0) ->
#if MUTANT == 3	/* only the candidate that was removed is made again */
		if :: WANTS(0) && q[0].number[_pid] == 0 -> create(0) :: else fi;
		if :: WANTS(1) && q[1].number[_pid] == 0 -> create(1) :: else fi
#else
		q[0].number[_pid] = 0; q[1].number[_pid] = 0;
		if :: WANTS(0) -> create(0) :: else fi;
		if :: WANTS(1) -> create(1) :: else fi
#endif
	   }
	:: atomic { removals > 0 && WANTS(0) && q[0].number[_pid] != 0 -> removals--; q[0].number[_pid] = 0 }
	:: atomic { removals > 0 && WANTS(1) && q[1].number[_pid] != 0 -> removals--; q[1].number[_pid] = 0 }
	od;
	/* released one by one, in either order */
	if
	:: true -> atomic { leave(0) }; atomic { leave(1) }
	:: true -> atomic { leave(1) }; atomic { leave(0) }
	fi;
	round++;
	if :: round < ROUNDS -> goto again :: else fi
}
