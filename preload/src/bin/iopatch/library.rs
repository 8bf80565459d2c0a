//! Where libiopatch.so is, and how it gets into LD_PRELOAD.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::Failure;

const NAME: &str = "libiopatch.so";

/// Relative to the directory of the launcher: a build tree or an unpacked archive, then what `make install` makes.
const PLACES: [&str; 3] = ["", "../lib", "../lib/x86_64-linux-gnu"];

/// Beside the launcher itself (behind any symbolic link), or in the library directory of its prefix. Never in the
/// working directory: whoever can write there would run code in our user's name.
pub fn find() -> Result<PathBuf, Failure> {
    let refused = |reason: String| Failure::new(Failure::REFUSED, reason);
    let launcher = fs::read_link("/proc/self/exe").map_err(|error| refused(format!("/proc/self/exe: {error}")))?;
    let directory = launcher.parent().unwrap_or(Path::new("/"));
    let places = PLACES.map(|place| directory.join(place).join(NAME));
    match places.iter().find_map(|place| place.canonicalize().ok()) {
        Some(library) => Ok(library),
        None => Err(refused(format!("{NAME} is not in {}, nor in ../lib from there", directory.display()))),
    }
}

/// The value of LD_PRELOAD with `library` first and once, and the rest as it was.
pub fn preload(library: &Path, before: Option<OsString>) -> Result<OsString, Failure> {
    let library = library.as_os_str();
    if library.as_bytes().iter().any(separates) {
        let reason = format!("{}: LD_PRELOAD cannot name a path with a space or a colon", library.display());
        return Err(Failure::new(Failure::REFUSED, reason));
    }
    let before = before.unwrap_or_default();
    let others = before.as_bytes().split(separates).filter(|entry| !entry.is_empty() && *entry != library.as_bytes());
    let entries: Vec<&[u8]> = [library.as_bytes()].into_iter().chain(others).collect();
    Ok(OsString::from_vec(entries.join(&b':')))
}

/// ld.so(8): "The items of the list can be separated by spaces or colons".
fn separates(byte: &u8) -> bool {
    matches!(byte, b' ' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preloaded(before: &str) -> String {
        preload(Path::new("/lib/libiopatch.so"), Some(before.into())).ok().unwrap().into_string().unwrap()
    }

    #[test]
    fn the_library_comes_first_and_once_and_the_rest_is_kept() {
        assert_eq!(preloaded(""), "/lib/libiopatch.so");
        assert_eq!(preloaded("a.so:b.so"), "/lib/libiopatch.so:a.so:b.so");
        assert_eq!(preloaded("a.so b.so"), "/lib/libiopatch.so:a.so:b.so");
        assert_eq!(preloaded("a.so:/lib/libiopatch.so"), "/lib/libiopatch.so:a.so");
        assert_eq!(preloaded("/lib/libiopatch.so:/lib/libiopatch.so"), "/lib/libiopatch.so");
    }

    #[test]
    fn a_path_that_ld_preload_cannot_name_is_refused() {
        assert!(preload(Path::new("/my lib/libiopatch.so"), None).is_err());
        assert!(preload(Path::new("/a:b/libiopatch.so"), None).is_err());
    }
}
