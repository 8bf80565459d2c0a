//! The load: many connections, one thread, a closed loop. Each connection sends
//! 64 bytes, waits until it has checked every byte of the echo, and sends the
//! next. No two messages are alike, so a reply that strayed to another
//! connection, or an old one, is an error and not a hit.
//!
//! A run ends by draining: nothing new is sent, and what is on its way is waited
//! for. So at the start and at the end of a run the server is idle, and the CPU
//! time between is that of exactly the requests counted.

use crate::connection::{Connection, Progress};
use crate::latency::Latencies;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// A reply that takes longer is lost, and the run over.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections made before their first echoes are waited for: fewer than the
/// backlog of a listener (4096, or 128 where the kernel is old), or the kernel
/// would drop the SYN and try again a second later.
const AT_A_TIME: usize = 100;

/// When to send nothing more.
#[derive(Clone, Copy)]
pub enum Until {
    Elapsed(Duration),
    Requests(u64),
}

/// What came of a run.
pub struct Tally {
    pub requests: u64,
    /// Bytes that came back and were as they should be.
    pub bytes: u64,
    pub elapsed: Duration,
    pub latencies: Latencies,
    /// Connections with a wrong byte.
    pub wrong: u64,
    /// Connections that the server ended.
    pub closed: u64,
    /// Connections without a reply for [`PATIENCE`].
    pub silent: u64,
}

impl Tally {
    fn new() -> Self {
        Self {
            requests: 0,
            bytes: 0,
            elapsed: Duration::ZERO,
            latencies: Latencies::new(),
            wrong: 0,
            closed: 0,
            silent: 0,
        }
    }

    pub fn errors(&self) -> u64 {
        self.wrong + self.closed + self.silent
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// The tally itself when all went right, else what went wrong.
    pub fn checked(self) -> Result<Self, String> {
        if self.errors() == 0 {
            return Ok(self);
        }
        Err(format!(
            "{} connections with wrong bytes, {} closed by the server, {} without a reply for {} s",
            self.wrong,
            self.closed,
            self.silent,
            PATIENCE.as_secs()
        ))
    }
}

/// Open connections to one server, all idle between runs.
pub struct Load {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
}

impl Load {
    /// Opens `count` connections to `port` on the loopback, and has each echo
    /// once: afterwards the server has accepted all and its threads wait.
    pub fn connect(port: u16, count: usize) -> Result<Self, String> {
        let mut load = Self {
            epoll: epoll::create(CreateFlags::CLOEXEC).map_err(|error| error.to_string())?,
            connections: Vec::with_capacity(count),
            events: Vec::with_capacity(1024),
        };
        while load.connections.len() < count {
            let first = load.connections.len();
            for number in first..count.min(first + AT_A_TIME) {
                load.open(port, number).map_err(|error| format!("connection {} of {count}: {error}", number + 1))?;
            }
            load.run_from(first, Until::Requests(0))
                .checked()
                .map_err(|error| format!("at connection {} of {count}: {error}", first + 1))?;
        }
        Ok(load)
    }

    fn open(&mut self, port: u16, number: usize) -> io::Result<()> {
        let connection = Connection::open(port, number as u32)?;
        let tag = EventData::new_u64(number as u64);
        epoll::add(&self.epoll, connection.stream(), tag, EventFlags::IN)?;
        self.connections.push(connection);
        Ok(())
    }

    /// Every connection sends at least once.
    pub fn run(&mut self, until: Until) -> Tally {
        self.run_from(0, until)
    }

    /// As [`run`](Self::run), with connections `first..` only.
    fn run_from(&mut self, first: usize, until: Until) -> Tally {
        let mut tally = Tally::new();
        let started = Instant::now();
        let mut under_way = 0;
        for connection in &mut self.connections[first..] {
            if connection.send_next(Instant::now()) {
                under_way += 1;
            } else {
                connection.give_up();
                tally.closed += 1;
            }
        }
        let mut sent = under_way;
        while under_way > 0 {
            match self.wait() {
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => panic!("epoll_wait: {error}"),
                Ok(0) => break,
                Ok(_) => {}
            }
            for event in &self.events {
                let connection = &mut self.connections[event.data.u64() as usize];
                let waiting = connection.waiting();
                let error = match connection.receive(&mut tally.bytes) {
                    Progress::Partial => continue,
                    Progress::Complete => {
                        let now = Instant::now();
                        tally.requests += 1;
                        tally.latencies.record(now - connection.sent_at());
                        let more = match until {
                            Until::Elapsed(limit) => now - started < limit,
                            Until::Requests(limit) => sent < limit,
                        };
                        if more && connection.send_next(now) {
                            sent += 1;
                            continue;
                        }
                        more.then_some(&mut tally.closed)
                    }
                    Progress::Wrong => Some(&mut tally.wrong),
                    Progress::Closed => Some(&mut tally.closed),
                };
                if let Some(count) = error {
                    *count += 1;
                    connection.give_up();
                    let _ = epoll::delete(&self.epoll, connection.stream());
                }
                under_way -= u64::from(waiting);
            }
        }
        tally.silent = under_way;
        tally.elapsed = started.elapsed();
        tally
    }

    /// The number of connections that have something; none after [`PATIENCE`].
    fn wait(&mut self) -> rustix::io::Result<usize> {
        let patience = PATIENCE.try_into().expect("seconds fit a timespec");
        self.events.clear();
        let events = rustix::buffer::spare_capacity(&mut self.events);
        epoll::wait(&self.epoll, events, Some(&patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::MESSAGE;
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    /// A server of one thread a connection, which hands each message and its
    /// running number to `reply`.
    fn server(reply: fn(&mut TcpStream, &[u8], usize) -> io::Result<()>) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let mut message = [0; MESSAGE];
                    for number in 0.. {
                        if stream.read_exact(&mut message).is_err() || reply(&mut stream, &message, number).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        port
    }

    fn run(port: u16) -> Tally {
        Load::connect(port, 3).expect("three connections").run(Until::Requests(300))
    }

    #[test]
    fn each_byte_of_each_request_is_counted() {
        let tally = run(server(|stream, message, _| stream.write_all(message)));
        assert_eq!((tally.requests, tally.bytes, tally.errors()), (300, 300 * 64, 0));
    }

    #[test]
    fn an_echo_in_pieces_is_whole() {
        let port = server(|stream, message, _| {
            stream.set_nodelay(true)?;
            message.chunks(24).try_for_each(|piece| stream.write_all(piece))
        });
        let tally = run(port);
        assert_eq!((tally.requests, tally.bytes, tally.errors()), (300, 300 * 64, 0));
    }

    #[test]
    fn a_wrong_byte_and_a_byte_too_many_are_found() {
        let port = server(|stream, message, number| {
            let mut message = message.to_vec();
            message[63] ^= u8::from(number == 5);
            stream.write_all(&message)
        });
        assert_eq!(run(port).wrong, 3);
        let port = server(|stream, message, number| {
            stream.write_all(message)?;
            stream.write_all(&message[..usize::from(number == 5)])
        });
        assert_eq!(run(port).wrong, 3);
    }

    #[test]
    fn an_end_and_a_silence_are_found() {
        let port = server(|stream, message, number| match number {
            5 => Err(ErrorKind::Other.into()),
            _ => stream.write_all(message),
        });
        assert_eq!(run(port).closed, 3);
        let port = server(|stream, message, number| match number {
            5 => Ok(()),
            _ => stream.write_all(message),
        });
        assert_eq!(run(port).silent, 3);
    }
}
