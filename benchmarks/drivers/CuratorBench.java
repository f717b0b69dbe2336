import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.ZooKeeper;

/** Curator in the benchmark: one request a line on stdin, one answer a line on stdout. See external.go. */
public class CuratorBench {
    static final int WARMING = 0, MEASURING = 1, OVER = 2;

    interface Body {
        void run(int index) throws Exception;
    }

    static List<CuratorFramework> connect(String hosts, double timeout, int n) throws Exception {
        List<CuratorFramework> clients = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            CuratorFramework client = CuratorFrameworkFactory.builder().connectString(hosts)
                .sessionTimeoutMs((int) (timeout * 1000)).connectionTimeoutMs(60000)
                .retryPolicy(new RetryNTimes(3, 1000)).build();
            client.start();
            clients.add(client);
        }
        for (CuratorFramework client : clients) {
            if (!client.blockUntilConnected(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("no session");
            }
        }
        return clients;
    }

    static void close(List<CuratorFramework> clients) {
        clients.forEach(CuratorFramework::close);
    }

    static Thread start(Runnable body) {
        Thread thread = new Thread(null, body, "worker", 256 * 1024);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Workers that loop until it is over. */
    static class Race {
        volatile int phase = WARMING;
        final List<Body> bodies = new ArrayList<>();
        final AtomicReference<Exception> error = new AtomicReference<>();
        int[] counts;

        void worker(Supplier<InterProcessMutex> locks) {
            bodies.add(i -> {
                int n = 0;
                while (phase != OVER) {
                    InterProcessMutex lock = locks.get();
                    lock.acquire();
                    if (phase == MEASURING) {
                        n++;
                    }
                    lock.release();
                }
                counts[i] = n;
            });
        }

        void worker(InterProcessSemaphoreV2 semaphore) {
            bodies.add(i -> {
                int n = 0;
                while (phase != OVER) {
                    Lease lease = semaphore.acquire();
                    if (phase == MEASURING) {
                        n++;
                    }
                    semaphore.returnLease(lease);
                }
                counts[i] = n;
            });
        }

        double run(double warm, double measure) throws Exception {
            counts = new int[bodies.size()];
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < bodies.size(); i++) {
                int index = i;
                threads.add(start(() -> {
                    try {
                        bodies.get(index).run(index);
                    } catch (Exception e) {
                        error.compareAndSet(null, e);
                    }
                }));
            }
            Thread.sleep((long) (warm * 1000));
            long begin = System.nanoTime();
            phase = MEASURING;
            Thread.sleep((long) (measure * 1000));
            phase = OVER;
            double elapsed = (System.nanoTime() - begin) / 1e9;
            for (Thread thread : threads) {
                thread.join();
            }
            if (error.get() != null) {
                throw error.get();
            }
            return elapsed;
        }
    }

    static void append(StringBuilder answer, int[] counts, int n) {
        for (int i = 0; i < n; i++) {
            answer.append(' ').append(counts[i]);
        }
    }

    /** The locks that a worker takes, one after the other. */
    static Supplier<InterProcessMutex> locks(CuratorFramework client, String path, String names, int worker) {
        if (names.equals("fresh")) {
            int[] n = new int[1];
            return () -> new InterProcessMutex(client, path + "/" + worker + "-" + n[0]++);
        }
        InterProcessMutex lock = new InterProcessMutex(client, names.equals("own") ? path + "/" + worker : path);
        return () -> lock;
    }

    static String loop(String[] a) throws Exception {
        List<CuratorFramework> clients = connect(a[1], Double.parseDouble(a[2]), Integer.parseInt(a[4]));
        Race race = new Race();
        for (CuratorFramework client : clients) {
            for (int i = 0; i < Integer.parseInt(a[5]); i++) {
                if (a[8].equals("0")) {
                    race.worker(locks(client, a[3], a[9], i));
                } else {
                    race.worker(new InterProcessSemaphoreV2(client, a[3], Integer.parseInt(a[8])));
                }
            }
        }
        StringBuilder answer = new StringBuilder();
        answer.append(race.run(Double.parseDouble(a[6]), Double.parseDouble(a[7])));
        close(clients);
        append(answer, race.counts, race.counts.length);
        return answer.toString();
    }

