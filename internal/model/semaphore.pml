/*
 * A semaphore: a queue of clients that want permits, and the permits that are out. The first in the
 * queue counts those that are out and takes its own, in one transaction that takes its candidate out
 * of the queue and fails if the size has changed. It need not count them if it has seen, when others
 * were ahead, that what was out then and what those ahead want leaves enough (seen), or if it is told
 * that the permits have changed since it has counted them: nobody else takes any, so that the least
 * of those that were out is free (least).
 *
 * The world. A leader commits transactions and a follower applies them later, all that there are by
 * then. Each client has a session, which is on one of the two and can be moved while the transaction
 * is under way: its watches end, and the transaction is executed or not, at any time until the
 * session asks for something that a quorum confirms. A server that is behind what the session has
 * been shown does not take it over. That a candidate waits for those ahead, and hears of it when they
 * are gone, is in queue.pml.
 *
 * Each client wants 1 to MOST permits, ROUNDS times. An operator changes the size, to 1 or SIZE + 1,
 * or removes a candidate or the permits of a client by force. A client that wants more than there are
 * gives up.
 *
 * Bounds: CLIENTS, ROUNDS, SIZE, MOST, LAG (1: there is a follower), and how often: MOVES of a
 * session, GIVEUPS, RESIZES, REMOVALS.
 */
#ifndef MUTANT
#define MUTANT 0
#endif

/* What must hold. The variables are there for their names, which the checker prints. BREAKS chooses
 * one, so that a mutant is seen to break just that. */
#define ANY 0
#define ROOM 1
#define FIRST_COME 2
#define ORPHAN_FREE 3
#ifndef BREAKS
#define BREAKS ANY
#endif
#define CHECKS(p) (BREAKS == ANY || BREAKS == p)
hidden byte room, first_come, orphan_free;

#define LEADER 0
#define FOLLOWER 1
#define OF_QUEUE 0
#define OF_PERMITS 1
#define OF_SIZE 2

/* What the leader has committed, and what the follower shows: */
byte number[CLIENTS];		/* each client's place in the queue, 0 for none */
byte out[CLIENTS];		/* the permits that it has */
byte size = SIZE, version;
#if LAG
byte shownNumber[CLIENTS], shownOut[CLIENTS], shownSize = SIZE, shownVersion;
byte behind;			/* the follower is, by a change of the permits or of the size */
bool late;			/* or by any */
#define VIEW(real, shown) (at[me] == LEADER -> real : shown)
#else
#define VIEW(real, shown) real
#endif
byte next = 1;

bit at[CLIENTS];		/* the server that each session is on */
bool lacks[CLIENTS];		/* that has not applied yet what the session has written */
byte watches[CLIENTS];		/* on the permits and the size */
byte wake[CLIENTS];		/* which of them have fired */
byte want[CLIENTS], known[CLIENTS];	/* known: the version of the size that was read */
byte moves = MOVES, giveups = GIVEUPS, resizes = RESIZES, removals = REMOVALS;
hidden byte i, sum, low;

inline total() {
	sum = 0; i = 0;
	do
	:: i < CLIENTS -> sum = sum + out[i]; i++
	:: else -> break
	od
}

/* Who watches at a server is told of changes. */
inline tell(server, what) {
	i = 0;
	do
	:: i < CLIENTS ->
		if
		:: at[i] == server && (watches[i] & (what)) != 0 -> wake[i] = wake[i] | (watches[i] & (what))
		:: else
		fi;
		i++
	:: else -> break
	od
}

/* A session waits for what it has written itself. */
inline changed(what) {
	tell(LEADER, what);
#if LAG
	behind = behind | what; late = true
#endif
}
#if LAG
#define WRITTEN lacks[me] = at[me] == FOLLOWER && late
#else
#define WRITTEN skip
#endif

/* The session goes to any server that is not behind what it has been shown. */
inline move() {
	moves--; watches[me] = 0; wake[me] = 0;
#if LAG
	if
	:: at[me] = LEADER; lacks[me] = false
	:: at[me] == FOLLOWER || !late -> at[me] = FOLLOWER
	fi
#endif
}

#define AHEAD(j) (j < CLIENTS && VIEW(number[(j) % CLIENTS], shownNumber[(j) % CLIENTS]) != 0 && \
	VIEW(number[(j) % CLIENTS], shownNumber[(j) % CLIENTS]) < VIEW(number[me], shownNumber[me]))
