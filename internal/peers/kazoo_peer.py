"""A kazoo client on a string: one request a line on stdin, one answer a line on stdout. See process.go."""
import logging
import os
import queue
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import LockTimeout
from kazoo.version import __version__

logging.basicConfig(level=logging.ERROR)
out = threading.Lock()

# Up to 2.8 a reader and a writer of kazoo can wait for one another for ever (pull request 650).
OLD = tuple(int(n) for n in __version__.split(".")[:2]) < (2, 9)


def say(*words):
    with out:
        sys.stdout.write("\t".join(str(w) for w in words) + "\n")
        sys.stdout.flush()


class Site:
    """See site.go."""

    def __init__(self, folder):
        self.folder = folder
        self.counter = os.path.join(folder, "counter")

    def alone(self, kind, mark):
        for name in os.listdir(self.folder):
            if name != mark and (name.startswith("w-") or kind != "read" and name.startswith("r-")):
                raise Exception("overlap: %s and %s" % (mark, name))

    def count(self):
        with open(self.counter) as f:
            return int(f.read())

    def crowd(self, mark, most):
        inside = [name for name in os.listdir(self.folder) if name.startswith("s-")]
        if len(inside) > most:
            raise Exception("overlap: %s is one of %d" % (mark, len(inside)))

    def share(self, visitor, most):
        """Stays for a while, so that there are others."""
        mark = "s-" + visitor
        path = os.path.join(self.folder, mark)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        self.crowd(mark, most)
        with open(os.path.join(self.folder, "log"), "a") as f:
            f.write(mark + "\n")
        time.sleep(0.002)
        self.crowd(mark, most)
        os.remove(path)

    def visit(self, kind, visitor):
        if kind.startswith("semaphore-"):
            return self.share(visitor, permits(kind))
        mark = ("r-" if kind == "read" else "w-") + visitor
        path = os.path.join(self.folder, mark)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        self.alone(kind, mark)
        with open(os.path.join(self.folder, "log"), "a") as f:
            f.write(mark + "\n")
        n = self.count()
        if kind == "read":
            if self.count() != n:
                raise Exception("overlap: the counter changed")
        else:
            with open(self.counter, "w") as f:
                f.write(str(n + 1))
        self.alone(kind, mark)
        os.remove(path)


def permits(kind):
    return int(kind[len("semaphore-"):])


class Election:
    """kazoo's Election in the shape of a lock: who is elected leads until it is told to release."""

    def __init__(self, client, path, name):
        self.election = client.Election(path, name)
        self.elected, self.over = threading.Event(), threading.Event()

    def lead(self):
        self.elected.set()
        self.over.wait()

    def acquire(self, timeout=None):
        self.elected.clear()
        self.over.clear()
        self.campaign = threading.Thread(target=self.election.run, args=(self.lead,), daemon=True)
        self.campaign.start()
        if self.elected.wait(timeout):
            return True
        self.election.cancel()
        self.campaign.join()
        return False

    def release(self):
        self.over.set()
        self.campaign.join()

    def contenders(self):
        return self.election.contenders()


class Handle:
    """One lock object and the thread that uses it."""

    def __init__(self, client, name, kind, path, patterns):
        if kind.startswith("semaphore-"):
            self.lock = client.Semaphore(path, name, max_leases=permits(kind))
        elif kind == "election":
            self.lock = Election(client, path, name)
        else:
            make = {"mutex": client.Lock, "read": client.ReadLock, "write": client.WriteLock}[kind]
            self.lock = make(path, name, extra_lock_patterns=patterns) if patterns else make(path, name)
        self.name, self.kind = name, kind
        self.requests = queue.Queue()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            number, verb, args = self.requests.get()
            try:
                say(number, "ok", getattr(self, "do_" + verb)(*args))
            except Exception as e:
                say(number, "error", repr(e))

    def do_lock(self, seconds):
        if float(seconds) == 0:
            return self.lock.acquire()
        try:
            return self.lock.acquire(timeout=float(seconds))
        except LockTimeout:
            return False

    def do_unlock(self):
        return self.lock.release()

    def do_churn(self, n, folder, patience):
        site, timeouts = Site(folder), 0
        if self.kind != "read" or not OLD:
            patience = 0
        for i in range(int(n)):
            while not self.do_lock(patience):
                timeouts += 1
            site.visit(self.kind, "kazoo-%d-%s-%d" % (os.getpid(), self.name, i))
            self.lock.release()
        return timeouts

    def do_contenders(self):
        if self.kind.startswith("semaphore-"):
            return "\t".join(self.lock.lease_holders())
        return "\t".join(self.lock.contenders())


def main():
    client = KazooClient(hosts=sys.argv[1], timeout=float(sys.argv[2]))
    client.start()
    say(0, "ok", "kazoo " + __version__)
    handles = {}
    for line in sys.stdin:
        number, verb, *args = line.rstrip("\n").split("\t")
        if verb == "open":
            name, kind, path, *patterns = args
            handles[name] = Handle(client, name, kind, path, patterns)
            say(number, "ok", "")
        elif verb == "session":
            say(number, "ok", client.client_id[0])
        else:
            handles[args[0]].requests.put((number, verb, args[1:]))
    client.stop()


main()
