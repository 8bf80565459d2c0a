// What a JVM does with threads: pools, monitors, interrupts, sockets, children, a stack overflow that is caught, GC, and
// an exit from a thread. Prints the same natively and under iopatch.
import java.io.*;
import java.net.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.LockSupport;

public class Threads {
    static void pool() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(20);
        List<Future<Integer>> results = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int n = i;
            results.add(pool.submit(() -> { Thread.sleep(2); return n; }));
        }
        int sum = 0;
        for (Future<Integer> result : results) sum += result.get();
        pool.shutdown();
        System.out.println("pool: " + sum + " " + pool.awaitTermination(10, TimeUnit.SECONDS));
    }

    static void monitors() throws Exception {
        int[] turns = {0};
        Object lock = new Object();
        Thread[] players = new Thread[2];
        for (int i = 0; i < 2; i++) {
            int mine = i;
            players[i] = new Thread(() -> {
                synchronized (lock) {
                    while (turns[0] < 2000) {
                        if (turns[0] % 2 == mine) {
                            turns[0]++;
                            lock.notifyAll();
                        } else {
                            try { lock.wait(); } catch (InterruptedException e) { return; }
                        }
                    }
                    lock.notifyAll();
                }
            });
            players[i].start();
        }
        for (Thread player : players) player.join();
        System.out.println("wait and notify: " + turns[0]);
    }

    static void interrupts() throws Exception {
        String[] ends = new String[3];
        Thread sleeper = new Thread(() -> {
            try { Thread.sleep(60000); } catch (InterruptedException e) { ends[0] = "sleep interrupted"; }
        });
        Thread waiter = new Thread(() -> {
            synchronized (ends) {
                try { ends.wait(); } catch (InterruptedException e) { ends[1] = "wait interrupted"; }
            }
        });
        Thread parked = new Thread(() -> {
            LockSupport.park();
            ends[2] = "park interrupted " + Thread.currentThread().isInterrupted();
        });
        Thread[] all = {sleeper, waiter, parked};
        for (Thread thread : all) thread.start();
        Thread.sleep(100);
        for (Thread thread : all) thread.interrupt();
        for (Thread thread : all) thread.join();
        System.out.println(String.join(", ", ends));
        AtomicInteger rounds = new AtomicInteger();
        Thread worker = new Thread(() -> {
            while (rounds.get() < 1000) {
                LockSupport.park();
                rounds.incrementAndGet();
            }
        });
        worker.start();
        while (worker.isAlive()) LockSupport.unpark(worker);
        System.out.println("unpark: " + (rounds.get() >= 1000));
    }

    static void sockets() throws Exception {
        ServerSocket server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        Thread acceptor = new Thread(() -> {
            try {
                while (true) {
                    Socket peer = server.accept();
                    new Thread(() -> {
                        try (peer) { peer.getInputStream().transferTo(peer.getOutputStream()); }
                        catch (IOException e) { throw new UncheckedIOException(e); }
                    }).start();
                }
            } catch (IOException e) {
                // Closed while it waited: the end.
            }
        });
        acceptor.start();
        AtomicInteger right = new AtomicInteger();
        Thread[] clients = new Thread[50];
        for (int i = 0; i < clients.length; i++) {
            byte[] sent = new byte[1000 + i];
            new Random(i).nextBytes(sent);
            clients[i] = new Thread(() -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    boolean same = true;
                    for (int round = 0; round < 20; round++) {
                        socket.getOutputStream().write(sent);
                        same &= Arrays.equals(sent, socket.getInputStream().readNBytes(sent.length));
                    }
                    if (same) right.incrementAndGet();
                } catch (IOException e) {
                    e.printStackTrace();
                }
            });
            clients[i].start();
        }
        for (Thread client : clients) client.join();
        server.close();
        acceptor.join();
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
             Socket socket = new Socket(silent.getInetAddress(), silent.getLocalPort())) {
            socket.setSoTimeout(50);
            socket.getInputStream().read();
        } catch (SocketTimeoutException e) {
            System.out.println("echo: " + right.get() + " clients right, then " + e.getMessage());
        }
    }

    static void children() throws Exception {
        StringBuffer said = new StringBuffer();
        Thread[] parents = new Thread[8];
        AtomicInteger statuses = new AtomicInteger();
        for (int i = 0; i < parents.length; i++) {
            int n = i;
            parents[i] = new Thread(() -> {
                try {
                    Process child = new ProcessBuilder("sh", "-c", "read line; echo $line; exit " + n).start();
                    child.getOutputStream().write(("hello\n").getBytes());
                    child.getOutputStream().close();
                    said.append(new String(child.getInputStream().readAllBytes()).trim());
                    statuses.addAndGet(child.waitFor());
                } catch (Exception e) {
                    e.printStackTrace();
                }
            });
            parents[i].start();
        }
        for (Thread parent : parents) parent.join();
        System.out.println("children: " + said.length() + " bytes, statuses " + statuses.get());
    }

    static int depth(int n) { return depth(n + 1) + 1; }

    static void overflows() throws Exception {
        AtomicInteger caught = new AtomicInteger();
        Thread[] deep = new Thread[4];
        for (int i = 0; i < deep.length; i++) {
            deep[i] = new Thread(() -> {
                for (int round = 0; round < 3; round++) {
                    try { depth(0); } catch (StackOverflowError e) { caught.incrementAndGet(); }
                }
                int[] nothing = null;
                try { nothing[0]++; } catch (NullPointerException e) { caught.incrementAndGet(); }
            });
            deep[i].start();
        }
        for (Thread thread : deep) thread.join();
        System.out.println("overflows and null pointers caught: " + caught.get());
    }

    static void garbage() throws Exception {
        AtomicLong sum = new AtomicLong();
        Thread[] wasters = new Thread[8];
        for (int i = 0; i < wasters.length; i++) {
            wasters[i] = new Thread(() -> {
                Map<Integer, byte[]> kept = new HashMap<>();
                for (int n = 0; n < 20000; n++) kept.put(n % 100, new byte[2000]);
                sum.addAndGet(kept.size());
            });
            wasters[i].start();
        }
        for (int i = 0; i < 5; i++) System.gc();
        for (Thread waster : wasters) waster.join();
        System.out.println("garbage: " + sum.get());
    }

    public static void main(String[] args) throws Exception {
        pool();
        monitors();
        interrupts();
        sockets();
        children();
        overflows();
        garbage();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("shutdown hook")));
        Thread last = new Thread(() -> System.exit(7));
        last.start();
        Thread.sleep(60000);
    }
}