#define QUEUED   (VIEW(number[me], shownNumber[me]) != 0)
#define FIRST    (QUEUED && !AHEAD(0) && !AHEAD(1) && !AHEAD(2))

/* Whether the first in the queue could take its permits now. */
#define OUT(j)     (j < CLIENTS -> out[(j) % CLIENTS] : 0)
#define BEFORE(c, j) (j < CLIENTS && number[(j) % CLIENTS] != 0 && number[(j) % CLIENTS] < number[c])
#define COULD(c)   (c < CLIENTS && number[(c) % CLIENTS] != 0 && !BEFORE((c) % CLIENTS, 0) && \
	!BEFORE((c) % CLIENTS, 1) && !BEFORE((c) % CLIENTS, 2) && \
	OUT(0) + OUT(1) + OUT(2) + want[(c) % CLIENTS] <= size)

#if MUTANT == 14	/* the greatest hold is taken for the one that was given back */
#define LESS >
#else
#define LESS <
#endif

/* How many permits are out, as the session's server shows it, and the least that one client has. */
inline count() {
	sum = 0; low = 0; i = 0;
	do
	:: i < CLIENTS ->
		if
		:: VIEW(out[i], shownOut[i]) != 0 && (low == 0 || VIEW(out[i], shownOut[i]) LESS low) ->
			low = VIEW(out[i], shownOut[i])
		:: else
		fi;
		sum = sum + VIEW(out[i], shownOut[i]);
		i++
	:: else -> break
	od
}

/* How many permits those ahead want. */
inline countAhead() {
	i = 0;
	do
	:: i < CLIENTS -> if :: AHEAD(i) -> seen = seen + want[i] :: else fi; i++
	:: else -> break
	od
}

/* Whether there is room if so many are out. The transaction will look at the size again. */
inline compare(used) {
	known[me] = VIEW(version, shownVersion);
	fits = used + want[me] <= VIEW(size, shownSize)
}

/* The transaction. */
inline take() {
	passed = false; fits = false; watches[me] = 0; wake[me] = 0;
	if
#if MUTANT == 1		/* the size may have changed */
	:: number[me] != 0 ->
#elif MUTANT == 2	/* the candidate may be gone */
	:: known[me] == version ->
#else
	:: number[me] != 0 && known[me] == version ->
#endif
#if CHECKS(FIRST_COME)
		i = 0;
		do
		:: i < CLIENTS ->
			first_come = number[i] == 0 || number[i] >= number[me];
			assert(first_come);
			i++
		:: else -> break
		od;
#endif
		number[me] = 0; passed = true;
#if MUTANT != 3		/* the permits are created afterwards */
		obtain();
#endif
		changed(OF_PERMITS)
	:: else
	fi
}

inline obtain() {
	out[me] = want[me];
#if CHECKS(ROOM)
	total(); room = sum <= size; assert(room)
#endif
}

inline ended() {
	skip;
#if CHECKS(ORPHAN_FREE)
	orphan_free = number[me] == 0 && out[me] == 0;
	assert(orphan_free)
#endif
}

