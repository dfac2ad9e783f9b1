"""Files that are cut, empty or garbage: each reader says what is wrong and where, and never crashes."""

import os
import random
import re

from harness import (check, check_equal, main, prof, prof_ok, test, workload)

# Every command that reads a recording, with what makes it read all of it.
READERS = [
    ["report", "--stdio"],
    ["report", "--header-only"],
    ["report", "--stats"],
    ["script"],
    ["fold"],
    ["flamegraph"],
]
HEADER_SIZE = 104  # of a perf.data file in file mode


def recordings(tmp, seconds=0.3):
    """{kind: bytes} of small recordings of each form."""
    found = {}
    for kind, options in (("plain", ["--no-compress"]), ("compressed", [])):
        path = f"{tmp}/{kind}.data"
        prof_ok("record", "-F", 299, "-g", *options, "-o", path, "--", workload("shares"), seconds)
        with open(path, "rb") as file:
            found[kind] = file.read()
    piped = prof_ok("record", "-F", 299, "-g", "-o", "-", "--", workload("shares"), seconds)
    found["pipe"] = piped.out_bytes
    return found


def survives(done):
    """It ended by itself, and well or with a message."""
    check(done.code in (0, 1, 2), done)
    if done.code != 0:
        check(done.err.strip(), f"failed without a word:\n{done}")


def fails_naming(done, path, offset=True):
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check(path in done.err, f"the message does not name {path}:\n{done}")
    if offset:
        check(re.search(r"\boffset\b|\bat 0x|\bbyte", done.err),
              f"the message names no offset:\n{done}")


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


@test
def an_empty_file_is_refused(tmp):
    path = write(f"{tmp}/empty.data", b"")
    for reader in READERS:
        fails_naming(prof(*reader, "-i", path), path, offset=False)
        check_equal(prof(*reader, "-i", "-", stdin=b"").code, 1, f"exit code of {reader} -i -")


@test
def a_file_that_is_not_there_or_not_a_file_is_refused(tmp):
    for path in (f"{tmp}/missing.data", tmp):
        for reader in READERS:
            fails_naming(prof(*reader, "-i", path), path, offset=False)


@test
def garbage_is_refused(tmp):
    noise = random.Random(1).randbytes(70000)
    for content in (b"\0" * 4096, noise, b"PERFILE2" + noise, b"PERFILE2" + b"\xff" * 200,
                    b"2ELIFREP" + noise, b"PERFFILE" + noise):
        path = write(f"{tmp}/garbage.data", content)
        for reader in READERS:
            fails_naming(prof(*reader, "-i", path), path, offset=False)


@test
def text_without_stacks_is_refused(tmp):
    # Anything without NUL bytes may be folded stacks; that there are none is a matter of data.
    for content in (b"\n", b"hello\n", b"\xff\x80\xc0 garbage", b"# only a comment\n"):
        path = write(f"{tmp}/text.folded", content)
        for reader in (["report", "--stdio"], ["fold"], ["flamegraph"]):
            done = prof(*reader, "-i", path)
            check(done.code in (1, 2) and path in done.err, done)


@test
def a_file_cut_within_its_magic_is_refused(tmp):
    content = recordings(tmp)["plain"]
    for size in (1, 4, 7):  # a word like "PERF" could be the start of folded stacks as well
        path = write(f"{tmp}/cut.data", content[:size])
        for reader in READERS:
            done = prof(*reader, "-i", path)
            check(done.code in (1, 2) and path in done.err, done)


@test
def a_file_cut_within_its_header_is_refused_with_the_offset(tmp):
    content = recordings(tmp)["plain"]
    for size in (8, 9, 16, 17, 50, HEADER_SIZE - 1):
        path = write(f"{tmp}/cut.data", content[:size])
        for reader in READERS:
            fails_naming(prof(*reader, "-i", path), path)


@test
def a_file_cut_anywhere_says_so_and_shows_what_is_there(tmp):
    for kind, content in recordings(tmp).items():
        places = [HEADER_SIZE, HEADER_SIZE + 1, len(content) - 1]
        places += [len(content) * i // 40 for i in range(1, 40)]
        for number, size in enumerate(places):
            path = write(f"{tmp}/cut.data", content[:size])
            reader = READERS[number % len(READERS)]
            done = prof(*reader, "-i", path)
            survives(done)
            if kind != "pipe" and size > HEADER_SIZE:  # a pipe may end anywhere between records
                check(path in done.err, f"{kind} cut at {size}: {path} is not named:\n{done}")
                check(re.search(r"\boffset\b|\bat 0x|\bbyte", done.err),
                      f"{kind} cut at {size}: no offset:\n{done}")


@test
def most_of_a_recording_still_gives_its_samples(tmp):
    # Long enough for several compressed records, which are lost as wholes.
    for kind, content in recordings(tmp, seconds=2.5).items():
        whole = write(f"{tmp}/whole.data", content)
        every = prof_ok("script", "-i", whole, "-F", "comm,tid,time").out.splitlines()
        path = write(f"{tmp}/most.data", content[:len(content) * 9 // 10])
        done = prof("script", "-i", path, "-F", "comm,tid,time")
        some = done.out.splitlines()
        check(0 < len(some) <= len(every), f"{kind}: {len(some)} of {len(every)} samples:\n{done}")
        check(every[:len(some)] == some, f"{kind}: other samples than the whole recording's")


@test
def flipped_bytes_do_not_crash(tmp):
    rng = random.Random(2)
    for content in recordings(tmp).values():
        for number in range(60):
            broken = bytearray(content)
            for _ in range(rng.choice((1, 4, 30))):
                # Half of the flips in the first pages, where the structure is.
                end = len(broken) if rng.random() < 0.5 else min(len(broken), 2000)
                broken[rng.randrange(end)] = rng.choice((0, 0xff, 0x80, rng.randrange(256)))
            path = write(f"{tmp}/flipped.data", bytes(broken))
            survives(prof(*READERS[number % len(READERS)], "-i", path))


@test
def standard_input_is_named_in_messages(tmp):
    done = prof("report", "--stdio", "-i", "-", stdin=b"PERFILE2" + os.urandom(5))
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check("stdin" in done.err or "standard input" in done.err, done)


main()
