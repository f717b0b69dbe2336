"""kazoo in the benchmark: one request a line on stdin, one answer a line on stdout. See external.go."""
import itertools
import logging
import sys
import threading
import time

import kazoo.version
from kazoo.client import KazooClient

logging.basicConfig(level=logging.CRITICAL)
threading.stack_size(256 * 1024)
WARMING, MEASURING, OVER = range(3)


def connect(hosts, timeout, n):
    clients = [KazooClient(hosts=hosts, timeout=timeout) for _ in range(n)]
    events = [c.start_async() for c in clients]
    for client, event in zip(clients, events):
        event.wait(60)
        if not client.connected:
            raise Exception("no session")
    return clients


def close(clients):
    for client in clients:
        client.stop()
        client.close()


class Race:
    """Workers that loop until it is over."""

    def __init__(self):
        self.phase, self.errors, self.threads, self.counts = WARMING, [], [], []

    def worker(self, locks):
        i = len(self.counts)
        self.counts.append(0)

        def work():
            try:
                while self.phase != OVER:
                    lock = next(locks)
                    lock.acquire()
                    if self.phase == MEASURING:
                        self.counts[i] += 1
                    lock.release()
            except Exception as e:
                self.errors.append(e)

        self.threads.append(threading.Thread(target=work, daemon=True))

    def run(self, warm, measure):
        for thread in self.threads:
            thread.start()
        time.sleep(warm)
        begin = time.monotonic()
        self.phase = MEASURING
        time.sleep(measure)
        self.phase = OVER
        elapsed = time.monotonic() - begin
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        return elapsed


def locks(client, path, permits, names, worker):
    """The locks that a worker takes, one after the other."""
    if names == "fresh":
        for n in itertools.count():
            yield client.Lock("%s/%d-%d" % (path, worker, n), "benchmark")
    if names == "own":
        path = "%s/%d" % (path, worker)
    lock = client.Semaphore(path, "benchmark", permits) if permits else client.Lock(path, "benchmark")
    while True:
        yield lock


def loop(hosts, timeout, path, sessions, workers, warm, measure, permits, names):
    clients = connect(hosts, float(timeout), int(sessions))
    race = Race()
    for client in clients:
        for worker in range(int(workers)):
            race.worker(locks(client, path, int(permits), names, worker))
    elapsed = race.run(float(warm), float(measure))
    close(clients)
    return [elapsed] + race.counts


class Queue:
    clients, acquired, permits = [], None, None


def open_sessions(hosts, timeout, sessions):
    Queue.clients = connect(hosts, float(timeout), int(sessions))
    return []


def queue(path, n):
    Queue.acquired, Queue.permits = threading.Semaphore(0), threading.Semaphore(0)

    def work(client):
        lock = client.Lock(path, "benchmark")
        lock.acquire()
        Queue.acquired.release()
        Queue.permits.acquire()
        lock.release()

    for client in Queue.clients:
        for _ in range(int(n)):
            threading.Thread(target=work, args=[client], daemon=True).start()
    Queue.acquired.acquire()
    return []


def handoff(n):
    begin = time.monotonic()
    for _ in range(int(n)):
        Queue.permits.release()
        Queue.acquired.acquire()
    return [time.monotonic() - begin]


def leave():
    close(Queue.clients)
    return []


print("ok", "kazoo", kazoo.version.__version__, "python", sys.version.split()[0], flush=True)
for line in sys.stdin:
    what, *args = line.split()
    try:
        answer = {"loop": loop, "open": open_sessions, "queue": queue, "handoff": handoff, "leave": leave}[what](*args)
        print("ok", *answer, flush=True)
    except Exception as e:
        print("error", repr(e).replace("\n", " "), flush=True)
