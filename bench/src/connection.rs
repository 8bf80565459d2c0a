//! One connection of the load: its message under way, and the check of the echo.

use rustix::net::sockopt::set_socket_linger;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

pub const MESSAGE: usize = 64;

/// A client that has at most one message under way.
pub struct Connection {
    stream: TcpStream,
    number: u32,
    /// Of the message under way.
    sequence: u32,
    /// Bytes of its echo that have come; all of them when nothing is under way.
    echoed: usize,
    sent_at: Instant,
}

/// What came of a look at what has come.
pub enum Progress {
    Partial,
    Complete,
    Wrong,
    Closed,
}

impl Connection {
    pub fn open(port: u16, number: u32) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        // Closed by a reset: no thousands of TIME_WAIT into the next round.
        set_socket_linger(&stream, Some(Duration::ZERO))?;
        let (sequence, echoed, sent_at) = (0, MESSAGE, Instant::now());
        Ok(Self { stream, number, sequence, echoed, sent_at })
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub fn sent_at(&self) -> Instant {
        self.sent_at
    }

    fn message(&self) -> [u8; MESSAGE] {
        let seed = u64::from(self.number) << 32 | u64::from(self.sequence);
        let mut message = [0; MESSAGE];
        for (word, bytes) in message.chunks_exact_mut(8).enumerate() {
            let mixed = (seed + word as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bytes.copy_from_slice(&mixed.to_le_bytes());
        }
        message
    }

    pub fn waiting(&self) -> bool {
        self.echoed < MESSAGE
    }

    pub fn give_up(&mut self) {
        self.echoed = MESSAGE;
    }

    /// False where the server has ended the connection. (A socket buffer with
    /// nothing in it always has room for one message.)
    pub fn send_next(&mut self, now: Instant) -> bool {
        self.sequence = self.sequence.wrapping_add(1);
        self.echoed = 0;
        self.sent_at = now;
        let message = self.message();
        self.stream.write(&message).is_ok_and(|sent| sent == MESSAGE)
    }

    /// Takes what has come, and adds the bytes that were as they should be to
    /// `right`. Asks for one byte more than is due: an echo that is
    /// too long is as wrong as any.
    pub fn receive(&mut self, right: &mut u64) -> Progress {
        let expected = self.message();
        let due = &expected[self.echoed..];
        let mut echo = [0; MESSAGE + 1];
        let size = match self.stream.read(&mut echo[..due.len() + 1]) {
            Ok(0) => return Progress::Closed,
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Partial,
            Err(_) => return Progress::Closed,
        };
        if size > due.len() || echo[..size] != due[..size] {
            return Progress::Wrong;
        }
        self.echoed += size;
        *right += size as u64;
        if self.waiting() { Progress::Partial } else { Progress::Complete }
    }
}
