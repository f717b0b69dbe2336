/*
 * A hold that is kept when nobody waits: a design that the library does not have yet.
 *
 * Client A keeps its candidate after Unlock, and takes the lock again without asking a server, as long
 * as it knows that nobody else has queued: its watch on the lock's children was set by the listing
 * that showed it alone, and stands. Two other clients queue as always. A's connection may break, with
 * which its watch ends.
 *
 * Bounds: HOLDS of A, ROUNDS of the others, BREAKDOWNS.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define OTHERS (number[1] != 0 || number[2] != 0)
#define BEHIND(i, j) (number[j] == 0 || number[j] >= number[i])
#define FIRST(i) (number[i] != 0 && BEHIND(i, 0) && BEHIND(i, 1) && BEHIND(i, 2))

/* What must hold. The variable is there for its name, which the checker prints. */
hidden byte exclusion;

byte number[3], next = 1;	/* of each client's candidate, 0 for none */
bool inside[3];
bool armed, event;		/* A's watch, and word of it on its way */
bool connected = true, knows, wanted, front;
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
	:: atomic { holds < HOLDS && connected && number[0] == 0 ->	/* create, and list with a watch */
		number[0] = next; next++; event = false;
		wanted = OTHERS; armed = true; knows = true
	   }
	:: atomic { holds < HOLDS && !inside[0] && !front && FIRST(0) -> enter(0); front = true; holds++ }
	:: atomic { inside[0] -> inside[0] = false }
	:: atomic { holds < HOLDS && front && !inside[0] && knows && !wanted && !event -> enter(0); holds++ }	/* reuse */
	:: atomic { event && connected -> event = false; wanted = true }
#if MUTANT != 1	/* an idle hold is never given back */
	:: atomic { wanted && connected && front && !inside[0] -> number[0] = 0; front = false; wanted = false; knows = false }
#endif
	:: atomic { breakdowns > 0 && connected -> breakdowns--; connected = false; armed = false; event = false; knows = false }
	:: atomic { !connected -> connected = true;
#if MUTANT != 2	/* nothing is listed again on a new connection */
		if
		:: number[0] != 0 -> wanted = wanted || OTHERS; armed = true; knows = true
		:: else
		fi
#endif
	   }
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