active [CLIENTS] proctype Client() {
	byte me = _pid, round;
	byte seen;			/* how many permits were out at most when it had come, and others had passed */
	byte used, least;		/* how many were out when it was first, and the least of the holds */
	bool fits, passed, gone, pending, patient;

again:	atomic {
		if
		:: round == ROUNDS -> goto done
		:: else -> round++
		fi;
		if :: want[me] = 1 :: MOST > 1 -> want[me] = MOST fi;
		if :: patient = true :: patient = false fi
	};
queue:	atomic {
		ended();
		number[me] = next; next++;
		changed(OF_QUEUE); WRITTEN
	};
	/* It has to know who is ahead before it counts the permits. */
#if MUTANT == 12	/* counted before */
	atomic { !lacks[me] -> count(); seen = sum };
	atomic { true -> countAhead() };
#else
	atomic { !lacks[me] ->
#if MUTANT != 7		/* what those ahead want is left out */
		countAhead()
#endif
	};
	atomic { true -> count(); seen = seen + sum };
#endif
#if MUTANT == 13	/* a change before its turn is taken for a release */
	atomic { true -> wake[me] = 0; watches[me] = OF_PERMITS; count(); used = sum; least = low };
#endif
	do
#if MUTANT == 4		/* one that wants few passes others that want many */
	:: atomic { QUEUED -> count(); compare(sum); if :: fits -> goto grab :: else :: FIRST -> break fi }
#else
	:: FIRST -> break
#endif
	:: !QUEUED -> seen = 0; goto queue
	:: atomic { moves > 0 -> move() }
	:: giveups > 0 -> giveups--; goto giveUp
	od;
	atomic {
		compare(seen); seen = 0;
#if MUTANT == 13
		if :: !fits && (wake[me] & OF_PERMITS) != 0 -> compare(used - least) :: else fi;
#endif
		if :: fits -> goto grab :: else fi
	};
look:	atomic {
		wake[me] = 0;
#if MUTANT == 5		/* a new size is not heard of */
		watches[me] = OF_PERMITS;
#elif MUTANT == 6	/* a release is not heard of */
		watches[me] = OF_SIZE;
#else
		watches[me] = OF_PERMITS | OF_SIZE;
#endif
		count(); compare(sum);
		if
		:: VIEW(size, shownSize) < want[me] -> goto giveUp
		:: fits -> used = 0; least = 0
		:: else -> used = sum; least = low
		fi
	};
	if
	:: fits
	:: !fits ->
		do
		:: atomic { wake[me] != 0 ->
			if
			:: (wake[me] & OF_PERMITS) != 0 -> compare(used - least)
			:: else
			fi;
			used = 0; least = 0;
			if :: fits -> break :: else -> goto look fi
		   }
		:: !QUEUED -> used = 0; least = 0; goto queue
		:: giveups > 0 -> giveups--; used = 0; least = 0; goto giveUp
#if MUTANT == 8		/* not looked again on a new connection */
		:: atomic { moves > 0 -> move() }
#else
		:: atomic { moves > 0 -> move(); used = 0; least = 0; goto look }
#endif
		od
	fi;
grab:	if
	:: atomic { true -> take(); WRITTEN }
	:: atomic { moves > 0 -> move(); pending = true }
	fi;
	if
	:: pending ->
		/* executed late, or never */
		if
		:: atomic { pending -> take(); pending = false }
		:: pending = false
		fi;
		atomic {
			gone = false;
			if
			:: giveups > 0 -> giveups--; gone = true
			:: true
			fi
		};
#if MUTANT == 9		/* given up without a search */
		if
		:: gone -> goto giveUp
		:: else
		fi;
#endif
#if MUTANT == 10	/* the transaction is repeated without a search */
		atomic { take(); WRITTEN };
#else
#if MUTANT != 11	/* searched for without a confirmation */
		WRITTEN;
#endif
#endif
		!lacks[me];
#if MUTANT != 10
		passed = VIEW(out[me], shownOut[me]) != 0;
#endif
		if
		:: gone && passed -> goto release
		:: gone && !passed -> goto giveUp
		:: else
		fi
	:: else
	fi;
	!lacks[me];
	if
	:: passed
	:: !passed && !QUEUED -> goto queue
	:: !passed && QUEUED -> goto look
	fi;
#if MUTANT == 3
	atomic { obtain(); changed(OF_PERMITS); WRITTEN };
#endif
	/* its permits may be held for as long as others can be granted some */
	if
	:: !COULD(0) && !COULD(1) && !COULD(2)
	:: !patient
	fi;
release:
	watches[me] = 0;
	atomic {
		if	/* they may have been removed by force: then this is no change */
		:: out[me] != 0 -> out[me] = 0; changed(OF_PERMITS)
		:: else
		fi;
		WRITTEN
	};
	!lacks[me];
	goto over;
giveUp:	watches[me] = 0; seen = 0;
	atomic { number[me] = 0; changed(OF_QUEUE); WRITTEN };
	!lacks[me];
over:	atomic { ended() };
	goto again;
done:	skip
}

active proctype Operator() {
end:	do
	:: atomic { resizes > 0 ->
		resizes--; version++;
		if :: size = 1 :: size = SIZE + 1 fi;
		changed(OF_SIZE)
	   }
	:: atomic { removals > 0 && number[0] != 0 -> removals--; number[0] = 0; changed(OF_QUEUE) }
	:: atomic { removals > 0 && out[0] != 0 -> removals--; out[0] = 0; changed(OF_PERMITS) }
	od
}

#if LAG
active proctype Follower() {
end:	do
	:: atomic { late ->
		i = 0;
		do
		:: i < CLIENTS -> shownNumber[i] = number[i]; shownOut[i] = out[i]; lacks[i] = false; i++
		:: else -> break
		od;
		shownSize = size; shownVersion = version;
		tell(FOLLOWER, behind);
		behind = 0; late = false
	   }
	od
}
#endif
