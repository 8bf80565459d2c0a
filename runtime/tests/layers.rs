//! The layers of a crate: no file imports from a layer above its own, and files import each other in a circle only where a
//! reason is given. docs/DESIGN.md shows the same layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// One crate.
struct House {
    /// Where its files are, from the root of the workspace.
    source: &'static str,
    /// The highest first. A name is a module's, with all that is in it but what a longer name says; those of one layer
    /// don't know each other.
    layers: &'static [&'static [&'static str]],
    /// Files that belong to none: they put the crate together, or are compiled for tests only.
    outside: &'static [&'static str],
    /// Folders whose files may know each other in a circle, each with the reason.
    circles: &'static [(&'static str, &'static str)],
}

/// The table.
const HOUSES: &[House] = &[
    House {
        source: "runtime/src",
        layers: &[
            &["process"],
            &["children", "vfork"],
            &["signals"],
            &["wait"],
            &["sched"],
            &["reactor"],
            &["waker"],
            &["task"],
            &["masks", "section", "timer"],
            &["duties", "local"],
            &["sys"],
            &["sync"],
            &["sys::futex"],
            &["sys::clock"],
            &["arch"],
        ],
        outside: &["lib", "models"],
        circles: &[(
            "sched",
            "a runtime is its workers, its carriers and its monitor, each of which acts on the others",
        )],
    },
    House {
        source: "preload/src",
        layers: &[
            &["entry"],
            &["hooks"],
            &["threads"],
            &["signals"],
            &["os_thread"],
            &["wait"],
            &["abi"],
            &["table"],
            &["voice"],
            &["sys"],
        ],
        outside: &["lib", "bin", "damage"],
        circles: &[("signals", "the frame is assembly, which calls what looks it up")],
    },
];

/// `crate::a::b` is `["a", "b"]`.
type Module = Vec<String>;

struct File {
    path: PathBuf,
    module: Module,
    /// Without comments and literals; the lines are where they were.
    text: String,
}

/// One path that a file names, the file that it names first, and the one that it leads to, if the first only passes on
/// what is in another.
struct Import {
    line: usize,
    path: String,
    by: usize,
    to: usize,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a crate, but for those outside and for tests.
fn files(house: &House) -> Vec<File> {
    let source = root().join(house.source);
    let mut files = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(&source).expect("it is in the source").with_extension("");
            let mut module: Module = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|name| name == "mod") {
                module.pop();
            }
            let is_test = module.iter().any(|name| name == "tests");
            if path.extension().is_some_and(|ext| ext == "rs") && !is_test && !house.outside.contains(&&*module[0]) {
                let text = strip(&fs::read_to_string(&path).expect("the file can be read"));
                files.push(File { path, module, text });
            }
        }
    }
    files.sort_by(|a, b| a.module.cmp(&b.module));
    files
}

/// Leaves comments, strings and characters out, but for the ends of their lines.
fn strip(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => quoted(rest, '"'),
            // A character, not a lifetime.
            '\'' if rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'') => quoted(rest, '\''),
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        out.extend(rest[..length].chars().filter(|&c| c == '\n'));
        rest = &rest[length..];
    }
    out
}

