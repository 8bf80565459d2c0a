//! Rust's std on threads: everything of it that waits. Prints the same natively and under iopatch.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

/// The byte at `at` of what client `id` sends.
fn byte(id: usize, at: usize) -> u8 {
    (id * 31 + at * 7 + at / 251) as u8
}

/// A thread for each connection, which echoes; each client checks every byte.
fn echo() {
    const CLIENTS: usize = 50;
    const LEN: usize = 64 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let serve = |mut stream: TcpStream| {
            let (mut buffer, mut total) = ([0; 4096], 0);
            loop {
                match stream.read(&mut buffer).unwrap() {
                    0 => return total,
                    n => stream.write_all(&buffer[..n]).unwrap(),
                }
                total += 1;
            }
        };
        let connections: Vec<_> =
            listener.incoming().take(CLIENTS).map(|stream| thread::spawn(move || serve(stream.unwrap()))).collect();
        connections.into_iter().map(|connection| connection.join().unwrap()).filter(|&reads| reads > 0).count()
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|id| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                let mut writer = stream.try_clone().unwrap();
                let sender = thread::spawn(move || {
                    let all: Vec<u8> = (0..LEN).map(|at| byte(id, at)).collect();
                    all.chunks(3000).for_each(|part| writer.write_all(part).unwrap());
                    writer.shutdown(Shutdown::Write).unwrap();
                });
                let mut back = Vec::new();
                stream.read_to_end(&mut back).unwrap();
                sender.join().unwrap();
                back.len() == LEN && back.iter().enumerate().all(|(at, &b)| b == byte(id, at))
            })
        })
        .collect();
    let right = clients.into_iter().map(|client| client.join().unwrap()).filter(|&right| right).count();
    println!("echo: {right} clients right, {} connections", server.join().unwrap());
}

fn read_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _other = listener.accept().unwrap();
    thread::spawn(move || {
        stream.set_read_timeout(Some(20 * MS)).unwrap();
        println!("read_timeout: {:?}", stream.read(&mut [0]).unwrap_err().kind());
        stream.set_nonblocking(true).unwrap();
        println!("nonblocking: {:?}", stream.read(&mut [0]).unwrap_err().kind());
    })
    .join()
    .unwrap();
}

fn locks() {
    const THREADS: usize = 16;
    const ROUNDS: usize = 200;
    let (mutex, pair) = (Mutex::new(0), RwLock::new((0, 0)));
    let barrier = Barrier::new(THREADS);
    let leaders = AtomicUsize::new(0);
    thread::scope(|scope| {
        for id in 0..THREADS {
            let (mutex, pair, barrier, leaders) = (&mutex, &pair, &barrier, &leaders);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    {
                        let mut count = mutex.lock().unwrap();
                        if round % 50 == 0 {
                            thread::sleep(MS / 20);
                        }
                        *count += 1;
                    }
                    if id % 4 == 0 {
                        let mut both = pair.write().unwrap();
                        both.0 += 1;
                        thread::yield_now();
                        both.1 += 1;
                    } else {
                        let both = pair.read().unwrap();
                        assert_eq!(both.0, both.1);
                    }
                    if round % 10 == 0 && barrier.wait().is_leader() {
                        leaders.fetch_add(1, SeqCst);
                    }
                }
            });
        }
    });
    println!(
        "locks: {}, {:?}, {} leaders",
        mutex.into_inner().unwrap(),
        pair.into_inner().unwrap(),
        leaders.into_inner()
    );
}

fn condvar() {
    const WAITERS: usize = 20;
    let (state, changed) = (Mutex::new((0, 0, false)), Condvar::new());
    thread::scope(|scope| {
        for _ in 0..WAITERS {
            scope.spawn(|| {
                let mut guard = state.lock().unwrap();
                guard.0 += 1;
                changed.notify_all();
                let mut guard = changed.wait_while(guard, |state| !state.2).unwrap();
                guard.1 += 1;
            });
        }
        let mut guard = changed.wait_while(state.lock().unwrap(), |state| state.0 < WAITERS).unwrap();
        guard.2 = true;
        changed.notify_all();
    });
    let began = Instant::now();
    let waits = thread::spawn(move || {
        let (never, changed) = (Mutex::new(()), Condvar::new());
        changed.wait_timeout_while(never.lock().unwrap(), 20 * MS, |()| true).unwrap().1.timed_out()
    });
    let timed_out = waits.join().unwrap() && began.elapsed() >= 20 * MS;
    println!("condvar: {} woken, timed out: {timed_out}", state.into_inner().unwrap().1);
}

