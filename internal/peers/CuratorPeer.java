import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.recipes.lock.LockListener;
import org.apache.zookeeper.recipes.lock.WriteLock;

/**
 * A Curator client on a string, which has ZooKeeper's own WriteLock too: one request a line on stdin, one answer a line on stdout.
 * See process.go.
 */
public class CuratorPeer {
    static CuratorFramework client;
    static String connect;
    static int timeout;
    static boolean recipes; // locks are ZooKeeper's WriteLock

    static synchronized void say(Object... words) {
        StringBuilder line = new StringBuilder();
        for (Object word : words) {
            line.append(line.length() == 0 ? "" : "\t").append(String.valueOf(word).replace('\n', ' '));
        }
        System.out.println(line);
        System.out.flush();
    }

    /** See site.go. */
    static class Site {
        final Path folder;
        final Path counter;

        Site(String folder) {
            this.folder = Path.of(folder);
            this.counter = this.folder.resolve("counter");
        }

        void alone(String kind, String mark) throws IOException {
            try (var names = Files.list(folder)) {
                for (Path path : (Iterable<Path>) names::iterator) {
                    String name = path.getFileName().toString();
                    if (!name.equals(mark) && (name.startsWith("w-") || !kind.equals("read") && name.startsWith("r-"))) {
                        throw new IllegalStateException("overlap: " + mark + " and " + name);
                    }
                }
            }
        }

        int count() throws IOException {
            return Integer.parseInt(Files.readString(counter));
        }

        void crowd(String mark, int most) throws IOException {
            try (var names = Files.list(folder)) {
                long inside = names.filter(path -> path.getFileName().toString().startsWith("s-")).count();
                if (inside > most) {
                    throw new IllegalStateException("overlap: " + mark + " is one of " + inside);
                }
            }
        }

        /** Stays for a while, so that there are others. */
        void share(String visitor, int most) throws Exception {
            String mark = "s-" + visitor;
            Path path = folder.resolve(mark);
            Files.createFile(path);
            crowd(mark, most);
            Files.writeString(folder.resolve("log"), mark + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            Thread.sleep(2);
            crowd(mark, most);
            Files.delete(path);
        }

        void visit(String kind, String visitor) throws Exception {
            if (kind.startsWith("semaphore-")) {
                share(visitor, permits(kind));
                return;
            }
            String mark = (kind.equals("read") ? "r-" : "w-") + visitor;
            Path path = folder.resolve(mark);
            Files.createFile(path);
            alone(kind, mark);
            Files.writeString(folder.resolve("log"), mark + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            int n = count();
            if (kind.equals("read")) {
                if (count() != n) {
                    throw new IllegalStateException("overlap: the counter changed");
                }
            } else {
                Files.writeString(counter, Integer.toString(n + 1));
            }
            alone(kind, mark);
            Files.delete(path);
        }
    }

    /**
     * ZooKeeper's WriteLock. Its name is the session's, so that each needs a session of its own. It can miss that the one ahead is
     * gone, and waits for ever then.
     */
    static class Recipe implements LockListener {
        final String path;
        final Semaphore granted = new Semaphore(0);
        ZooKeeper zookeeper;
        WriteLock lock;

        Recipe(String path) throws Exception {
            this.path = path;
            try {
                client.create().creatingParentsIfNeeded().forPath(path);
            } catch (KeeperException.NodeExistsException e) {
                // ours made it
            }
            begin();
        }

        void begin() throws Exception {
            zookeeper = new ZooKeeper(connect, timeout, event -> {});
            lock = new WriteLock(zookeeper, path, null, this);
        }

        public void lockAcquired() {
            granted.release();
        }

        public void lockReleased() {}

        boolean acquire(long millis) throws Exception {
            lock.lock();
            if (granted.tryAcquire(millis == 0 ? Long.MAX_VALUE : millis, TimeUnit.MILLISECONDS)) {
                return true;
            }
            zookeeper.close();
            granted.drainPermits();
            begin();
            return false;
        }

        void release() {
            lock.unlock();
            granted.drainPermits();
        }
    }

    /** A LeaderSelector in the shape of a lock: who is elected leads until it is told to release. */
    static class Selector {
        final Semaphore elected = new Semaphore(0);
        final Semaphore over = new Semaphore(0);
        final LeaderSelector selector;

        Selector(String path) {
            selector = new LeaderSelector(client, path, new LeaderSelectorListenerAdapter() {
                public void takeLeadership(CuratorFramework framework) throws Exception {
                    elected.release();
                    over.acquire();
                }
            });
            selector.start();
        }
    }

    static int permits(String kind) {
        return Integer.parseInt(kind.substring("semaphore-".length()));
    }

    /** One lock object and its thread: Curator's locks belong to threads. */
    static class Handle {
        final String name;
        final String kind;
        final InterProcessMutex lock;
        final Recipe recipe;
        final InterProcessSemaphoreV2 semaphore;
        final String path;
        Lease lease;
        Selector selector;
        LeaderLatch latch;
        final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
            Thread t = new Thread(task);
            t.setDaemon(true);
            return t;
        });

