"""Recordings larger than memory: what reads them in a cgroup whose memory is a fraction of the file
ends well, and prints what it prints without a limit."""

import contextlib
import hashlib
import os
import subprocess

from harness import (PROF, SANITIZED, Skip, check, check_equal, main, prof_ok, require_root, test, workload)

NAME = f"prof-memory-{os.getpid()}"
LIMIT = 32 << 20
COPIES = (16, 16, 3)  # of a small recording, each of the one before


def memory_controller():
    """The folder in which cgroups with a limit of memory can be made, and the limit's file."""
    if SANITIZED:
        raise Skip("a sanitizer needs more memory than the limit")
    with open("/proc/mounts", encoding="ascii") as mounts:
        lines = [line.split() for line in mounts]
    for _, place, kind, options, *_ in lines:
        if kind == "cgroup" and "memory" in options.split(","):
            return place, "memory.limit_in_bytes"
    for _, place, kind, *_ in lines:
        if kind != "cgroup2":
            continue
        with contextlib.suppress(OSError), open(f"{place}/cgroup.subtree_control",
                                                encoding="ascii") as control:
            if "memory" in control.read().split():
                return place, "memory.max"
    raise Skip("no cgroups with a limit of memory can be made here")


@contextlib.contextmanager
def little_memory():
    """A cgroup that has no more than LIMIT, pages of files included, as the folder it is."""
    place, limit = memory_controller()
    folder = f"{place}/{NAME}"
    try:
        os.mkdir(folder)
        for name, value in ((limit, LIMIT), ("memory.swap.max", 0)):
            if os.path.exists(f"{folder}/{name}"):
                with open(f"{folder}/{name}", "w", encoding="ascii") as file:
                    file.write(str(value))
    except OSError as error:
        raise Skip(f"no cgroup can be made here: {error}") from error
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def run_in(folder, *command):
    """(exit code, digest of the output); `folder`: of the cgroup to be in, if any."""
    def enter():
        if folder:
            with open(f"{folder}/cgroup.procs", "w", encoding="ascii") as procs:
                procs.write(str(os.getpid()))

    digest = hashlib.sha256()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=enter) as process:
        while block := process.stdout.read(1 << 20):
            digest.update(block)
        return process.wait(), digest.hexdigest()


def forget(path):
    """What is in memory of a file, which else is counted to whom read it before."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def large_recording(tmp, *options):
    path = f"{tmp}/0"
    prof_ok("record", "-q", "-F", "997", "-e", "cpu-clock:u", *options, "-o", path, "--",
            workload("shares"), "0.7")
    for number, copies in enumerate(COPIES, 1):
        merged = f"{tmp}/{number}"
        prof_ok("merge", "-o", merged, *[path] * copies)
        os.remove(path)
        path = merged
    return path


def same_with_little_memory(path, commands):
    size = os.path.getsize(path)
    check(size > 2 * LIMIT, f"{path} has {size} bytes only")
    with little_memory() as folder:
        whole = ("python3", "-c", "import sys; open(sys.argv[1], 'rb').read()", path)
        check(run_in(folder, *whole)[0] != 0, "the limit is none")
        for words in commands:
            command = (PROF, *words, "-i", path)
            wanted = run_in(None, *command)
            check_equal(wanted[0], 0, f"exit code of {words}")
            forget(path)
            check_equal(run_in(folder, *command), wanted, f"{words} with little memory")


@test
def tables_pictures_and_lines_need_little_memory(tmp):
    path = large_recording(tmp, "-g")
    same_with_little_memory(path, (("report", "--stdio"), ("flamegraph",), ("fold",), ("script",)))


@test
def a_file_without_rounds_needs_little_memory_if_it_is_in_order(tmp):
    path = large_recording(tmp, "-g")
    # A round that ends becomes a record that nobody knows.
    content = bytearray(open(path, "rb").read())
    at = int.from_bytes(content[40:48], "little")
    end = at + int.from_bytes(content[48:56], "little")
    rounds = 0
    while at < end:
        if content[at:at + 4] == b"\x44\0\0\0":
            content[at:at + 4] = b"\x7f\0\0\0"
            rounds += 1
        at += int.from_bytes(content[at + 6:at + 8], "little")
    check(rounds > 100, f"{rounds} rounds")
    with open(path, "wb") as file:
        file.write(content)
    del content
    same_with_little_memory(path, (("script", "-F", "comm,tid,time,ip"),))


main(require_root)
