//! Commands for the shell: system(3), popen(3) and pclose(3), by glibc's steps (`sysdeps/posix/system.c`,
//! `libio/iopopen.c`), except that the wait for the command is ours, and parks.
//!
//! All threads come here, native ones too: what is ignored during system(3) is counted over all its callers, and a
//! popen'd stream may be closed by any of them. Such a stream is fdopen(3)'s, not libc's own kind, which keeps the
//! command to itself.

use super::{spawn, wait_child};
use crate::hooks::io::fdops;
use crate::hooks::io::stream;
use crate::hooks::signal;
use crate::signals;
use crate::sys::c_types::_pthread_cleanup_buffer;
use crate::sys::errno;
use crate::sys::kernel;
use crate::table::real;
use crate::voice::config::{Part, patched};
use crate::wait;
use crate::wait::fd;
use iopatch_runtime::signals::section;
use iopatch_runtime::sync::Lock;
use libc::*;
use std::ffi::CStr;
use std::mem::{MaybeUninit, zeroed};
use std::ptr::{null, null_mut};

const PATH: &CStr = c"/bin/sh";
// pthread_setcancelstate(3) and pthread_setcanceltype(3).
const PTHREAD_CANCEL_DISABLE: c_int = 1;
const PTHREAD_CANCEL_DEFERRED: c_int = 0;

unsafe extern "C" {
    static environ: *const *mut c_char;
    fn fwide(stream: *mut FILE, mode: c_int) -> c_int;
}

/// What system(3) has found of the signals that are ignored while any thread is in it.
struct Ignored {
    callers: u32,
    interrupt: sigaction,
    quit: sigaction,
}

// SAFETY: all-zero is an action: the default.
static IGNORED: Lock<Ignored> = Lock::new(unsafe { Ignored { callers: 0, interrupt: zeroed(), quit: zeroed() } });

/// A stream of popen(3), and the command at its other end.
struct Stream {
    file: *mut FILE,
    pid: pid_t,
    older: *mut Stream,
}

struct Streams(*mut Stream);

// SAFETY: the list is reached under its lock.
unsafe impl Send for Streams {}

/// The open ones, the latest first.
static STREAMS: Lock<Streams> = Lock::new(Streams(null_mut()));

/// In the child of a fork: who held a lock is not there; what they hold is as it was.
pub fn forget_holders() {
    // SAFETY: the caller is the process's only thread.
    unsafe {
        IGNORED.forget_holder();
        STREAMS.forget_holder();
    }
}

/// Ignores SIGINT and SIGQUIT; which of them were not ignored before, as a mask.
fn ignore_interrupts() -> sigset_t {
    section(|| {
        let mut ignored = IGNORED.lock();
        let act = signals::act;
        // SAFETY: plain structures; all-zero is an empty set.
        unsafe {
            let (mut ignore, mut others): (sigaction, sigset_t) = zeroed();
            ignore.sa_sigaction = SIG_IGN;
            if ignored.callers == 0 {
                act(SIGINT, &ignore, &mut ignored.interrupt);
                act(SIGQUIT, &ignore, &mut ignored.quit);
            }
            ignored.callers += 1;
            for (signum, before) in [(SIGINT, ignored.interrupt), (SIGQUIT, ignored.quit)] {
                if before.sa_sigaction != SIG_IGN {
                    sigaddset(&mut others, signum);
                }
            }
            others
        }
    })
}

/// The caller leaves system(3).
fn restore_interrupts() {
    section(|| {
        let mut ignored = IGNORED.lock();
        ignored.callers -= 1;
        if ignored.callers == 0 {
            let act = signals::act;
            // SAFETY: actions that were in force before.
            unsafe {
                act(SIGQUIT, &ignored.quit, null_mut());
                act(SIGINT, &ignored.interrupt, null_mut());
            }
        }
    });
}

/// What the shell is started with. glibc 2.38 and later say where its options end.
fn arguments(command: *const c_char) -> [*mut c_char; 5] {
    // SAFETY: a static string of digits and dots.
    let version = unsafe { CStr::from_ptr(gnu_get_libc_version()) }.to_bytes();
    let minor = version.iter().skip(2).take_while(|byte| byte.is_ascii_digit());
    let minor = minor.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    let [name, option, end] = [c"sh", c"-c", c"--"].map(|text| text.as_ptr().cast_mut());
    match version.starts_with(b"2.") && minor < 38 {
        true => [name, option, command.cast_mut(), null_mut(), null_mut()],
        false => [name, option, end, command.cast_mut(), null_mut()],
    }
}

