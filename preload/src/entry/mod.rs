//! Where the process comes in: the loader, fork, the program by libc's names.

mod export;
mod fork;
mod init;
mod loader;
mod lookup;
mod watcher;