/// The length of what is quoted at the beginning of `text`.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// One `use`, or one path within the code: where it begins, what it names, and by which name if it is passed on.
struct Named {
    line: usize,
    path: Vec<String>,
    passed_on: Option<String>,
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path in a file that may lead to another one of the crate.
fn named(file: &File) -> Vec<Named> {
    let text = &*file.text;
    let mut all = Vec::new();
    let mut code = text.to_owned();
    let mut at = 0;
    while let Some(found) = text[at..].find("use ").map(|found| at + found) {
        at = found + 4;
        let head = text[..found].trim_end_matches([' ', '\t']);
        let starts = text[..found].chars().next_back().is_none_or(|c| !is_of_name(c));
        let Some(end) = text[at..].find(';').map(|end| at + end).filter(|_| starts) else { continue };
        let public = head.ends_with("pub") || (head.ends_with(')') && head.contains("pub("));
        let public = public && head.rsplit(['\n', ';', '}']).next().is_some_and(|last| last.trim().starts_with("pub"));
        let line = 1 + text[..found].matches('\n').count();
        tree(&[], &text[at..end], &mut |path, name| {
            all.push(Named { line, path, passed_on: public.then_some(name) });
        });
        code.replace_range(found..end, &text[found..end].replace(|c| c != '\n', " "));
        at = end;
    }
    for (number, line) in code.lines().enumerate() {
        for start in ["crate::", "super::"] {
            for (at, _) in line.match_indices(start) {
                // The middle of a longer path.
                if line[..at].ends_with(|c| is_of_name(c) || c == ':') {
                    continue;
                }
                let path = line[at..].split(|c| !is_of_name(c) && c != ':').next().unwrap_or_default();
                let path = path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
                all.push(Named { line: number + 1, path, passed_on: None });
            }
        }
    }
    all
}

/// Calls `each` with every path of a tree of `use`, and the name that it gets.
fn tree(before: &[String], text: &str, each: &mut dyn FnMut(Vec<String>, String)) {
    let mut depth = 0;
    let parts = text.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        let (path, inner) = part.split_once('{').unwrap_or((part, ""));
        let (path, alias) = path.split_once(" as ").unwrap_or((path, ""));
        let names = path.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        let mut path: Vec<String> = before.iter().cloned().chain(names).collect();
        if part.contains('{') {
            tree(&path, inner.strip_suffix('}').unwrap_or(inner), each);
            continue;
        }
        if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        let name = if alias.is_empty() { path.last().cloned().unwrap_or_default() } else { alias.trim().to_owned() };
        each(path, name);
    }
}

/// A path as seen from the crate's root; `None`: it leads out of the crate.
fn absolute(from: &Module, path: &[String], modules: &BTreeMap<Module, usize>) -> Option<Module> {
    let child = || from.iter().cloned().chain(path.iter().take(1).cloned()).collect::<Module>();
    let mut base = from.clone();
    let mut rest = path;
    match &*path[0] {
        "crate" => (base, rest) = (Vec::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|name| name == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        _ if modules.contains_key(&child()) => {}
        _ => return None,
    }
    Some(base.into_iter().chain(rest.iter().cloned()).collect())
}

/// Who imports whom. What a file only passes on (`pub use`) counts for those who use it there.
fn imports(files: &[File]) -> Vec<Vec<Import>> {
    let modules: BTreeMap<Module, usize> = files.iter().enumerate().map(|(n, file)| (file.module.clone(), n)).collect();
    let mut passed_on = BTreeMap::new();
    let mut taken = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for named in named(file) {
            let Some(path) = absolute(&file.module, &named.path, &modules) else { continue };
            match named.passed_on {
                Some(name) => drop(passed_on.insert((number, name), path)),
                None => taken.push((number, named.line, named.path.join("::"), path)),
            }
        }
    }
    let mut imports: Vec<Vec<Import>> = files.iter().map(|_| Vec::new()).collect();
    for (number, line, path, absolute) in taken {
        let by = lead(&absolute, &modules, &BTreeMap::new());
        let to = lead(&absolute, &modules, &passed_on).filter(|&to| to != number);
        if let (Some(by), Some(to)) = (by, to) {
            imports[number].push(Import { line, path, by, to });
        }
    }
    imports
}

/// The file in which what `path` names is.
fn lead(path: &Module, modules: &BTreeMap<Module, usize>, on: &BTreeMap<(usize, String), Module>) -> Option<usize> {
    let mut path = path.clone();
    for _ in 0..8 {
        let length = (0..=path.len()).rev().find(|&length| modules.contains_key(&path[..length]))?;
        let file = modules[&path[..length]];
        match path.get(length).and_then(|name| on.get(&(file, name.clone()))) {
            Some(further) => path = further.iter().cloned().chain(path[length + 1..].iter().cloned()).collect(),
            None => return Some(file),
        }
    }
    None
}

