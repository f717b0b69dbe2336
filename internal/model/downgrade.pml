/*
 * A writer that becomes a reader. One transaction changes the writer's data, creates a reader with its
 * number and deletes the writer. Those who wait for the writer watch its znode, and are told of the
 * first change alone: of new data, and not of the removal. They find it gone, and list the queue
 * again. Who is told of a removal knows that no reader was left.
 *
 * Client 0 writes; it becomes a reader, or is released, or both one after the other. Its session can
 * be moved while the transaction is under way, which is then executed or not, at any time until a
 * quorum has confirmed something. The others come later, read or write, and each waits for the nearest
 * that it conflicts with. Their connections can break, with which their watches end, and what they
 * were to be told of.
 *
 * Bounds: OTHERS, BREAKDOWNS of connections, MARKS written into the writer's znode, GIVEUPS.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#define CLIENTS (OTHERS + 1)

/* What must hold. The variables are there for their names, which the checker prints. BREAKS chooses
 * one, so that a mutant is seen to break just that. */
#define ANY 0
#define EXCLUSION 1
#define ORPHAN_FREE 2
#define HEARD 3
#ifndef BREAKS
#define BREAKS ANY
#endif
#define CHECKS(p) (BREAKS == ANY || BREAKS == p)
hidden byte exclusion, orphan_free, heard;

/* Znodes: 0 is the writer's, CLIENTS the reader's that takes its place, c that of client c. */
#define READER CLIENTS
#define NONE 255
bool there[CLIENTS + 1];
bool writes[CLIENTS + 1];
byte number[CLIENTS + 1];	/* its place in the queue */
byte next = 1;
byte version;			/* of the writer's znode */
bool asked;			/* the mark that was written into it has not been seen */

/* Watches: of each client on one znode. */
byte watched[CLIENTS] = NONE;
mtype = { nothing, data, removal }
mtype event[CLIENTS] = nothing;	/* on its way to it */

bool inside[CLIENTS];
bool shares[CLIENTS];		/* the one inside reads */
byte breakdowns = BREAKDOWNS, marks = MARKS, giveups = GIVEUPS;
hidden byte i;

#define AHEAD(j, k) (there[j] && j != k && number[j] < number[k] && (writes[j] || writes[k]))

/* Who watches a znode is told of the first change. */
inline tell(znode, what) {
	i = 1;
	do
	:: i < CLIENTS ->
		if
		:: watched[i] == znode -> watched[i] = NONE; event[i] = what
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline enter(c, reads) {
	inside[c] = true; shares[c] = reads;
#if CHECKS(EXCLUSION)
	i = 0;
	do
	:: i < CLIENTS ->
		exclusion = i == c || !inside[i] || shares[i] && shares[c];
		assert(exclusion);
		i++
	:: else -> break
	od
#endif
}

inline remove(znode) { there[znode] = false; tell(znode, removal) }

inline createReader() {
	there[READER] = true; writes[READER] = false;
#if MUTANT == 1	/* at the end of the queue */
	number[READER] = next; next++
#else
	number[READER] = number[0]
#endif
}

/* The transaction: it fails if the writer is gone, or was asked since its znode was read. */
inline exchange() {
	done = false;
	if
#if MUTANT == 2	/* a mark that was not seen is overwritten */
	:: there[0] ->
#else
	:: there[0] && version == known ->
#endif
#if CHECKS(HEARD)
		heard = !asked; assert(heard);
#endif
#if MUTANT != 3	/* the data are left as they are */
		version++; tell(0, data);
#endif
#if MUTANT != 4	/* the reader is created afterwards */
		createReader();
#endif
		remove(0); done = true
	:: else
	fi
}

active proctype Writer() {
	byte known;
	bool done;

	atomic { there[0] = true; writes[0] = true; number[0] = next; next++; enter(0, false) };
	if
	:: goto release
	:: true
	fi;
again:	atomic {
		known = version; asked = false;
		/* from now on it is content to read */
		shares[0] = true
	};
	if
	:: atomic { true -> exchange() }
	:: atomic { breakdowns > 0 -> breakdowns-- };	/* the answer gets lost */
	   if
	   :: atomic { true -> exchange() }
	   :: true
	   fi;
	   if
#if MUTANT == 5	/* taken for not executed */
	   :: done = false; goto release
#else
	   :: done = there[READER]	/* a search, behind all that was asked for before */
#endif
	   fi
	fi;
#if MUTANT == 4
	if :: done -> atomic { createReader() } :: else fi;
#endif
	if
	:: done -> goto reading
	:: !done && there[0] && version != known -> goto again
	:: !done && there[0] && version == known -> if :: goto again :: goto release fi
	:: !done && !there[0] -> goto release
	fi;
reading:
	atomic { inside[0] = false; remove(READER) };
	goto over;
release:
	atomic { inside[0] = false; if :: there[0] -> remove(0) :: else fi };
over:	skip;
#if CHECKS(ORPHAN_FREE)
	orphan_free = !there[0] && !there[READER];
	assert(orphan_free)
#endif
}

/* The nearest that a client waits for. */
inline list(c) {
	nearest = NONE; i = 0;
	do
	:: i <= CLIENTS ->
		if
		:: AHEAD(i, c) && (nearest == NONE || number[i] > number[nearest]) -> nearest = i
		:: else
		fi;
		i++
	:: else -> break
	od
}

active [OTHERS] proctype Other() {
	byte me = _pid, nearest = NONE;

	atomic { there[0] || next > 1 ->
		there[me] = true; number[me] = next; next++;
		if :: writes[me] = true :: writes[me] = false fi
	};
look:	atomic { list(me); event[me] = nothing };
	do
	:: nearest == NONE -> break
	:: nearest != NONE ->
		/* looks at it, with a watch */
		atomic {
			if
			:: there[nearest] -> watched[me] = nearest
#if MUTANT == 6	/* taken for removed */
			:: !there[nearest] && nearest == 0 -> break
			:: !there[nearest] && nearest != 0 -> goto look
#else
			:: !there[nearest] -> goto look
#endif
			fi
		};
		do
		:: atomic { event[me] == data -> event[me] = nothing; break }	/* looks again */
		:: atomic { event[me] == removal && nearest == 0 -> nearest = NONE; break }
		:: atomic { event[me] == removal && nearest != 0 -> goto look }
#if MUTANT == 7	/* not looked again on a new connection */
		:: atomic { breakdowns > 0 -> breakdowns--; watched[me] = NONE; event[me] = nothing }
#else
		:: atomic { breakdowns > 0 -> breakdowns--; watched[me] = NONE; event[me] = nothing; break }
#endif
		:: atomic { giveups > 0 -> giveups--; watched[me] = NONE; goto leave }
		od
	od;
	atomic { enter(me, !writes[me]) };
	inside[me] = false;
leave:	atomic { remove(me) }
}

active proctype Operator() {
end:	do
	:: atomic { marks > 0 && there[0] -> marks--; version++; asked = true; tell(0, data) }
	od
}
