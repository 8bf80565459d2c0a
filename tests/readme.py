#!/usr/bin/env python3
"""Runs the `console` blocks of README.md as a shell would, and compares.

    tests/readme.py README PREFIX

In a block, `$ ` begins a command and `> ` goes on with it; what follows is what it must print, on both streams. A line
`...` stands for any lines, `[..]` for any text, and a last line `[N]` for an exit status other than 0. The commands run
in an empty directory, one after the other, with PREFIX in the place of /usr/local.
"""
import os
import re
import subprocess
import sys
import tempfile


def cases(text):
    """Each command, what it must print, and its status."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for case in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = case.splitlines()
            first = 1
            while first < len(lines) and lines[first].startswith("> "):
                first += 1
            command = "\n".join([lines[0], *(line[2:] for line in lines[1:first])])
            wanted, status = lines[first:], 0
            if wanted and (number := re.fullmatch(r"\[(\d+)\]", wanted[-1])):
                wanted, status = wanted[:-1], int(number[1])
            yield command, wanted, status


def pattern(lines):
    """A regular expression for the lines that are wanted."""
    whole = ""
    for line in lines:
        if line == "...":
            whole += r"(?:.*\n)*"
        else:
            whole += ".*".join(map(re.escape, line.split("[..]"))) + r"\n"
    return whole


def main():
    readme, prefix = sys.argv[1:]
    environment = {"PATH": f"{prefix}/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": "/"}
    failed = total = 0
    with tempfile.TemporaryDirectory() as directory:
        for command, wanted, status in cases(open(readme).read()):
            total += 1
            done = subprocess.run(
                ["sh", "-c", command.replace("/usr/local", prefix)], cwd=directory, env=environment, timeout=30,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode == status and re.fullmatch(pattern(wanted), done.stdout):
                continue
            failed += 1
            print(f"$ {command}\nstatus {done.returncode}, printed:\n{done.stdout}wanted [{status}]:", *wanted, sep="\n")
    print(f"{total} commands, {failed} failed")
    sys.exit(1 if failed or not total else 0)


if __name__ == "__main__":
    main()
