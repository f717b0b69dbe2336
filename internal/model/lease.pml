/*
 * The lease of one session against its expiry by the leader.
 *
 * The world. Time goes in units. The leader counts the session timeout from when it last heard of the
 * session, and expires it. It hears of it when a server takes the session over, and from the follower
 * that the session is on, in the answer to its ping, once in half a tick: whether the session was
 * active since the last. A follower that is cut off from the leader goes on answering the client's
 * pings and reads. Each server grants a timeout of its own, LONG or SHORT, and the leader counts by
 * the latest that it was told of; a server that the session has left may still tell it of its own, if
 * the client has sent it anything after the connect request: what it tells of is what it has heard
 * since its last answer (LearnerSessionTracker.touchTable), and the connect request is not part of that.
 * Half a tick is a quarter of SHORT.
 *
 * The client may hold the lock while the lease lasts, and somebody else when the session has expired.
 * Of the two parts of the deadline that DESIGN.md describes this is the second, which takes nothing
 * for granted; the first can only make it earlier. A unit stands for the hundredth by which clocks may
 * differ, and one for the grain. Reads are answered at once, operations and connect requests whenever.
 *
 * Bounds: LONG, SHORT (equal, or half of it), BREAKDOWNS of a connection, CUTS of a follower. Time has
 * no bound.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef BREAKS
#define BREAKS 0
#endif
#define HALFTICK (SHORT / 4)
#define MARGIN 1
#define NEVER LONG		/* an age, or older: it proves nothing */
#define AGING(t) ((t) / 4 + 1)

#define BEFORE(a, b) ((a) < (b) -> (a) : (b))
#define LEFT(t, age) ((age) + MARGIN < (t) -> (t) - MARGIN - (age) : 0)

/* What must hold. The variable is there for its name, which the checker prints. */
hidden byte told_before_expiry;

mtype = { up, down, offered, taken }
mtype connection = up;

/* the leader's */
byte term = LONG, silent;	/* for so long it has not heard of the session */
byte pinged;			/* since it has pinged the followers */
bool expired;

/* the server's */
byte grants = LONG;		/* the timeout that it has granted */
byte stale;			/* and that of the one before, which may still tell the leader, 0 if not */
bool news, cut;
bool used = true;		/* the client has had its answer, and may have sent it more */

byte breaks = BREAKDOWNS, cuts = CUTS;

/* the client's */
byte shortest = LONG, granted = LONG;
byte offer = NEVER;		/* since the first connect request whose fate is unknown */
byte request;			/* since the latest connect request */
byte connected;			/* since the connect request of this connection */
short traffic;			/* bit n: something was answered n units ago */
byte heard[2];			/* since what the leader has certainly heard was sent: by shortest, by granted */
byte left = LONG - MARGIN;	/* of what was proved */
byte operation = NEVER;		/* since the operation that is under way was sent */
bool seen;			/* the leader has confirmed it */
hidden byte n, age, proof;

/* The age of the latest that the leader has heard of when it saw the operation. */
inline hear(which, t) {
	age = connected;
#if MUTANT == 6
	n = operation;
#else
	n = operation + AGING(t);
#endif
	do
	:: n >= NEVER -> break
	:: n < NEVER && (traffic >> n) & 1 -> age = BEFORE(age, n); break
	:: else -> n++
	od;
	heard[which] = BEFORE(heard[which], age);
}

inline prove(age1, age2) {
	proof = LEFT(shortest, age1);
	proof = BEFORE(proof, LEFT(granted, age2));
	left = (proof > left -> proof : left)
}

#if MUTANT == 4
#define OVER (left == 0)
#else
#define OVER (left == 0 || (offer < NEVER && LEFT(BEFORE(shortest, SHORT), offer) == 0))
#endif

inline later(since) { if :: since < NEVER -> since++ :: else fi }

active proctype World() {
	do
	:: expired -> break
	/* a read or ping, which any server answers */
	:: atomic { !expired && connection == up && (traffic & 1) == 0 ->
		traffic = traffic | 1; news = true;
#if MUTANT == 1
		prove(0, 0)
#endif
	   }
	/* an operation that a quorum confirms */
	:: atomic { !expired && connection == up && operation == NEVER -> operation = 0; seen = false; news = true }
	:: atomic { !expired && operation < NEVER && !seen && !cut -> seen = true }
	:: atomic { !expired && operation < NEVER && seen && !cut ->
		hear(0, shortest); hear(1, granted);
#if MUTANT == 5
		prove(operation + shortest / 2, operation + shortest / 2);
#else
		prove(heard[0], heard[1]);
#endif
		operation = NEVER; seen = false
	   }
	/* the leader pings the follower */
	:: atomic { !expired && pinged == HALFTICK ->
		pinged = 0;
		if
		:: news && !cut -> silent = 0; term = grants; news = false
		:: else
		fi
	   }
	:: atomic { !expired && stale != 0 -> silent = 0; term = stale; stale = 0 }
	:: atomic { !expired && cuts > 0 && !cut -> cuts--; cut = true }
	/* another connection */
	:: atomic { !expired && breaks > 0 && connection != down -> breaks--; connection = down; operation = NEVER; seen = false }
	:: atomic { !expired && connection == down ->
		connection = offered; request = 0;
		if :: offer == NEVER -> offer = 0 :: else fi
	   }
	:: atomic { !expired && connection == offered ->
		connection = taken; silent = 0;
		if
		:: used -> stale = (cut -> 0 : grants)
		:: else
		fi;
		used = false; cut = false; news = false;
		if :: grants = LONG :: grants = SHORT fi;
		term = grants
	   }
	:: atomic { !expired && connection == taken ->
		connection = up; used = true; offer = NEVER; granted = grants;
#if MUTANT == 7
		request = 0;
#endif
		connected = request;
		traffic = 0;
		heard[1] = heard[0];
#if MUTANT == 3
		shortest = grants;
#else
		if
		:: grants < shortest -> shortest = grants;
#if MUTANT != 2
			left = BEFORE(left, LEFT(grants, request))
#endif
		:: else
		fi;
#endif
		request = 0
	   }
	/* time goes by */
	:: atomic { !expired && pinged < HALFTICK ->
		pinged++; silent++;
		traffic = (traffic << 1) & ((1 << NEVER) - 1);
		later(offer); later(connected); later(heard[0]); later(heard[1]); later(operation);
		if :: connection == offered || connection == taken -> later(request) :: else fi;
		if :: left > 0 -> left-- :: else fi;
		if
		:: silent >= term ->
			expired = true;
			told_before_expiry = OVER;
			assert(told_before_expiry)
		:: else
		fi
	   }
	od
}
