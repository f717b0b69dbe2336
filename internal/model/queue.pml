/*
 * The queue of one lock: candidates that are created, look ahead, wait, hold and are removed.
 *
 * The world. A leader commits transactions and a follower applies them later, in their order. A
 * session is on one of the two. It can be moved at any time: its watches end, and what it had asked
 * for and not been answered may have been executed or not. A server that is behind what the session
 * has been shown does not take it over. Sessions do not expire here: see lease.pml.
 *
 * Client c acquires the lock ROUNDS times. It is in the second session if SECOND has bit c, and in the
 * first otherwise. READERS 1: each candidate writes or reads. ORDERED 1: client c creates znode c + 1,
 * which loses nothing where each creates one and the sessions are chosen. Znode k is the k-th that is created; NUMBER counts anew when the lock's znode is
 * removed and made again.
 *
 * Bounds: CLIENTS, ROUNDS, ZNODES that are ever created, LAG (transactions that the follower is
 * behind; 0 if there is no follower), and how often: MOVES of a session, GIVEUPS, REMOVALS of a candidate by an operator, FORCES
 * of all ahead, RECREATIONS of the lock's znode. LONG 1: the queue counts as long, with its record.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define SESSIONS 2

#define SESSION(c)   ((SECOND >> (c)) & 1)
#define BIT(k)       (1 << (k))
#define HAS(set, k)  (((set) & BIT(k)) != 0)
#define VIEW(s)      (at[s] == LEADER -> leader : follower)
#define RECORD(s)    (at[s] == LEADER -> record[LEADER] : record[FOLLOWER])
#define APPLIED(s,k) (at[s] == LEADER || newest >= (k))
#define BLOCKS(j, k) (writer[j] || writer[k])
#define SAME(j)      (SESSION(owner[j]) == SESSION(me))
/* A sibling that is not leaving tells by itself; of the others a server tells. */
#define GONE(j)      (!(HAS(seats, j) && SAME(j)) && !HAS(VIEW(s), j))
#if LAG
#define COMMIT(op, what, upto) commits!op, what, upto
#define ROOM         (len(commits) < LAG)
#define ANSWERED     need[s] = (at[s] == LEADER -> len(commits) : 0)
#else
#define COMMIT(op, what, upto) skip
#define ROOM         true
#define ANSWERED     skip
#endif
#if ORDERED
#define MAYCREATE    (next == me + 1 && ROOM)
#else
#define MAYCREATE    (next <= ZNODES && ROOM)
#endif

#define LEADER 0
#define FOLLOWER 1

/* What must hold. The variables are there for their names, which the checker prints. BREAKS chooses
 * one, so that a mutant is seen to break just that. */
#define ANY 0
#define EXCLUSION 1
#define FIRST_COME 2
#define ORPHAN_FREE 3
#define STILL_THERE 4
#ifndef BREAKS
#define BREAKS ANY
#endif
#define CHECKS(p) (BREAKS == ANY || BREAKS == p)
hidden byte exclusion, first_come, orphan_free, still_there;

mtype = { create, delete, recreate }
#if LAG
chan commits = [LAG] of { mtype, byte, byte }
#endif

byte leader, follower;    /* the candidates that each of the two shows */
byte newest;              /* that the follower has created */
byte record[2];           /* of the holder of a long queue: all up to this number are gone */
byte next = 1, base;
byte owner[ZNODES + 1], number[ZNODES + 1];
bool writer[ZNODES + 1];
byte doomed;              /* removed while there was still a candidate ahead: never to be granted */

bit  at[SESSIONS];        /* the server that each session is on */
byte need[SESSIONS];      /* commits that the follower lacks of what the session has been shown */
byte cleared[SESSIONS];   /* all up to this number are gone, 0 if that is not known */
byte seats;               /* candidates that their session counts as siblings */
byte word;                /* candidates of which their session says: it was first, and we removed it */

byte mine[CLIENTS];       /* each client's candidate */
bool cut[CLIENTS];        /* its connection has ended, and it has not noticed */
bool stands[CLIENTS];     /* its watch on the lock's znode */
bool inside[CLIENTS];