/// Runs a command; its status.
unsafe fn run(command: *const c_char) -> c_int {
    // SAFETY: plain structures, initialised before they are used.
    unsafe {
        let defaults = ignore_interrupts();
        let (mut child, mut before): (sigset_t, sigset_t) = zeroed();
        sigaddset(&mut child, SIGCHLD);
        signal::sigprocmask(SIG_BLOCK, &child, &mut before);
        let mut attr: posix_spawnattr_t = zeroed();
        posix_spawnattr_init(&mut attr);
        posix_spawnattr_setsigmask(&mut attr, &before);
        posix_spawnattr_setsigdefault(&mut attr, &defaults);
        posix_spawnattr_setflags(&mut attr, (POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) as c_short);
        let mut pid = 0;
        let error = spawn::posix_spawn(&mut pid, PATH.as_ptr(), null(), &attr, arguments(command).as_ptr(), environ);
        posix_spawnattr_destroy(&mut attr);
        // Without a shell it is as if the shell had said so.
        let status = if error == 0 { until_ended_or_cancelled(pid) } else { 127 << 8 };
        restore_interrupts();
        signal::sigprocmask(SIG_SETMASK, &before, null_mut());
        if error != 0 {
            errno::set(error);
        }
        status
    }
}

/// Waits for the command `pid`, as a cancellation point that takes the command along.
unsafe fn until_ended_or_cancelled(pid: pid_t) -> c_int {
    let (mut kind, mut status) = (0, -1);
    // SAFETY: the buffer lies in this frame, and is taken off the list before the frame ends.
    unsafe {
        let mut cleanup = MaybeUninit::<_pthread_cleanup_buffer>::uninit();
        real::pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &mut kind);
        real::_pthread_cleanup_push(cleanup.as_mut_ptr(), abandon, pid as usize as *mut c_void);
        if until_ended(pid, &mut status) != pid {
            status = -1;
        }
        real::_pthread_cleanup_pop(cleanup.as_mut_ptr(), 0);
        real::pthread_setcanceltype(kind, &mut kind);
    }
    status
}

unsafe fn until_ended(pid: pid_t, status: *mut c_int) -> pid_t {
    loop {
        // SAFETY: the caller's.
        let ended = unsafe { wait_child::waitpid(pid, status, 0) };
        if ended != -1 || errno::get() != EINTR {
            return ended;
        }
    }
}

/// As [`until_ended`], and no cancellation point.
unsafe fn until_ended_for_sure(pid: pid_t, status: *mut c_int) -> pid_t {
    let mut state = 0;
    // SAFETY: the caller's.
    unsafe {
        real::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mut state);
        let ended = until_ended(pid, status);
        real::pthread_setcancelstate(state, &mut state);
        ended
    }
}

/// The caller of system(3), which waits for `pid`, was cancelled.
unsafe extern "C-unwind" fn abandon(pid: *mut c_void) {
    let (pid, errno) = (pid as pid_t, errno::get());
    // SAFETY: a child of ours that nobody has waited for.
    unsafe {
        real::kill(pid, SIGKILL);
        errno::set(errno);
        until_ended_for_sure(pid, null_mut());
    }
    restore_interrupts();
}

/// What popen(3) is to do; `None`: the mode is invalid.
struct Mode {
    reads: bool,
    close_on_exec: bool,
}

impl Mode {
    fn of(mode: &CStr) -> Option<Mode> {
        let has = |letter| mode.to_bytes().contains(&letter);
        let valid = mode.to_bytes().iter().all(|letter| b"rwe".contains(letter)) && has(b'r') != has(b'w');
        valid.then_some(Mode { reads: has(b'r'), close_on_exec: has(b'e') })
    }

    /// The command's standard descriptor at the other end of the pipe.
    fn standard(&self) -> c_int {
        if self.reads { STDOUT_FILENO } else { STDIN_FILENO }
    }
}

/// close(2), but no cancellation point.
fn close_descriptor(fd: c_int) -> c_int {
    // SAFETY: an own descriptor, of no use any more.
    fdops::close_by(fd, || unsafe { real::syscall(SYS_close, fd as usize, 0, 0, 0, 0, 0) } as c_int)
}

/// A stream to or from `command`; null: it could not be had.
unsafe fn open(command: *const c_char, mode: &Mode) -> *mut FILE {
    let mut pipe = [-1; 2];
    // SAFETY: room for two descriptors.
    if unsafe { fdops::pipe2(pipe.as_mut_ptr(), O_CLOEXEC) } == -1 {
        return null_mut();
    }
    let [own, mut its] = if mode.reads { pipe } else { [pipe[1], pipe[0]] };
    // SAFETY: the descriptors are this call's; the stream and its entry are not known to others before they are listed.
    unsafe {
        if its == mode.standard() {
            // The command would get it close-on-exec: a duplicate onto itself keeps the flag.
            its = fdops::fcntl(its, F_DUPFD_CLOEXEC, 0);
            close_descriptor(mode.standard());
        }
        let stream = malloc(size_of::<Stream>()).cast::<Stream>();
        let file = real::fdopen(own, if mode.reads { c"r" } else { c"w" }.as_ptr());
        let started = its != -1 && !stream.is_null() && !file.is_null() && {
            stream.write(Stream { file, pid: 0, older: null_mut() });
            start(command, mode, &mut *stream, [own, its])
        };
        if its != -1 {
            close_descriptor(its);
        }
        if started {
            // Bytes only, as libc's.
            fwide(file, -1);
            return file;
        }
        free(stream.cast());
        if file.is_null() {
            close_descriptor(own)
        } else {
            stream::close(file)
        };
        null_mut()
    }
}

