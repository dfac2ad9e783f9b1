#!/usr/bin/env python3
"""Damages recordings and sees what prof makes of them: cut at many places, and with random bytes
changed. It must end by itself, within 10 seconds and with no more than 4 times the memory of the sound
file, with exit code 0, or 1 and a word on the file and the offset.

    tests/fuzz/damage.py --prof build/release/prof --cuts 200 --flips 1000 FILE…

Prints a line for each failure and a summary; what failed is kept in the folder of --keep. The seed says
which bytes change, so that a failure can be had again.
"""

import argparse
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

MOST_SECONDS = 10
MOST_MEMORY = 4
# Below this the program itself is what takes memory.
LEAST_MEMORY = 24 << 10  # KiB

COMMANDS = [["script", "--show-mmap-events", "--show-task-events"], ["report", "--stdio", "-g"],
            ["fold"], ["report", "--header", "-I"], ["script", "--dump"], ["script", "--json"],
            ["flamegraph"]]


class Run:
    def __init__(self, command, err):
        self.timed_out = False
        with open(os.devnull, "wb") as out, open(err, "wb") as errors:
            started = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)

            def too_long(*_):
                self.timed_out = True
                process.kill()

            signal.signal(signal.SIGALRM, too_long)
            signal.alarm(MOST_SECONDS)
            while True:
                try:
                    _, status, usage = os.wait4(process.pid, 0)
                    break
                except InterruptedError:
                    continue
            signal.alarm(0)
        process.returncode = 0
        self.seconds = time.monotonic() - started
        self.code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        self.memory = usage.ru_maxrss  # KiB
        self.err = pathlib.Path(err).read_text(errors="replace")


def complaint(run, name, most_memory):
    if run.timed_out:
        return f"takes longer than {MOST_SECONDS} s"
    if run.code not in (0, 1, 2):
        return f"ends with {run.code}: {run.err[-300:]}"
    if run.code != 0 and not run.err.startswith("prof: "):
        return f"says nothing of its own: {run.err[:300]}"
    # That a file is empty, or none of ours, or that an option is not for it, needs no offset.
    if run.code == 1 and not re.search(r"offset|no samples|no event attributes|does not say|magic|"
                                       r"holds counts|version 1|has no", run.err):
        return f"names no offset: {run.err[:300]}"
    if run.memory > most_memory:
        return f"takes {run.memory} KiB, of {most_memory} allowed"
    return None


def damaged(content, cuts, flips, rng):
    """(what was done, the bytes) for each damage."""
    for i in range(cuts):
        size = len(content) * i // cuts
        yield f"cut{size}", content[:size]
    for i in range(flips):
        changed = bytearray(content)
        # Half of them in the first part, where a change means more.
        end = len(changed) if i % 2 else min(len(changed), 2048)
        what = []
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            at = rng.randrange(end)
            changed[at] = rng.choice((0, 0xff, 0x80, changed[at] ^ (1 << rng.randrange(8)),
                                      rng.randrange(256)))
            what.append(at)
        yield f"flip{what[0]}", bytes(changed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--prof", default=os.environ.get("PROF", "build/release/prof"))
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default=None, help="folder for what failed")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    failures = runs = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as tmp:
        path, err = f"{tmp}/damaged.data", f"{tmp}/err"
        common = ["--symfs", tmp, "--kallsyms", "/dev/null", "--no-cache", "-i"]
        for file in options.files:
            content = pathlib.Path(file).read_bytes()
            rng = random.Random(f"{options.seed} {os.path.basename(file)}")
            sound = {}
            for number, (what, data) in enumerate(damaged(content, options.cuts, options.flips,
                                                          rng)):
                pathlib.Path(path).write_bytes(data)
                index = number % len(COMMANDS)
                command = [options.prof, *COMMANDS[index], *common]
                if index not in sound:
                    sound[index] = Run([*command, file], err).memory
                most = MOST_MEMORY * max(sound[index], LEAST_MEMORY)
                run = Run([*command, path], err)
                runs += 1
                slowest = max(slowest, run.seconds)
                wrong = complaint(run, path, most)
                if not wrong:
                    continue
                failures += 1
                print(f"{file} {what}: prof {' '.join(COMMANDS[index])}: {wrong}", flush=True)
                if options.keep:
                    os.makedirs(options.keep, exist_ok=True)
                    kept = pathlib.Path(options.keep) / f"{os.path.basename(file)}.{what}"
                    kept.write_bytes(data)
    print(f"{runs} damaged recordings, {failures} failures, {slowest:.1f} s the slowest")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