byte moves = MOVES, giveups = GIVEUPS, removals = REMOVALS, recreations = RECREATIONS, forces = FORCES;
hidden byte i, j, set, last;
hidden mtype op;

/* The watches on the lock's znode end, in one session, and with them what they prove. */
inline unwatch(sess) {
	j = 0;
	do
	:: j < CLIENTS -> if :: SESSION(j) == sess -> stands[j] = false :: else fi; j++
	:: else -> break
	od;
#if MUTANT != 8
	cleared[sess] = 0
#endif
}

inline move(sess) {
	moves--;
#if LAG
	if
	:: true -> at[sess] = LEADER
#if MUTANT == 3
	:: true -> at[sess] = FOLLOWER
#else
	:: need[sess] == 0 -> at[sess] = FOLLOWER
#endif
	fi;
#endif
	j = 0;
	do
	:: j < CLIENTS -> if :: SESSION(j) == sess -> cut[j] = true :: else fi; j++
	:: else -> break
	od;
	unwatch(sess)
}

/* One transaction removes a set of candidates, and may leave a record. */
inline remove(which, released) {
	i = 2;
	do
	:: i <= ZNODES ->
		if
		:: HAS(which, i) ->
			j = 1;
			do
			:: j < i -> if :: HAS(leader & ~(which), j) && BLOCKS(j, i) -> doomed = doomed | BIT(i) :: else fi; j++
			:: else -> break
			od
		:: else
		fi;
		i++
	:: else -> break
	od;
	leader = leader & ~(which);
	if :: released != 0 -> record[LEADER] = released :: else fi;
	COMMIT(delete, which, released)
}

/* Who blocks znode k in a listing: the nearest two, and whether there are more. */
inline pick(k) {
	near = 0; far = 0; more = false; i = k - 1;
	do
	:: i == 0 -> break
	:: else ->
		if
		:: HAS(set, i) &&
#if MUTANT == 16
			(writer[k] || (writer[i] && inside[owner[i]]))
#else
			BLOCKS(i, k)
#endif
			->
			if
			:: near == 0 -> near = i
			:: near != 0 && far == 0 -> far = i
			:: else -> more = true
			fi
		:: else
		fi;
		i--
	od
}

#if LAG
/* The follower applies the next transaction. */
inline apply() {
	commits?op, set, last;
	if
	:: op == create -> newest = set; follower = follower | BIT(set)
	:: op == delete -> follower = follower & ~set;
		if :: last != 0 -> record[FOLLOWER] = last :: else fi
	:: op == recreate -> record[FOLLOWER] = 0; i = 0;
		do
		:: i < SESSIONS -> if :: at[i] == FOLLOWER -> unwatch(i) :: else fi; i++
		:: else -> break
		od
	fi;
	i = 0;
	do
	:: i < SESSIONS -> if :: need[i] > 0 -> need[i]-- :: else fi; i++
	:: else -> break
	od
}
#endif

