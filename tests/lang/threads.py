"""Python's threads, locks, queues, pools, servers and subprocesses of threads; prints the same with or without iopatch."""
import queue
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

N = 10


def every(work):
    threads = [threading.Thread(target=work, args=[i]) for i in range(N)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


total, turn, seen = 0, 0, []
lock, changed, few = threading.RLock(), threading.Condition(), threading.Semaphore(2)
barrier, go, own = threading.Barrier(N), threading.Event(), threading.local()


def work(i):
    global total, turn
    own.i = i
    barrier.wait()
    for _ in range(100):
        with lock, lock:
            total += own.i
    with few, changed:
        pass
    with changed:
        changed.wait_for(lambda: turn == i)
        turn += 1
        seen.append(own.i)
        changed.notify_all()


every(work)
print("locks", total, seen)
threading.Timer(0.05, go.set).start()
print("timer", go.wait(20), threading.Event().wait(0.01))

jobs, results = queue.Queue(3), queue.Queue()
takers = [threading.Thread(target=lambda: [results.put(x * x) for x in iter(jobs.get, None)]) for _ in range(4)]
for taker in takers:
    taker.start()
for x in [*range(100), *[None] * 4]:
    jobs.put(x)
for taker in takers:
    taker.join()
print("queue", sum(results.get() for _ in range(100)))
with ThreadPoolExecutor(8) as pool:
    print("pool", sum(pool.map(lambda x: x * 2, range(1000))))
    echo = lambda i: subprocess.run(["cat"], input=str(i), capture_output=True, text=True).stdout
    print("children", list(pool.map(echo, range(8))))


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 100


answers = [None] * N
with Server(("127.0.0.1", 0), Echo) as server:
    threading.Thread(target=server.serve_forever, args=[0.05]).start()

    def client(i):
        with socket.create_connection(server.server_address) as s, s.makefile("rw") as stream:
            for k in range(20):
                stream.write(f"{i} {k}\n")
                stream.flush()
                answers[i] = stream.readline().strip()

    every(client)
    server.shutdown()
print("server", answers)

woken, wake = socket.socketpair()
wake.setblocking(False)
signal.set_wakeup_fd(wake.fileno())
handled = []
signal.signal(signal.SIGUSR1, lambda number, _: handled.append(threading.current_thread() is threading.main_thread()))
quiet = threading.Event()
waiter = threading.Thread(target=quiet.wait)
waiter.start()
signal.raise_signal(signal.SIGUSR1)
print("signal", woken.recv(1) == bytes([signal.SIGUSR1]), handled)
quiet.set()
waiter.join()
sys.stdout.flush()
