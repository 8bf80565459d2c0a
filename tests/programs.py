"""The programs of tests/c: what they ask for, how they are built and run.

The bare run is the reference: a preloaded run must end with the same exit
status and print the same. A program may set, in comments among its first
lines:

    /* cflags: -O2 -fexceptions */   more flags for the compiler
    /* libs: -ldl */                 libraries, after the source
    /* time: 60 */                   seconds it may take (default 30)
    /* alone */                      it measures time: nothing runs beside it
    /* timed */                      it claims that something takes no longer
                                     than so, or comes in the order of time

A file lib_NAME.c becomes lib_NAME.so next to the programs, for them to dlopen.
"""
import argparse
import difflib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "c"
WARN = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]
C = ["cc", "-std=gnu17", *WARN]
# util.h names only the fields it sets, which g++ would warn about.
CXX = ["c++", "-std=gnu++20", *WARN, "-Wno-missing-field-initializers"]


class Program:
    """A source file, what its directives ask for, and where it is built."""

    def __init__(self, source, out):
        self.source, self.name = source, source.stem
        head = "".join(source.read_text().splitlines(keepends=True)[:6])
        found = dict(re.findall(r"/\* (cflags|libs|time): (.*?) \*/", head))
        self.flags = shlex.split(found.get("cflags", ""))
        self.libs = shlex.split(found.get("libs", ""))
        self.seconds = float(found.get("time", 30))
        self.alone = "/* alone */" in head
        self.timed = self.alone or "/* timed */" in head
        self.shared = self.name.startswith("lib_")
        self.binary = out / (self.name + (".so" if self.shared else ""))

    def build(self, newest_header):
        """Compiles if anything is newer than the binary; returns the error."""
        needed = max(self.source.stat().st_mtime, newest_header)
        if self.binary.exists() and self.binary.stat().st_mtime > needed:
            return ""
        command = [*(CXX if self.source.suffix == ".cc" else C)]
        command += ["-shared", "-fPIC"] if self.shared else ["-Wl,-rpath,$ORIGIN"]
        command += [*self.flags, "-o", self.binary, self.source, *self.libs]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        return done.stderr or "the compiler failed" if done.returncode else ""


def build(options, pool):
    """Builds what the options choose; returns the programs, and the errors."""
    options.out.mkdir(parents=True, exist_ok=True)
    sources = sorted([*SOURCES.glob("*.c"), *SOURCES.glob("*.cc")])
    programs = [p for p in (Program(s, options.out) for s in sources)
                if p.shared or not options.filter or any(f in p.name for f in options.filter)]
    newest = max(f.stat().st_mtime for f in [*SOURCES.glob("*.h"), Path(__file__)])
    built, errors = [], 0
    for program, error in zip(programs, pool.map(lambda p: p.build(newest), programs)):
        if error:
            print(f"not ok - {program.name} [build]\n{error}", flush=True)
            errors += 1
        elif not program.shared:
            built.append(program)
    return built, errors


@dataclass
class Outcome:
    status: str
    stdout: str
    stderr: str
    evidence: str = ""

    @property
    def hung(self):
        return self.status.startswith("hung")


def members(leader):
    """The processes, not zombies, of the session that `leader` began."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rsplit(")", 1)[1].split()[:4]
        except OSError:
            continue  # it ended meanwhile
        if int(session) == leader and state not in "ZX":
            yield int(stat.parent.name)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_session(leader):
    """Kills what is left of the session that `leader` began."""
    while found := list(members(leader)):  # what we kill may just have forked
        for pid in found:
            kill(pid)


class Runner:
    """Runs programs, each in a session of its own, which is gone afterwards."""

    def __init__(self, at_hang=None):
        self.at_hang = at_hang  # looks at a session that hangs; says what it saw
        # A shell starts what goes to the background with these ignored, and what we run would inherit that.
        for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
            if signal.getsignal(number) == signal.SIG_IGN:
                signal.signal(number, default)
        self.leaders = set()
        self.lock = threading.Lock()
        self.stopped = False

    def begin(self, command, **options):
        with self.lock:
            if self.stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(command, start_new_session=True, **options)
            self.leaders.add(process.pid)
            return process

    def stop(self):
        """Ends what runs; nothing begins any more."""
        with self.lock:
            self.stopped = True
            for leader in self.leaders:
                end_session(leader)

    def run(self, program, environment, seconds=None):
        seconds = seconds or program.seconds
        # Files, not pipes: a left-over child must not keep us reading.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self.begin([program.binary], stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=err, env=environment)
            evidence = ""
            try:
                code = process.wait(seconds)
                status = f"exit {code}" if code >= 0 else signal.Signals(-code).name
            except subprocess.TimeoutExpired:
                status = f"hung (killed after {seconds:g} s)"
                if self.at_hang:
                    evidence = self.at_hang(process.pid)
            end_session(process.pid)
            with self.lock:
                self.leaders.discard(process.pid)
            process.wait()
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode(errors="replace"))
            return Outcome(status, *texts, evidence)


def environments(options):
    """The modes: a name and an environment each, bare first."""
    bare = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    modes = [("bare", bare)]
    if not options.bare_only:
        built = ROOT / "target" / "release" / "libiopatch.so"
        library = Path(os.environ.get("IOPATCH_LIB", built))
        if not library.is_file():
            sys.exit(f"no library at {library}: build it, or set IOPATCH_LIB")
        for n in options.workers.split(","):
            preload = {"LD_PRELOAD": str(library.resolve()), "IOPATCH_WORKERS": n}
            modes.append((f"workers={n}", bare | preload))
    return modes


def faults(got, want):
    """Why an outcome is a failure, as lines; none if it is as it should be."""
    lines = []
    if got.status != want.status:
        lines.append(f"{got.status}, want {want.status}")
    lines += difflib.unified_diff(want.stdout.splitlines(), got.stdout.splitlines(),
                                  "wanted", "printed", lineterm="")
    return lines


def report(program, mode, lines, got):
    """Shows a failure, in one piece."""
    text = [f"not ok - {program.name} [{mode}]"]
    text += ["    " + line for line in lines]
    text += ["    stderr: " + line for line in got.stderr.splitlines()[-40:]]
    text += ["    " + line for line in got.evidence.splitlines()]
    print("\n".join(text), flush=True)


def parser(description, workers):
    """The options that every runner has."""
    made = argparse.ArgumentParser(description=description,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("filter", nargs="*", help="run only programs whose name contains one of these")
    add("--workers", default=workers,
        help=f"IOPATCH_WORKERS of the preloaded runs ({workers})")
    add("--jobs", type=int, default=os.cpu_count(), help="programs at a time")
    add("--bare-only", action="store_true", help="no preloaded runs")
    add("--out", type=Path, default=ROOT / "target" / "tests", help="where to build")
    return made