fn parking() {
    let (ready, passes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (flag, count) = (ready.clone(), passes.clone());
    let main = thread::current();
    let parks = thread::spawn(move || {
        while !flag.load(SeqCst) {
            thread::park();
        }
        for turn in 0..500 {
            while count.load(SeqCst) != 2 * turn {
                thread::park();
            }
            count.fetch_add(1, SeqCst);
            main.unpark();
        }
    });
    ready.store(true, SeqCst);
    parks.thread().unpark();
    for turn in 0..500 {
        while passes.load(SeqCst) != 2 * turn + 1 {
            thread::park();
        }
        passes.fetch_add(1, SeqCst);
        parks.thread().unpark();
    }
    parks.join().unwrap();
    let timed = thread::spawn(|| {
        let began = Instant::now();
        while began.elapsed() < 20 * MS {
            thread::park_timeout(20 * MS);
        }
        thread::current().unpark();
        thread::park(); // the token is there
    });
    timed.join().unwrap();
    println!("parking: {} passes", passes.load(SeqCst));
}

fn channels() {
    let (sender, receiver) = channel();
    for id in 0..20u64 {
        let sender = sender.clone();
        thread::spawn(move || {
            for i in 0..100 {
                sender.send(id * 100 + i).unwrap();
                if i % 25 == 0 {
                    thread::sleep(MS / 10);
                }
            }
        });
    }
    drop(sender);
    println!("channel: sum {}", receiver.iter().sum::<u64>());
    println!("channel: {:?}", receiver.try_recv() == Err(TryRecvError::Disconnected));

    for bound in [0, 3] {
        let (sender, receiver) = sync_channel(bound);
        let sends = thread::spawn(move || (0..300).for_each(|i| sender.send(i).unwrap()));
        let in_order = receiver.iter().eq(0..300);
        sends.join().unwrap();
        println!("sync_channel({bound}): in order: {in_order}");
    }
    let (sender, receiver) = channel::<()>();
    let waits = thread::spawn(move || receiver.recv_timeout(20 * MS) == Err(RecvTimeoutError::Timeout));
    println!("recv_timeout: {}", waits.join().unwrap());
    drop(sender);
}

fn once() {
    static CELL: OnceLock<usize> = OnceLock::new();
    static LAZY: LazyLock<String> = LazyLock::new(|| {
        thread::sleep(5 * MS);
        "lazy".repeat(2)
    });
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    static ONCE: Once = Once::new();
    let init = || {
        thread::sleep(5 * MS);
        RUNS.fetch_add(1, SeqCst)
    };
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                assert_eq!(*CELL.get_or_init(init), 0);
                assert_eq!(*LAZY, "lazylazy");
                ONCE.call_once(|| thread::sleep(5 * MS));
                assert!(ONCE.is_completed());
            });
        }
    });
    println!("once: {} run", RUNS.load(SeqCst));
}

fn panics() {
    std::panic::set_hook(Box::new(|_| {}));
    struct Sleeps(Arc<AtomicUsize>);
    impl Drop for Sleeps {
        fn drop(&mut self) {
            assert!(thread::panicking());
            thread::sleep(MS);
            self.0.fetch_add(1, SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let poisoned = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..20)
        .map(|id| {
            let (sleeps, poisoned) = (Sleeps(dropped.clone()), poisoned.clone());
            thread::Builder::new()
                .name(format!("panics {id}"))
                .stack_size(128 * 1024)
                .spawn(move || {
                    let _keep = sleeps;
                    let _guard = poisoned.lock();
                    thread::sleep(MS / 10);
                    panic!("{}", thread::current().name().unwrap());
                })
                .unwrap()
        })
        .collect();
    let messages: Vec<String> = threads
        .into_iter()
        .map(|panics: thread::JoinHandle<()>| *panics.join().unwrap_err().downcast::<String>().unwrap())
        .collect();
    let right = messages.iter().enumerate().all(|(id, text)| *text == format!("panics {id}"));
    println!(
        "panics: {} right: {right}, {} dropped, poisoned: {}",
        messages.len(),
        dropped.load(SeqCst),
        poisoned.is_poisoned()
    );
    let caught = thread::spawn(|| std::panic::catch_unwind(|| panic!("caught")).is_err()).join().unwrap();
    println!("catch_unwind: {caught}");
    let _ = std::panic::take_hook();
}

fn commands() {
    let threads: Vec<_> = (0..4)
        .map(|id: usize| {
            thread::spawn(move || {
                let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
                let mut stdin = cat.stdin.take().unwrap();
                let writes = thread::spawn(move || {
                    let all: Vec<u8> = (0..200_000).map(|at| byte(id, at)).collect();
                    stdin.write_all(&all).unwrap();
                });
                let output = cat.wait_with_output().unwrap();
                writes.join().unwrap();
                let right = output.stdout.iter().enumerate().all(|(at, &b)| b == byte(id, at));
                let status = Command::new("sh").args(["-c", &format!("exit {id}")]).status().unwrap();
                right && output.stdout.len() == 200_000 && output.status.success() && status.code() == Some(id as i32)
            })
        })
        .collect();
    let right = threads.into_iter().map(|thread| thread.join().unwrap()).filter(|&right| right).count();
    println!("commands: {right} right");
}

fn thread_locals() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Mine(usize);
    impl Drop for Mine {
        fn drop(&mut self) {
            thread::sleep(MS / 2);
            DROPPED.fetch_add(self.0, SeqCst);
        }
    }
    thread_local!(static MINE: std::cell::RefCell<Mine> = const { std::cell::RefCell::new(Mine(0)) });
    let threads: Vec<_> = (1..=20)
        .map(|id| {
            thread::spawn(move || {
                MINE.with_borrow_mut(|mine| mine.0 = id);
                thread::sleep(MS);
                MINE.with_borrow(|mine| mine.0 == id)
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    println!("thread_local: {}", DROPPED.load(SeqCst));
}

fn main() {
    let began = Instant::now();
    thread::sleep(20 * MS);
    assert!(began.elapsed() >= 20 * MS);
    echo();
    read_timeout();
    locks();
    condvar();
    parking();
    channels();
    once();
    panics();
    commands();
    thread_locals();
}
