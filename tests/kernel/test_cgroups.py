"""Cgroups and namespaces: what is recorded in one, which each sample is of, and what is refused."""

import contextlib
import os
import re
import subprocess

from harness import (Skip, check, check_equal, check_in, main, perf_ok, prof, prof_ok, require_perf,
                     require_root, test)
from recordings import attributes

SPIN = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
NAME = f"prof-test-{os.getpid()}"


def cgroup_root():
    with open("/proc/mounts", encoding="utf-8") as mounts:
        lines = [line.split() for line in mounts]
    v1 = [words[1] for words in lines if words[2] == "cgroup" and "perf_event" in words[3].split(",")]
    v2 = [words[1] for words in lines if words[2] == "cgroup2"]
    for root in v1 + v2:
        if os.access(root, os.W_OK):
            return root
    raise Skip("no cgroups can be made here")


@contextlib.contextmanager
def spinning_in_cgroup():
    """A process that is busy in a cgroup of its own."""
    folder = f"{cgroup_root()}/{NAME}"
    os.mkdir(folder)
    process = None
    try:
        process = subprocess.Popen(["python3", "-c", SPIN])
        with open(f"{folder}/cgroup.procs", "w", encoding="utf-8") as procs:
            procs.write(str(process.pid))
        yield process
    finally:
        if process:
            process.kill()
            process.wait()
        os.rmdir(folder)


def pids_of(path, event=None):
    options = ("--event", event) if event else ()
    return {int(pid) for pid in
            prof_ok("script", "-i", path, *options, "-F", "pid").out.split()}


@test
def only_the_cgroup_is_recorded(tmp):
    with spinning_in_cgroup() as process:
        for options in ((), ("-g",), ("--bpf", "-g")):
            done = prof_ok("record", "-e", "cpu-clock", "-G", NAME, "-a", *options, "-o",
                           f"{tmp}/file", "--", "sleep", "0.3")
            samples = int(re.search(r"\((\d+) samples", done.err)[1])
            check(samples > 100, f"{options}: {samples} samples")
            check_equal(pids_of(f"{tmp}/file"), {process.pid}, f"{options}: recorded processes")


@test
def events_have_cgroups_of_their_own(tmp):
    with spinning_in_cgroup() as process:
        prof_ok("record", "-e", "cpu-clock,task-clock", "-G", f"{NAME},", "-a", "-o", f"{tmp}/file",
                "--", "sleep", "0.3")
        check_equal(pids_of(f"{tmp}/file", "cpu-clock"), {process.pid}, "of the first")
        require_perf()
        perf_ok("record", "-q", "-B", "-N", "-e", "cpu-clock", "-e", "task-clock", "-G", f"{NAME},",
                "-a", "-o", f"{tmp}/theirs", "--", "sleep", "0.1")
        check_equal(attributes(f"{tmp}/file"), attributes(f"{tmp}/theirs"),
                    "attributes")


def rows(report, keys):
    """The words of each row. perf makes the column of names as wide as the threads' last ones and
    cuts the others (`prof-exec`, before it was `sleep`), so only as many characters are compared as
    the column always has; prof's holds each name whole."""
    names = 1 + keys.split(",").index("comm") if "comm" in keys else None
    return [[word[:len("Command")] if place == names else word
             for place, word in enumerate(line.split())]
            for line in re.findall("^[^#\n].*", report, re.M)]


@test
def samples_tell_their_cgroup(tmp):
    path = f"{tmp}/file"
    with spinning_in_cgroup() as process:
        prof_ok("record", "--all-cgroups", "--namespaces", "-e", "cpu-clock", "-a", "-o", path,
                "--", "sleep", "0.3")
    lines = prof_ok("script", "-i", path, "-F", "pid,cgroup").out.split("\n")
    of_process = {line.split()[1] for line in lines if line.split()[:1] == [str(process.pid)]}
    check(len(of_process) == 1 and of_process.pop().endswith(f"/{NAME}"), "cgroup of the process")
    check(not any(NAME in line for line in lines if line.split()[:1] != [str(process.pid)]),
          "others are in it, too")
    require_perf(exactly=(6, 1))
    for keys in ("cgroup", "cgroup,comm", "cgroup_id,comm", "comm,cgroup"):
        ours, theirs = (rows(tool("report", "--stdio", "-i", path, "--sort", keys).out, keys)
                        for tool in (prof_ok, perf_ok))
        check_equal(ours, theirs, keys)


@test
def what_is_mistyped_is_told():
    cgroup_root()
    for told, *options in (
            ("there is no cgroup 'nosuch'", "-a", "-e", "cpu-clock", "-G", "nosuch"),
            ("is of the events before it", "-a", "-G", "/", "-e", "cpu-clock"),
            ("give -a, or CPUs by -C", "-e", "cpu-clock", "-G", "/"),
            ("one more than there are events", "-a", "-e", "cpu-clock", "-G", "/,/"),
            ("exclude each other", "-a", "--off-cpu", "-e", "cpu-clock", "-G", "/")):
        done = prof("record", *options, "-o", "not-made", "--", "true")
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(told, done.err, " ".join(options))
        check(not os.path.exists("not-made"), "an empty file is left")


main(require_root)