active [CLIENTS] proctype Client() {
	byte near, far, others, round;
	bool more, alone, front, leaving, done, armed;
#define s SESSION(me)
#define k mine[me]
#define me _pid

again:
	if
	:: atomic { MAYCREATE ->	/* create */
		k = next; next++;
		owner[k] = me; number[k] = k - base;
		if :: writer[k] = true :: READERS -> skip fi;
		leader = leader | BIT(k);
		COMMIT(create, k, 0);
		cut[me] = false
	   }
	:: atomic { MAYCREATE && moves > 0 ->	/* create, lost on its way */
		k = 0; move(s); cut[me] = false } goto search
	:: next > ZNODES -> goto finished
	fi;
	if
	:: atomic { !cut[me] && APPLIED(s, k) -> ANSWERED; goto join }
	:: atomic { cut[me] -> cut[me] = false }
#if MUTANT == 1
		goto again
#endif
	:: atomic { giveups > 0 -> giveups--; leaving = true }
#if MUTANT == 4
		goto ended
#endif
	fi;

search:	/* find */
#if MUTANT != 2 && LAG
	atomic {	/* Sync */
		do
		:: at[s] == FOLLOWER && len(commits) > 0 -> apply()
		:: else -> break
		od;
		ANSWERED
	};
#endif
	atomic {
		cut[me] = false; ANSWERED; set = VIEW(s);
		if
		:: k != 0 && HAS(set, k) -> if :: leaving -> goto leave :: else fi
		:: else -> k = 0; if :: leaving -> goto ended :: else -> goto again fi
		fi
	};

join:	atomic {
		if :: writer[k] -> seats = seats | BIT(k) :: else fi;
		armed = true
	};
	if
	:: atomic { cleared[s] != 0 &&	/* the number follows that of our own last, which was alone */
#if MUTANT == 10
		number[k] > cleared[s]
#else
		number[k] == cleared[s] + 1
#endif
		-> alone = true } goto admit
	:: atomic {	/* a sibling stands directly ahead */
		writer[k] && seats != 0 ->
		i = k - 1;
		do
		:: i == 0 -> break
		:: else ->
			if
			:: HAS(seats, i) && SAME(i) &&
#if MUTANT == 20
				number[i] < number[k]
#else
				number[i] + 1 == number[k]
#endif
				-> break
			:: else -> i--
			fi
		od;
		if
		:: i != 0 -> near = i; more = true; goto wait
		:: else
		fi
	   }
	:: true
	fi;

	atomic {	/* the listing that comes with the answer */
		set = VIEW(s); ANSWERED;
		if
		:: !HAS(set, k) -> goto vanished
		:: else -> pick(k);
#if MUTANT == 9
			alone = true
#else
			alone = set == BIT(k)
#endif
		fi;
		if :: near == 0 -> goto admit :: else fi
	};

wait:	do
	:: near == 0 -> break
	:: atomic { cut[me] -> cut[me] = false;	/* look again */
#if MUTANT == 14
		armed = false
#endif
	   }
	:: atomic { near != 0 && armed && !cut[me] && GONE(near) -> ANSWERED;
		if
		:: HAS(word, near) && SAME(near) -> near = 0; far = 0; more = false
#if MUTANT == 6
		:: else -> near = far; far = 0; more = false
#else
		:: else ->
			if
			:: !more -> near = far; far = 0
#if LONG
			:: more && RECORD(s) >= number[near] -> near = 0; far = 0; more = false
			:: more && RECORD(s) < number[near] && far != 0 -> near = far; far = 0	/* it has given up */
			:: more && RECORD(s) < number[near] && far == 0 -> goto list
#else
			:: more -> goto list
#endif
			fi
#endif
		fi
	   }
#if !LONG
	:: atomic { far != 0 && writer[k] && armed && !cut[me] && GONE(far) -> ANSWERED;
#if MUTANT == 7
		near = 0; far = 0; more = false
#else
		if
		:: HAS(word, far) && SAME(far) -> far = 0; more = false
		:: else ->
			if
			:: !more -> far = 0
			:: more -> goto list
			fi
		fi
#endif
	   }
#endif
	:: atomic { !cut[me] && !HAS(VIEW(s), k) -> goto vanished }
	:: atomic { near != 0 && giveups > 0 -> giveups--; goto leave }
	:: atomic { near != 0 && forces > 0 && !cut[me] -> forces--;	/* list all ahead, to remove them in one transaction */
		set = VIEW(s); others = 0; i = k - 1;
		do
		:: i == 0 -> break
		:: else -> if :: HAS(set, i) && BLOCKS(i, k) -> others = others | BIT(i) :: else fi; i--
		od;
	   };
		if
		:: atomic { ROOM ->
			if
			:: HAS(leader, k) && (leader & others) == others ->
				remove(others, 0); near = 0; far = 0; more = false
			:: else ->
#if MUTANT == 18
				near = 0; far = 0; more = false
#else
				skip
#endif
			fi
		   }
		:: atomic { cut[me] -> cut[me] = false }
		fi;
		if
		:: atomic { !cut[me] -> if :: near != 0 -> goto list :: else fi }
		:: atomic { cut[me] -> cut[me] = false; goto list }
		fi
	od;
	goto own;

list:	atomic {
		cut[me] = false; set = VIEW(s); ANSWERED;
		if
		:: !HAS(set, k) -> goto vanished
		:: else -> pick(k)
		fi;
		goto wait
	};

own:	atomic {	/* look at the own znode, which may be gone longer than those ahead */
		cut[me] = false; set = VIEW(s); ANSWERED;
#if MUTANT != 15
		if :: !HAS(set, k) -> goto vanished :: else fi;
#endif
		still_there = !HAS(doomed, k);
#if CHECKS(STILL_THERE)
		assert(still_there)
#endif
	};

admit:	atomic {
		inside[me] = true; front = writer[k];
		exclusion = true; first_come = true;
		if
		:: HAS(leader, k) ->
			i = 0;
			do
			:: i < CLIENTS ->
				exclusion = exclusion && (i == me || !inside[i] || !HAS(leader, mine[i]) || !BLOCKS(mine[i], k));
				i++
			:: else -> break
			od;
			i = 1;
			do
			:: i < k -> first_come = first_come && !(HAS(leader, i) && BLOCKS(i, k)); i++
			:: else -> break
			od
		:: else
		fi;
#if CHECKS(FIRST_COME)
		assert(first_come);
#endif
#if CHECKS(EXCLUSION)
		assert(exclusion)
#endif
	};

	/* the critical section */
	if
	:: atomic { !cut[me] && !HAS(VIEW(s), k) -> inside[me] = false; goto vanished }	/* Lost */
	:: inside[me] = false
	fi;

leave:	atomic {
		near = 0; far = 0; more = false;
		if
		:: alone -> cut[me] = false; stands[me] = true; ANSWERED	/* a watch on the lock's znode */
		:: else
		fi;
#if MUTANT != 19
		seats = seats & ~BIT(k)
#endif
	};
erase:
	if
	:: atomic { ROOM -> cut[me] = false; done = HAS(leader, k);
#if MUTANT == 17
		last = number[k];
#else
		last = (front && LONG -> number[k] : 0);
#endif
		if
		:: done -> remove(BIT(k), last)
		:: else
		fi
	   }
	:: atomic { moves > 0 -> move(s) ; done = false }	/* lost on its way */
	fi;
	if
	:: atomic { !cut[me] && (!done || !HAS(VIEW(s), k)) -> ANSWERED;
		if
#if MUTANT == 11
		:: done -> word = word | BIT(k)
#elif MUTANT == 12
		:: front -> word = word | BIT(k)
#else
		:: done && front -> word = word | BIT(k)
#endif
		:: else
		fi;
		if
		:: done && alone && stands[me] -> cleared[s] = number[k]
		:: else
		fi;
		stands[me] = false
	   }
	:: atomic { cut[me] -> cut[me] = false; done = false }
#if MUTANT != 5
		goto erase
#endif
	fi;

ended:	atomic {
		orphan_free = true; i = 1;
		do
		:: i <= ZNODES -> orphan_free = orphan_free && !(HAS(leader, i) && owner[i] == me); i++
		:: else -> break
		od;
#if CHECKS(ORPHAN_FREE)
		assert(orphan_free);
#endif
		k = 0; near = 0; far = 0; others = 0; more = false; alone = false; front = false; leaving = false; done = false;
		armed = false; round++;
		if :: round == ROUNDS || next > ZNODES -> goto finished :: else -> goto again fi
	};

vanished:	/* somebody else removed it: again, at the end of the queue */
	goto leave;

finished:
	skip
#undef s
#undef k
#undef me
}

#if LAG
active proctype Follower() {
end:	do
	:: atomic { len(commits) > 0 -> apply() }
	od
}
#endif

active proctype Faults() {
	byte which;
end:	do
	:: atomic { moves > 0 -> move(0) }
	:: atomic { moves > 0 -> move(1) }
	:: atomic { removals > 0 && leader != 0 && ROOM ->
		removals--;
		select(which : 1 .. ZNODES);
		if
		:: HAS(leader, which) -> remove(BIT(which), 0)
		:: else
		fi;
		which = 0
	   }
	:: atomic { recreations > 0 && leader == 0 && next > 1 && ROOM ->
		recreations--;
		base = next - 1; record[LEADER] = 0;
		COMMIT(recreate, 0, 0);
		if :: at[0] == LEADER -> unwatch(0) :: else fi;
		if :: at[1] == LEADER -> unwatch(1) :: else fi
	   }
	od
}
