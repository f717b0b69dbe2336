/*
 * A hold that is kept when nobody waits: WithIdleHold.
 *
 * Client A keeps its candidate after Unlock, and takes the lock again without asking a server, as long
 * as it knows that nobody else has queued: its watch on the lock's children was set by the listing
 * that showed it alone, and it has not heard that the watch has fired. Two other clients queue as
 * always. A's connection may break, with which its watch ends.
 *
 * Bounds: HOLDS of A, ROUNDS of the others, BREAKDOWNS.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define OTHERS (number[1] != 0 || number[2] != 0)
#define BEHIND(i, j) (number[j] == 0 || number[j] >= number[i])
#define FIRST(i) (number[i] != 0 && BEHIND(i, 0) && BEHIND(i, 1) && BEHIND(i, 2))

#if MUTANT != 5	/* granted again although another client was heard of */
#define HEARD wanted
#else
#define HEARD false
#endif

/* What must hold. The variables are there for their names, which the checker prints. heeded: a kept
 * hold is not granted again once its holder has heard of another client. */
hidden byte exclusion, heeded;

byte number[3], next = 1;	/* of each client's candidate, 0 for none */
bool inside[3];
bool armed, event;		/* A's watch, and word of it on its way */
bool connected = true, knows, wanted, front;
bool listing;			/* only where the watch is set by a request of its own */
byte breakdowns = BREAKDOWNS;

inline enter(i) {
	inside[i] = true;
	exclusion = inside[0] + inside[1] + inside[2] == 1;
	assert(exclusion)
}

inline changed() {
	if :: armed -> armed = false; event = true :: else fi
}

active proctype A() {
	byte holds;
end:	do
	:: atomic { holds < HOLDS && connected && number[0] == 0 ->
		number[0] = next; next++;
		armed = false; event = false; knows = false; wanted = false
	   }
	:: atomic { holds < HOLDS && !inside[0] && !front && FIRST(0) -> enter(0); front = true; holds++ }
	:: atomic { inside[0] -> inside[0] = false }
	/* list with a watch; whoever is there is heard of */
#if MUTANT != 4	/* the watch is set by a later request */
	:: atomic { connected && front && !knows && !wanted -> wanted = OTHERS; armed = true; knows = true }
#else
	:: atomic { connected && front && !knows && !wanted && !listing -> wanted = OTHERS; listing = true }
	:: atomic { connected && listing -> listing = false; armed = true; knows = true }
#endif
	:: atomic { holds < HOLDS && front && !inside[0] && knows && !HEARD ->
		heeded = !wanted; assert(heeded); enter(0); holds++
	   }
	:: atomic { event && connected -> event = false; wanted = true }
#if MUTANT != 1	/* an idle hold is never given back */
	:: atomic { wanted && connected && front && !inside[0] && !listing ->
		number[0] = 0; front = false; wanted = false; knows = false
	   }
#endif
	:: atomic { breakdowns > 0 && connected ->
		breakdowns--; connected = false; armed = false; event = false; listing = false;
#if MUTANT != 2	/* nothing is listed again on a new connection */
		knows = false
#endif
	   }
	:: atomic { !connected -> connected = true }
	od
}

active [2] proctype Other() {
	byte round;
	do
	:: round < ROUNDS ->
		atomic { number[_pid] = next; next++; changed() };
#if MUTANT == 3	/* who comes removes a hold that looked idle */
		if
		:: FIRST(_pid)
		:: number[0] != 0 && !inside[0] -> atomic { number[0] = 0 }; FIRST(_pid)
		fi;
#else
		FIRST(_pid);
#endif
		atomic { enter(_pid) };
		atomic { inside[_pid] = false; number[_pid] = 0; changed(); round++ }
	:: round == ROUNDS -> break
	od
}