/// Starts `command` with `its` end of the pipe, and lists the stream. The command gets none of the streams that are open: no
/// other may be added meanwhile.
unsafe fn start(command: *const c_char, mode: &Mode, stream: &mut Stream, [own, its]: [c_int; 2]) -> bool {
    let locked = || {
        let mut streams = STREAMS.lock();
        // SAFETY: plain structures, initialised before they are used; listed entries are alive.
        unsafe {
            let mut actions: posix_spawn_file_actions_t = zeroed();
            posix_spawn_file_actions_init(&mut actions);
            let mut ready = posix_spawn_file_actions_adddup2(&mut actions, its, mode.standard()) == 0;
            let mut next = streams.0;
            while let Some(open) = next.as_ref().filter(|_| ready) {
                let fd = real::fileno(open.file);
                ready = fd == mode.standard() || posix_spawn_file_actions_addclose(&mut actions, fd) == 0;
                next = open.older;
            }
            let (pid, arguments) = (&mut stream.pid, arguments(command));
            let started =
                ready && real::posix_spawn(pid, PATH.as_ptr(), &actions, null(), arguments.as_ptr(), environ) == 0;
            posix_spawn_file_actions_destroy(&mut actions);
            if started {
                if !mode.close_on_exec {
                    fdops::fcntl(own, F_SETFD, 0);
                }
                stream.older = streams.0;
                streams.0 = stream;
            }
            started
        }
    };
    spawn::passing_descriptors(|| section(locked))
}

/// Takes `file` off the list of popen'd streams; the command at its other end, if it was there.
fn unlist(file: *mut FILE) -> Option<pid_t> {
    let stream = section(|| {
        let mut streams = STREAMS.lock();
        let mut link = &raw mut streams.0;
        // SAFETY: listed entries are alive, and reached under the lock.
        unsafe {
            while let Some(stream) = (*link).as_mut() {
                if stream.file == file {
                    return Some(std::mem::replace(&mut *link, stream.older));
                }
                link = &raw mut stream.older;
            }
        }
        None
    })?;
    // SAFETY: made by malloc(3), and on no list any more.
    unsafe {
        let pid = (*stream).pid;
        free(stream.cast());
        Some(pid)
    }
}

/// Closes a popen'd stream, and waits for its command: the status. `None`: it is another stream.
///
/// # Safety
/// `file` is a stream, which the caller uses no more.
pub(in crate::hooks) unsafe fn close(file: *mut FILE) -> Option<c_int> {
    let pid = unlist(file)?;
    let mut status = 0;
    // SAFETY: the caller's.
    unsafe {
        let was_open = kernel::is_open(real::fileno(file));
        let flushed = stream::close(file);
        Some(match was_open && until_ended_for_sure(pid, &mut status) == pid {
            false => -1,
            true if status == 0 => flushed,
            true => status,
        })
    }
}

// SAFETY, of all hooks below: the program's, to whom the man page says what the arguments must be.

pub unsafe fn system(command: *const c_char) -> c_int {
    match command.is_null() {
        true => c_int::from(unsafe { run(c"exit 0".as_ptr()) } == 0),
        false => unsafe { run(command) },
    }
}

/// Where a stream or a command can't be had, libc is asked, too: it says why.
pub unsafe fn popen(command: *const c_char, mode: *const c_char) -> *mut FILE {
    let stream = match Mode::of(unsafe { CStr::from_ptr(mode) }) {
        // Only fclose's hook knows that there is a command to wait for.
        Some(mode) if patched(Part::Sys) => unsafe { open(command, &mode) },
        _ => null_mut(),
    };
    if !stream.is_null() {
        return stream;
    }
    let stream = spawn::passing_descriptors(|| unsafe { real::popen(command, mode) });
    if !stream.is_null() {
        fd::born_shared(unsafe { real::fileno(stream) });
    }
    stream
}

/// glibc's is fclose(3) by another name.
pub unsafe fn pclose(stream: *mut FILE) -> c_int {
    match unsafe { close(stream) } {
        Some(status) => status,
        None => unsafe { stream::closing(stream, || wait::block(|| real::pclose(stream))) },
    }
}
