import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.apache.curator.retry.RetryNTimes;

/** A Curator client on a string: one request a line on stdin, one answer a line on stdout. See process.go. */
public class CuratorPeer {
    static CuratorFramework client;

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

        void visit(String kind, String visitor) throws IOException {
            String mark = (kind.equals("read") ? "r-" : "w-") + visitor;
            Path path = folder.resolve(mark);
            Files.createFile(path);
            alone(kind, mark);
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

    /** One lock object and its thread: Curator's locks belong to threads. */
    static class Handle {
        final String name;
        final String kind;
        final InterProcessMutex lock;
        final InterProcessReadWriteLock both; // null for a mutex
        final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
            Thread t = new Thread(task);
            t.setDaemon(true);
            return t;
        });
        boolean downgraded;

        Handle(String name, String kind, String path) {
            this.name = name;
            this.kind = kind;
            both = kind.equals("mutex") ? null : new InterProcessReadWriteLock(client, path);
            lock = both == null ? new InterProcessMutex(client, path) : kind.equals("read") ? both.readLock() : both.writeLock();
        }

        Object run(String verb, String[] args) throws Exception {
            switch (verb) {
                case "lock":
                    double seconds = Double.parseDouble(args[3]);
                    if (seconds == 0) {
                        lock.acquire();
                        return true;
                    }
                    return lock.acquire((long) (seconds * 1000), TimeUnit.MILLISECONDS);
                case "unlock":
                    (downgraded ? both.readLock() : lock).release();
                    downgraded = false;
                    return "";
                case "downgrade":
                    both.readLock().acquire();
                    both.writeLock().release();
                    downgraded = true;
                    return "";
                case "churn":
                    Site site = new Site(args[4]);
                    for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                        lock.acquire();
                        site.visit(kind, "curator-" + ProcessHandle.current().pid() + "-" + name + "-" + i);
                        lock.release();
                    }
                    return "0";
                case "contenders":
                    return String.join("\t", lock.getParticipantNodes());
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
        int timeout = (int) (Double.parseDouble(argv[1]) * 1000);
        client = CuratorFrameworkFactory.newClient(argv[0], timeout, 15000, new RetryNTimes(20, 100));
        client.start();
        client.blockUntilConnected();
        say(0, "ok", "curator " + InterProcessMutex.class.getPackage().getImplementationVersion());
        Map<String, Handle> handles = new HashMap<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] args = line.split("\t", -1); // number, verb, handle, …
            String number = args[0];
            if (args[1].equals("open")) {
                handles.put(args[2], new Handle(args[2], args[3], args[4]));
                say(number, "ok", "");
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
        client.close();
        System.exit(0);
    }
}