        Handle(String name, String kind, String path) throws Exception {
            this.name = name;
            this.kind = kind;
            this.path = path;
            recipe = recipes ? new Recipe(path) : null;
            semaphore = kind.startsWith("semaphore-") ? new InterProcessSemaphoreV2(client, path, permits(kind)) : null;
            InterProcessReadWriteLock both = new InterProcessReadWriteLock(client, path);
            lock = kind.equals("mutex") ? new InterProcessMutex(client, path) : kind.equals("read") ? both.readLock() : both.writeLock();
        }

        boolean acquire(long millis) throws Exception {
            if (recipe != null) {
                return recipe.acquire(millis);
            }
            if (semaphore != null) {
                lease = millis == 0 ? semaphore.acquire() : semaphore.acquire(millis, TimeUnit.MILLISECONDS);
                return lease != null;
            }
            if (kind.equals("election")) {
                selector = new Selector(path);
                return selector.elected.tryAcquire(millis == 0 ? Long.MAX_VALUE : millis, TimeUnit.MILLISECONDS);
            }
            if (kind.equals("latch")) {
                latch = new LeaderLatch(client, path, name);
                latch.start();
                return latch.await(millis == 0 ? Long.MAX_VALUE : millis, TimeUnit.MILLISECONDS);
            }
            if (millis == 0) {
                lock.acquire();
                return true;
            }
            return lock.acquire(millis, TimeUnit.MILLISECONDS);
        }

        void release() throws Exception {
            if (recipe != null) {
                recipe.release();
            } else if (semaphore != null) {
                semaphore.returnLease(lease);
            } else if (selector != null) {
                selector.over.release();
            } else if (latch != null) {
                latch.close();
            } else {
                lock.release();
            }
        }

        Object run(String verb, String[] args) throws Exception {
            switch (verb) {
                case "lock":
                    return acquire((long) (Double.parseDouble(args[3]) * 1000));
                case "unlock":
                    release();
                    return "";
                case "churn":
                    Site site = new Site(args[4]);
                    for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                        while (!acquire(recipes ? 2000 : 0)) {
                            // queue anew
                        }
                        site.visit(kind, (recipes ? "recipe-" : "curator-") + ProcessHandle.current().pid() + "-" + name + "-" + i);
                        release();
                    }
                    return "0";
                case "contenders":
                    return String.join("\t", semaphore != null ? semaphore.getParticipantNodes() : lock.getParticipantNodes());
                case "revocable":
                    lock.makeRevocable(forLock -> say("!", "revoked", name));
                    return "";
                case "revoke":
                    Revoker.attemptRevoke(client, args[3]);
                    return "";
                default:
                    throw new IllegalArgumentException(verb);
            }
        }
    }

    public static void main(String[] argv) throws Exception {
        connect = argv[0];
        timeout = (int) (Double.parseDouble(argv[1]) * 1000);
        recipes = argv[2].equals("WriteLock");
        client = CuratorFrameworkFactory.newClient(connect, timeout, 15000, new RetryNTimes(20, 100));
        client.start();
        client.blockUntilConnected();
        say(0, "ok", "curator " + InterProcessMutex.class.getPackage().getImplementationVersion());
        Map<String, Handle> handles = new HashMap<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] args = line.split("\t", -1); // number, verb, handle, …
            String number = args[0];
            if (args[1].equals("open")) {
                try {
                    handles.put(args[2], new Handle(args[2], args[3], args[4]));
                    say(number, "ok", "");
                } catch (Exception e) {
                    say(number, "error", e);
                }
            } else if (args[1].equals("session")) {
                say(number, "ok", client.getZookeeperClient().getZooKeeper().getSessionId());
            } else {
                Handle handle = handles.get(args[2]);
                handle.thread.execute(() -> {
                    try {
                        say(number, "ok", handle.run(args[1], args));
                    } catch (Throwable e) {
                        say(number, "error", e);
                    }
                });
            }
        }
        for (Handle handle : handles.values()) {
            if (handle.recipe != null) {
                handle.recipe.zookeeper.close();
            }
        }
        client.close();
        System.exit(0);
    }
}
