/*
 * The requests of one session that moves between two servers while its writes are under way.
 *
 * The world. A server passes a write on to the leader and keeps it as pending. The leader proposes it
 * if the session is on that server, and refuses it as moved otherwise; what was proposed is committed
 * later and told to both servers. A server takes a commit for the answer to the request of that
 * session that it has pending if the two have the same xid, and knows no better. What was pending on
 * a connection that has ended is answered to nobody.
 *
 * Two goroutines of the session acquire one lock ROUNDS times. Znode i is what request i has created.
 *
 * Bounds: ROUNDS, REQUESTS (8 at the most), MOVES.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define GOROUTINES 2
#define me _pid
#define BIT(i)      (1 << (i))
#define HAS(set, i) (((set) & BIT(i)) != 0)

/* What must hold. The variables are there for their names, which the checker prints. BREAKS chooses
 * one, so that a mutant is seen to break just that. */
#define ANY 0
#define EXCLUSION 1
#define ORPHAN_FREE 2
#ifndef BREAKS
#define BREAKS ANY
#endif
#define CHECKS(p) (BREAKS == ANY || BREAKS == p)
hidden byte exclusion, orphan_free;

chan passed0 = [REQUESTS] of { byte };		/* from each server to the leader */
chan passed1 = [REQUESTS] of { byte };
chan proposed = [REQUESTS] of { byte, bool };
chan told0 = [REQUESTS] of { byte, bool };	/* from the leader to each server */
chan told1 = [REQUESTS] of { byte, bool };
chan pending0 = [REQUESTS] of { byte };	/* at each server */
chan pending1 = [REQUESTS] of { byte };

byte requests, xids;
byte xid[REQUESTS + 1], who[REQUESTS + 1], target[REQUESTS + 1];	/* target: 0 for create, or what to delete */
bool current[REQUESTS + 1];	/* its connection stands */
byte number[REQUESTS + 1], numbers;

short tree[2];		/* what each server shows */
short leader;		/* what is committed */
bit  server;		/* the client's */
bool connected = true;
bit  home;		/* where the leader knows the session to be */
byte moves = MOVES;

byte got[GOROUTINES];	/* the request whose outcome was taken for the answer, 0 for none */
bool refused[GOROUTINES], cut[GOROUTINES], over[GOROUTINES];
byte known[GOROUTINES];	/* the candidate that each takes for its own */
bool inside[GOROUTINES];
hidden byte i, head;
hidden byte ok;

#define FIRST(z) (HAS(tree[server], z) && !AHEAD(1, z) && !AHEAD(2, z) && !AHEAD(3, z) && !AHEAD(4, z) && \
	!AHEAD(5, z) && !AHEAD(6, z) && !AHEAD(7, z) && !AHEAD(8, z))
#define AHEAD(i, z) (HAS(tree[server], i) && number[i] < number[z])

inline send(deletes) {
	requests++; xids++;
	mine = requests;
	xid[mine] = xids; who[mine] = me; target[mine] = deletes; current[mine] = true;
	got[me] = 0; cut[me] = false; refused[me] = false;
	if
	:: server == 0 -> passed0!mine; pending0!mine
	:: else -> passed1!mine; pending1!mine
	fi
}

inline propose(from) {
#if MUTANT == 2
	ok = true;
#else
	ok = home == from;
#endif
	proposed!i, ok
}

/* A server applies a commit, and answers the request that it takes it for. */
inline apply(told, pending, at) {
	told?i, ok;
	if
	:: ok && target[i] == 0 -> tree[at] = tree[at] | BIT(i)
	:: ok && target[i] != 0 -> tree[at] = tree[at] & ~BIT(target[i])
	:: else
	fi;
	if
	:: len(pending) > 0 ->
		pending?<head>;
		if
		:: xid[head] == xid[i] ->
			pending?head;
			if
			:: current[head] -> got[who[head]] = i; refused[who[head]] = !ok; current[head] = false
			:: else
			fi
		:: else
		fi
	:: else
	fi
}

/* Nobody has a candidate that it does not know, and who is through has none. */
inline noorphan() {
	orphan_free = true; i = 1;
	do
	:: i <= REQUESTS -> orphan_free = orphan_free && !(HAS(leader, i) &&
		(over[who[i]] || known[who[i]] != 0 && known[who[i]] != i)); i++
	:: else -> break
	od;
#if CHECKS(ORPHAN_FREE)
	assert(orphan_free)
#endif
}

active [GOROUTINES] proctype Goroutine() {
	byte mine, asked, round;

again:	atomic { connected && requests < REQUESTS -> send(0); asked = mine };
	if
	:: atomic { got[me] != 0 && !refused[me] -> known[me] = got[me]; got[me] = 0; goto queue }
	:: atomic { got[me] != 0 && refused[me] -> got[me] = 0; goto again }	/* not executed */
	:: atomic { cut[me] -> cut[me] = false }
#if MUTANT == 4
		goto again
#endif
	fi;
	atomic {	/* the outcome is unknown: search, behind Sync, which goes the way of all before it */
		connected;
#if MUTANT != 3
		len(proposed) == 0 && (server == 0 -> len(passed0) + len(told0) : len(passed1) + len(told1)) == 0;
#endif
		if
		:: HAS(tree[server], asked) -> known[me] = asked
		:: else -> goto again
		fi
	};

queue:
#if CHECKS(ORPHAN_FREE)
	atomic { noorphan() };
#endif
	atomic { FIRST(known[me]) ->
		inside[me] = true;
		exclusion = !inside[1 - me];
#if CHECKS(EXCLUSION)
		assert(exclusion)
#endif
	};
	inside[me] = false;

erase:	atomic { connected && requests < REQUESTS -> send(known[me]) };
	if
	:: atomic { got[me] != 0 && !refused[me] -> got[me] = 0 }
	:: atomic { got[me] != 0 && refused[me] -> got[me] = 0; goto erase }
	:: atomic { cut[me] -> cut[me] = false; goto erase }
	fi;
	atomic { known[me] = 0; asked = 0; mine = 0; round++;
		if
		:: round < ROUNDS -> goto again
		:: else -> over[me] = true; noorphan()
		fi
	}
}

active proctype Leader() {
end:	do
	:: atomic { passed0?i -> propose(0) }
	:: atomic { passed1?i -> propose(1) }
	:: atomic { proposed?i, ok ->	/* a quorum has it */
		if
		:: ok && target[i] == 0 -> numbers++; number[i] = numbers; leader = leader | BIT(i)
		:: ok && target[i] != 0 -> leader = leader & ~BIT(target[i])
		:: else
		fi;
		told0!i, ok; told1!i, ok;
		noorphan()
	   }
	od
}

active proctype Server0() {
end:	do
	:: atomic { len(told0) > 0 -> apply(told0, pending0, 0) }
	od
}

active proctype Server1() {
end:	do
	:: atomic { len(told1) > 0 -> apply(told1, pending1, 1) }
	od
}

/* The connection breaks, and the session has another, to the same server or the other one. */
active proctype Network() {
end:	do
	:: atomic { moves > 0 ->
		moves--;
		i = 1;
		do
		:: i <= requests -> if :: current[i] -> current[i] = false; cut[who[i]] = true :: else fi; i++
		:: else -> break
		od;
		if :: server = 1 - server :: skip fi;
		connected = false
	   };
#if MUTANT == 5
	   atomic { true ->
#else
	   atomic { (server == 0 -> len(passed0) : len(passed1)) == 0 ->	/* behind what that server had passed on */
#endif
		home = server; connected = true;
#if MUTANT == 1
		xids = 0
#endif
	   }
	od
}