/// The number of a module's layer, from the top, and the name there that covers it.
fn place(house: &House, module: &Module) -> Option<(usize, &'static str)> {
    let module = module.join("::");
    let covers = |name: &str| module.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let names = house.layers.iter().enumerate().flat_map(|(layer, names)| names.iter().map(move |name| (layer, *name)));
    names.filter(|(_, name)| covers(name)).max_by_key(|(_, name)| name.len())
}

#[test]
fn nobody_imports_from_above() {
    let mut faults = String::new();
    for house in HOUSES {
        let files = files(house);
        for (file, imports) in files.iter().zip(imports(&files)) {
            let path = file.path.strip_prefix(root()).expect("it is in the workspace").display();
            let Some(own) = place(house, &file.module) else {
                let _ = writeln!(faults, "{path} is in no layer");
                continue;
            };
            let place_of = |file: usize| place(house, &files[file].module);
            let both = imports.iter().flat_map(|import| [import.by, import.to].map(|file| (import, place_of(file))));
            let both: BTreeSet<_> = both.map(|(import, its)| (import.line, &import.path, its)).collect();
            for (line, import, its) in both {
                let Some(its) = its.filter(|its| its.0 <= own.0 && *its != own) else { continue };
                let [own, its] = [own, its].map(|(layer, _)| house.layers[layer].join(", "));
                let _ = writeln!(faults, "{path}:{line}: `{import}`: `{own}` does not lie above `{its}`");
            }
        }
    }
    assert!(faults.is_empty(), "imports that go up, or aside:\n{faults}");
}

/// The files that each file reaches.
fn reached(imports: &[Vec<Import>]) -> Vec<BTreeSet<usize>> {
    let from = |start: usize| {
        let mut seen = BTreeSet::new();
        let mut next = vec![start];
        while let Some(file) = next.pop() {
            next.extend(imports[file].iter().map(|import| import.to).filter(|&to| seen.insert(to)));
        }
        seen
    };
    (0..imports.len()).map(from).collect()
}

#[test]
fn circles_have_a_reason() {
    let mut faults = String::new();
    for house in HOUSES {
        let files = files(house);
        let reached = reached(&imports(&files));
        let mut circles = BTreeMap::<String, Vec<String>>::new();
        for (number, file) in files.iter().enumerate().filter(|(number, _)| reached[*number].contains(number)) {
            let with =
                (0..files.len()).filter(|&other| reached[number].contains(&other) && reached[other].contains(&number));
            let first = with.min().map(|first| files[first].module.join("::")).unwrap_or_default();
            circles.entry(first).or_default().push(file.module.join("::"));
        }
        let mut excused = BTreeSet::new();
        for circle in circles.values() {
            let inside =
                |folder: &str| circle.iter().all(|file| file == folder || file.starts_with(&format!("{folder}::")));
            let reason = house.circles.iter().find(|(folder, _)| inside(folder));
            match reason {
                Some((folder, _)) => drop(excused.insert(*folder)),
                None => drop(writeln!(faults, "{}: no reason for {}", house.source, circle.join(", "))),
            }
        }
        for (folder, reason) in house.circles.iter().filter(|(folder, _)| !excused.contains(folder)) {
            let _ = writeln!(faults, "{}: `{folder}` has no circle any more ({reason})", house.source);
        }
    }
    assert!(faults.is_empty(), "circles of imports:\n{faults}");
}

/// A picture begins with the crate's source, and has a line for each layer that begins with its names.
#[test]
fn the_picture_shows_the_layers() {
    let design = fs::read_to_string(root().join("docs/DESIGN.md")).expect("docs/DESIGN.md can be read");
    for house in HOUSES {
        let picture = design.split("```text\n").skip(1).find(|block| block.trim_start().starts_with(house.source));
        let picture = picture.unwrap_or_else(|| panic!("docs/DESIGN.md has no picture of {}", house.source));
        let lines = picture.lines().skip(1).take_while(|line| *line != "```").map(str::trim);
        let names: Vec<_> = lines.filter(|line| !line.is_empty()).filter_map(|line| line.split("  ").next()).collect();
        let layers: Vec<_> = house.layers.iter().map(|names| names.join(", ")).collect();
        assert_eq!(names, layers, "docs/DESIGN.md, the picture of {}, and the table", house.source);
    }
}