    static String readwrite(String[] a) throws Exception {
        List<CuratorFramework> clients = connect(a[1], Double.parseDouble(a[2]), 2);
        int readers = Integer.parseInt(a[4]);
        long every = (long) (Double.parseDouble(a[5]) * 1e9);
        Race race = new Race();
        for (int i = 0; i < readers; i++) {
            InterProcessMutex read = new InterProcessReadWriteLock(clients.get(0), a[3]).readLock();
            race.worker(() -> read);
        }
        InterProcessMutex write = new InterProcessReadWriteLock(clients.get(1), a[3]).writeLock();
        long[] writes = new long[2]; // their number, and the longest wait
        race.bodies.add(i -> {
            while (race.phase != OVER) {
                long asked = System.nanoTime();
                write.acquire();
                if (race.phase == MEASURING) {
                    writes[0]++;
                    writes[1] = Math.max(writes[1], System.nanoTime() - asked);
                }
                write.release();
                while (race.phase != OVER && System.nanoTime() - asked < every) {
                    Thread.sleep(50);
                }
            }
        });
        double elapsed = race.run(Double.parseDouble(a[6]), Double.parseDouble(a[7]));
        close(clients);
        StringBuilder answer = new StringBuilder();
        answer.append(elapsed).append(' ').append(writes[0]).append(' ').append(writes[1] / 1e9);
        append(answer, race.counts, readers);
        return answer.toString();
    }

    static List<CuratorFramework> queueClients = List.of();
    static Semaphore acquired, permits;

    static String open(String[] a) throws Exception {
        queueClients = connect(a[1], Double.parseDouble(a[2]), Integer.parseInt(a[3]));
        return "";
    }

    static String queue(String[] a) throws Exception {
        acquired = new Semaphore(0);
        permits = new Semaphore(0);
        for (CuratorFramework client : queueClients) {
            for (int i = 0; i < Integer.parseInt(a[2]); i++) {
                start(() -> {
                    try {
                        InterProcessMutex lock = new InterProcessMutex(client, a[1]);
                        lock.acquire();
                        acquired.release();
                        permits.acquire();
                        lock.release();
                    } catch (Exception e) {
                        // the queue was left, or the next holder is missed
                    }
                });
            }
        }
        acquired.acquire();
        return "";
    }

    static String handoff(String[] a) throws Exception {
        long begin = System.nanoTime();
        for (int i = 0; i < Integer.parseInt(a[1]); i++) {
            permits.release();
            acquired.acquire();
        }
        return String.valueOf((System.nanoTime() - begin) / 1e9);
    }

    static String visit(String[] a) throws Exception {
        InterProcessMutex lock = new InterProcessMutex(queueClients.get(0), a[1]);
        long begin = System.nanoTime();
        lock.acquire();
        double took = (System.nanoTime() - begin) / 1e9;
        lock.release();
        return String.valueOf(took);
    }

    static String leave(String[] a) throws Exception {
        List<Thread> closing = new ArrayList<>();
        for (CuratorFramework client : queueClients) {
            ZooKeeper session = client.getZookeeperClient().getZooKeeper();
            closing.add(start(() -> {
                try {
                    session.close();
                } catch (InterruptedException e) {
                    // by no code here
                }
            }));
        }
        for (Thread thread : closing) {
            thread.join();
        }
        return "";
    }

    static String answer(String[] a) throws Exception {
        switch (a[0]) {
            case "loop": return loop(a);
            case "readwrite": return readwrite(a);
            case "open": return open(a);
            case "queue": return queue(a);
            case "handoff": return handoff(a);
            case "visit": return visit(a);
            case "leave": return leave(a);
            default: throw new IllegalArgumentException(a[0]);
        }
    }

    public static void main(String[] args) throws Exception {
        Properties curator = new Properties(); // Debian's jars have no version in their manifests
        try (InputStream in = CuratorFramework.class.getResourceAsStream("/META-INF/maven/org.apache.curator/curator-framework/pom.properties")) {
            curator.load(in);
        }
        System.out.println("ok Curator " + curator.getProperty("version") + " java " + System.getProperty("java.version"));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; ) {
            try {
                System.out.println("ok " + answer(line.split(" ")));
            } catch (Exception e) {
                System.out.println("error " + e.toString().replace('\n', ' '));
            }
        }
        System.exit(0);
    }
}
