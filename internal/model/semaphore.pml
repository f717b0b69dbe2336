/*
 * A semaphore: a queue of clients that want permits, and the permits that are out. The first in the
 * queue counts those that are out and takes its own, in one transaction that takes its candidate out
 * of the queue and fails if the size has changed.
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
bool wake[CLIENTS];		/* one of them has fired */
byte want[CLIENTS], known[CLIENTS];	/* known: the version of the size that was read */
byte moves = MOVES, giveups = GIVEUPS, resizes = RESIZES, removals = REMOVALS;
hidden byte i, sum;

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
		:: at[i] == server && (watches[i] & (what)) != 0 -> wake[i] = true
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
	moves--; watches[me] = 0; wake[me] = false;
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

/* Whether so many are free, as the session's server shows it. */
inline count() {
	sum = 0; i = 0;
	do
	:: i < CLIENTS -> sum = sum + VIEW(out[i], shownOut[i]); i++
	:: else -> break
	od;
	fits = sum + want[me] <= VIEW(size, shownSize)
}

/* The transaction. */
inline take() {
	passed = false;
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
	bool fits, passed, gone, pending, early, patient;

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
	atomic { !lacks[me] -> count(); early = fits; fits = false }
	do
#if MUTANT == 4		/* one that wants few passes others that want many */
	:: atomic { QUEUED -> count(); if :: fits -> break :: else :: FIRST -> break fi }
#else
	:: FIRST -> break
#endif
	:: !QUEUED -> goto queue
	:: giveups > 0 -> giveups--; goto giveUp
	od;
look:	atomic {
		wake[me] = false;
#if MUTANT == 5		/* a new size is not heard of */
		watches[me] = OF_PERMITS;
#elif MUTANT == 6	/* a release is not heard of */
		watches[me] = OF_SIZE;
#else
		watches[me] = OF_PERMITS | OF_SIZE;
#endif
		known[me] = VIEW(version, shownVersion);
		count();
#if MUTANT == 7		/* counted while others were ahead */
		fits = fits || early; early = false;
#endif
		if
		:: VIEW(size, shownSize) < want[me] -> goto giveUp
		:: else
		fi
	};
	if
	:: fits
	:: !fits ->
		do
		:: wake[me] -> goto look
		:: !QUEUED -> goto queue
		:: giveups > 0 -> giveups--; goto giveUp
#if MUTANT == 8		/* not looked again on a new connection */
		:: atomic { moves > 0 -> move() }
#else
		:: atomic { moves > 0 -> move(); goto look }
#endif
		od
	fi;
	if
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
	atomic { out[me] = 0; changed(OF_PERMITS); WRITTEN };
	!lacks[me];
	goto over;
giveUp:	watches[me] = 0;
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
