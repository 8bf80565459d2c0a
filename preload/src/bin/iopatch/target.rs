//! The program to run: which file it is, and whether a library can be preloaded into it.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, ReadCache, ReadRef, elf};

use crate::{Failure, plain};

/// The file that execvp(3) would run for `name`: itself if it has a slash, else the first executable in PATH.
pub fn find(name: &OsStr) -> Result<PathBuf, Failure> {
    if name.as_bytes().contains(&b'/') {
        return executable(Path::new(name)).map(|()| name.into());
    }
    let search = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    let mut result = Failure::new(Failure::NOT_FOUND, format_args!("{}: command not found", name.display()));
    for directory in std::env::split_paths(&search) {
        // An empty entry is the working directory; the name must have a slash to be found there.
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { &directory };
        let path = directory.join(name);
        match executable(&path) {
            Ok(()) => return Ok(path),
            // As execvp: a file that can't be executed is what to report if no later directory has one that can.
            Err(failure) if failure.status == Failure::NOT_EXECUTABLE => result = failure,
            Err(_) => {}
        }
    }
    Err(result)
}

fn executable(path: &Path) -> Result<(), Failure> {
    let failure = |status, reason: &str| Err(Failure::new(status, format_args!("{}: {reason}", path.display())));
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => return failure(Failure::NOT_EXECUTABLE, "Is a directory"),
        Ok(_) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return failure(Failure::NOT_FOUND, &plain(&error));
        }
        Err(error) => return failure(Failure::NOT_EXECUTABLE, &plain(&error)),
    }
    let name = c_path(path);
    // SAFETY: a NUL-terminated string.
    match unsafe { libc::faccessat(libc::AT_FDCWD, name.as_ptr(), libc::X_OK, libc::AT_EACCESS) } {
        0 => Ok(()),
        _ => failure(Failure::NOT_EXECUTABLE, &plain(&io::Error::last_os_error())),
    }
}

/// Refuses a program in which the library could not work; the warning is for one that it merely won't affect.
pub fn check(path: &Path) -> Result<Option<String>, Failure> {
    let file = File::open(path);
    // The interpreter of a script is a program of the system; any other format is for the kernel to judge.
    if file.as_ref().is_ok_and(|file| !is_elf(file)) {
        return Ok(None);
    }
    let refused = |reason: &str| Err(Failure::new(Failure::REFUSED, format_args!("{}: {reason}", path.display())));
    if let Some(privilege) = privilege(path) {
        return refused(&format!("{privilege}: the dynamic linker ignores LD_PRELOAD in such programs"));
    }
    // Without the permission to read it, which executing does not need, there is no more to check.
    let Ok(file) = file else { return Ok(None) };
    judge(path, linkage(&ReadCache::new(file)))
}

fn judge(path: &Path, linkage: Linkage) -> Result<Option<String>, Failure> {
    let refused = |reason: &str| Err(Failure::new(Failure::REFUSED, format_args!("{}: {reason}", path.display())));
    match linkage {
        Linkage::Foreign => refused("not a 64-bit x86-64 program, which libiopatch.so needs"),
        Linkage::Static => Ok(Some(format!(
            "{}: statically linked, so it runs as it is; its dynamically linked children are patched",
            path.display()
        ))),
        Linkage::Dynamic(loader) if !is_glibc(&loader) => {
            refused(&format!("its dynamic linker is {}, not glibc's, which libiopatch.so needs", loader.display()))
        }
        Linkage::Dynamic(_) => Ok(None),
    }
}

fn is_elf(mut file: &File) -> bool {
    let mut magic = [0; elf::ELFMAG.len()];
    file.read_exact(&mut magic).is_ok() && magic == elf::ELFMAG
}

/// What makes the kernel start this program with privileges that its user lacks.
fn privilege(path: &Path) -> Option<&'static str> {
    let mode = path.metadata().map_or(0, |metadata| metadata.mode());
    let name = c_path(path);
    // SAFETY: NUL-terminated strings; a null buffer of size 0 only asks for the size.
    let capabilities =
        unsafe { libc::getxattr(name.as_ptr(), c"security.capability".as_ptr(), std::ptr::null_mut(), 0) };
    if mode & libc::S_ISUID != 0 {
        Some("setuid")
    } else if mode & libc::S_ISGID != 0 && mode & libc::S_IXGRP != 0 {
        Some("setgid")
    } else if capabilities > 0 {
        Some("has file capabilities")
    } else {
        None
    }
}

enum Linkage {
    /// By this dynamic linker.
    Dynamic(PathBuf),
    Static,
    /// Not a program for x86-64, or none that can be understood.
    Foreign,
}

fn linkage<'a>(program: impl ReadRef<'a>) -> Linkage {
    let parse = || {
        let header = elf::FileHeader64::<Endianness>::parse(program).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, program).ok()?;
        let loader = segments.iter().find_map(|segment| segment.interpreter(endian, program).ok()?);
        (header.e_machine(endian) == elf::EM_X86_64).then_some(loader)
    };
    match parse() {
        Some(Some(loader)) => Linkage::Dynamic(OsStr::from_bytes(loader).into()),
        Some(None) => Linkage::Static,
        None => Linkage::Foreign,
    }
}

fn is_glibc(loader: &Path) -> bool {
    loader.file_name().is_some_and(|name| name.as_bytes().starts_with(b"ld-linux"))
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("paths come from C and hold no NUL")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage;
    use std::io::Cursor;

    #[test]
    fn a_damaged_program_is_judged_in_one_line() {
        let programs = ["/bin/true", "/bin/sh", "/lib64/ld-linux-x86-64.so.2"];
        let mut heads: Vec<Vec<u8>> = programs.iter().filter_map(|path| std::fs::read(path).ok()).collect();
        heads.iter_mut().for_each(|head| head.truncate(16 << 10));
        assert!(!heads.is_empty());
        damage::each(&heads, |program| {
            let line = match judge(Path::new("./program"), linkage(&ReadCache::new(Cursor::new(program)))) {
                Ok(warning) => warning.unwrap_or_default(),
                Err(failure) => {
                    assert_eq!(failure.status, Failure::REFUSED);
                    failure.reason
                }
            };
            assert!(!line.contains(char::is_control), "{line:?}");
        });
    }
}
