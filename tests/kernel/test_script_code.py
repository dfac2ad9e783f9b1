"""prof script -F insn, insnlen, disasm, brstackinsn: the code at samples and between branches, from the
binaries, as perf prints it; and the records of code that the kernel changed."""

import json
import os
import random
import re
import shutil
import struct
import subprocess

from fake_recording import FakeRecording, branch_flags
from harness import (Skip, check, check_equal, check_in, check_same_lines, main, perf_ok, prof,
                     prof_ok, require_perf, test, workload)

LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"
KERNEL = 0xffffffff81000000


def require_x86():
    require_perf()
    if os.uname().machine != "x86_64":
        raise Skip("perf knows the instructions of x86 only")
    if not os.path.exists(LIBC):
        raise Skip(f"{LIBC} is not installed")


def text_section(path):
    """Where the code of an ELF64 is: (offset, size)."""
    with open(path, "rb") as file:
        image = file.read()
    offset, = struct.unpack_from("<Q", image, 40)
    size, count, names = struct.unpack_from("<HHH", image, 58)
    headers = [struct.unpack_from("<IIQQQQ", image, offset + i * size) for i in range(count)]
    for header in headers:
        if image[headers[names][4] + header[0]:].startswith(b".text\0"):
            return header[4], header[5]
    raise AssertionError(f"{path} has no .text")


def both(path, *options):
    theirs = perf_ok("script", "-i", path, *options).out
    check_same_lines(prof_ok("script", "-i", path, *options).out, theirs, " ".join(options))
    return theirs


@test
def instructions_of_samples_are_perfs(tmp):
    require_x86()
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-F", "997", "-e", "cpu-clock:u", "-g", "-o", path, "--",
            workload("shares"), "0.3")
    for fields in ("ip,insn", "ip,insnlen", "comm,insn,insnlen"):
        text = both(path, "-F", fields)
        check(("ilen: " if "insnlen" in fields else "insn: ") in text, f"no code in {text[:300]}")
    both(path, "-G", "-F", "+insn,+insnlen")


@test
def lengths_of_all_kinds_of_instructions_are_perfs(tmp):
    require_x86()
    recording = FakeRecording(arch="x86_64")
    start = recording.map_file(LIBC, os.path.getsize(LIBC))
    offset, size = text_section(LIBC)
    for at in range(offset, offset + size, 67):  # also in the middle of instructions
        recording.sample(start + at)
    path = recording.write(f"{tmp}/perf.data")
    ours = prof_ok("script", "-i", path, "-F", "ip,insn,insnlen").out.splitlines()
    theirs = perf_ok("script", "-i", path, "-F", "ip,insn,insnlen").out.splitlines()
    check_equal(len(ours), len(theirs), "lines")
    # Most of these bytes are in the middle of an instruction, where no sample can be taken: perf takes
    # some for instructions that are none in 64-bit mode, and knows by name which vector instructions
    # there are, where prof goes by their encoding alone.
    different = [(a, b) for a, b in zip(ours, theirs) if a != b]
    wrong = [pair for pair in different if "ilen: 0" not in pair[0]]
    check(len(theirs) > 10000, f"only {len(theirs)} samples")
    check(len(wrong) * 100 < len(theirs), f"{len(wrong)} of {len(theirs)} differ: {wrong[:5]}")


def boundaries(tmp, function, size):
    """The offsets at which the instructions of a function begin, by perf."""
    recording = FakeRecording(arch="x86_64")
    start = recording.map_file(LIBC, os.path.getsize(LIBC))
    for at in range(function, function + size):
        recording.sample(start + at)
    path = recording.write(f"{tmp}/walk.data")
    lengths = [int(line.split("ilen:")[1])
               for line in perf_ok("script", "-i", path, "-F", "ip,insnlen").out.splitlines()]
    at, found = 0, []
    while at < size and lengths[at] > 0:
        found.append(function + at)
        at += lengths[at]
    return found


def functions_of_libc():
    nm = subprocess.run(["nm", "-D", LIBC], capture_output=True, text=True, check=False)
    if nm.returncode != 0:
        raise Skip("nm is not installed")
    named = {}
    for line in nm.stdout.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == "T":
            named[words[2].split("@")[0]] = int(words[0], 16)
    text_offset, _ = text_section(LIBC)
    return [named[name] for name in ("strtol", "qsort_r", "getenv", "fwrite", "regexec", "printf")
            if named.get(name, 0) >= text_offset]


def branchy_recording(tmp):
    """Walks through functions of libc, from branch to branch as they could have been taken, and some
    that cannot: into the middle, to nowhere, too far, across kernel and user."""
    dice = random.Random(1)
    recording = FakeRecording(branches=True, arch="x86_64")
    start = recording.map_file(LIBC, os.path.getsize(LIBC))
    recording.map_kernel("[kernel.kallsyms]_text", KERNEL, 0x1000000, KERNEL)
    functions = functions_of_libc()
    check(len(functions) >= 3, f"functions of libc: {functions}")
    for function in functions:
        places = [start + at for at in boundaries(tmp, function, 200)]
        check(len(places) > 20, f"{function:#x}: {len(places)} instructions")
        for _ in range(20):
            branches = []
            for _ in range(dice.randrange(1, 6)):
                begin = dice.randrange(len(places) - 8)
                end = begin + dice.randrange(8)
                # newest first: what runs is from a branch's target to the next one's origin
                branches.append([places[end], places[begin]])
            entries = []
            target = places[0]
            for origin, begin in branches:
                entries.append((origin, target, branch_flags(
                    dice.random() < 0.7, dice.random() < 0.2, dice.random() < 0.1,
                    dice.choice((0, 0, 3, 17, 65535)))))
                target = begin
            entries.append((places[3], target, branch_flags(cycles=2)))
            if dice.random() < 0.2:
                entries.insert(1, (0, 0, branch_flags()))
            if dice.random() < 0.2:
                entries.insert(1, (KERNEL + 0x100, places[2], branch_flags()))
            if dice.random() < 0.2:
                entries.insert(1, (places[8], places[0], branch_flags()))
                entries[0] = (places[4] + 1, *entries[0][1:])  # in the middle of an instruction
            if dice.random() < 0.2:
                entries.append((places[5] + 1, places[6] + 40000, branch_flags(False)))
            recording.sample(dice.choice((places[7], entries[0][0], places[0] + 1, places[-1])),
                             branches=entries)
    # Into functions at their beginning.
    entries = [(start + function + 3, start + function, branch_flags()) for function in functions]
    recording.sample(start + functions[0], branches=entries)
    recording.sample(start, branches=[])
    return recording.write(f"{tmp}/perf.data")


@test
def the_code_between_branches_is_perfs(tmp):
    require_x86()
    path = branchy_recording(tmp)
    text = both(path, "-F", "ip,brstackinsn")
    for word in ("insn: ", "# PRED", "# MISPRED", " INTX", " ABORT", " IPC", "65535 cycles",
                 "mismatch of LBR data", "... not reaching sample ...", "+"):
        check_in(word, text)
    check(re.search(r"^\t\w+:$", text, re.M), "no function from its beginning on")
    both(path, "-F", "ip,insn,brstackinsn,brstackinsnlen")
    both(path, "-F", "comm,brstack,insnlen,brstackinsnlen")
    samples = [json.loads(line) for line in
               prof_ok("script", "-i", path, "--json", "-F", "ip,insn,brstackinsn").out.splitlines()]
    lines = [line for sample in samples for line in sample["brstackinsn"]]
    check_equal(sum("insn" in line and line["insn"] != "" for line in lines),
                text.count("\tinsn: "), "instructions")
    check_equal(sum("cycles" in line for line in lines), text.count("\t#"), "branches")


@test
def a_branch_stack_has_a_mebibyte_of_code_at_most(tmp):
    if not os.path.exists(LIBC):
        raise Skip(f"{LIBC} is not installed")
    recording = FakeRecording(branches=True)
    start = recording.map_file(LIBC, os.path.getsize(LIBC)) + text_section(LIBC)[0]
    recording.sample(start + 1, branches=[(start + 16000, start, branch_flags())] * 2000)
    path = recording.write(f"{tmp}/perf.data")
    text = prof_ok("script", "-i", path, "-F", "ip,brstackinsn").out
    check_in("more than a MiB", text)
    check(len(text) < 50 << 20, f"{len(text)} bytes")


@test
def branches_that_were_not_all_recorded_have_no_code_between_them(tmp):
    recording = FakeRecording()
    recording.sample(4096)
    path = recording.write(f"{tmp}/perf.data")
    done = prof("script", "-i", path, "-F", "ip,brstackinsn")
    check_equal(done.code, 2, "exit code")
    check_in("record -b", done.err)
    done = prof("script", "-i", path, "-F", "metric")
    check_equal(done.code, 2, "exit code of metric")
    check_in("perf stat", done.err)


@test
def what_instructions_mean_is_told(tmp):
    """push, a call of a known function, a vector instruction, and bytes that are no instruction."""
    if not shutil.which("cc"):
        raise Skip("no compiler")
    source = f"{tmp}/code.s"
    with open(source, "w") as file:
        file.write(".type callee,@function\ncallee: push %rbp\n.size callee, 1\n"
                   ".type caller,@function\ncaller: call callee\n"
                   " lea 8(%rax,%rax,2),%ecx\n jne caller+5\n .byte 6\n .size caller, .-caller\n")
    built = subprocess.run(["cc", "-shared", "-nostdlib", "-o", f"{tmp}/code.so", source],
                           capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise Skip(f"not x86-64: {built.stderr[:200]}")
    offset, _ = text_section(f"{tmp}/code.so")
    recording = FakeRecording()
    start = recording.map_file(f"{tmp}/code.so", 0x10000)
    for at in (0, 1, 6, 10, 12):
        recording.sample(start + offset + at)
    recording.sample(0x123456)  # where nothing is mapped
    path = recording.write(f"{tmp}/perf.data")
    lines = prof_ok("script", "-i", path, "-F", "ip,insn,disasm").out.splitlines()
    check_equal([line.split("insn: ")[1] if "insn: " in line else "" for line in lines],
                ["55\t\tpushq %rbp", "e8 fa ff ff ff\t\tcallq callee+0x0",
                 "8d 4c 40 08\t\tleal 8(%rax, %rax, 2), %ecx", "75 fa\t\tjne caller+0x5", "", ""],
                "text")
    rows = prof_ok("script", "-i", path, "--csv", "-F", "ip,insn,insnlen,disasm").out.splitlines()
    check(rows[0].endswith("insn,insnlen,disasm"), rows[0])
    check(rows[1].endswith(",55,1,pushq %rbp"), rows[1])
    samples = [json.loads(line) for line in
               prof_ok("script", "-i", path, "--json", "-F", "insn,insnlen,disasm").out.splitlines()]
    check_equal(samples[1]["disasm"], "callq callee+0x0", "JSON")
    check_equal(samples[4], {"insnlen": 0, "insn": "", "disasm": ""}, "JSON of none")


@test
def code_of_the_kernel_comes_from_its_memory_or_its_image(tmp):
    """kcore beside a kallsyms that has the kernel where it was recorded."""
    def elf(kind, code, address):
        header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        header += struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
        segment = struct.pack("<IIQQQQQQ", 1, 5, 0x1000, address, 0, len(code), len(code), 4096)
        return (header + segment).ljust(0x1000, b"\0") + code
    os.makedirs(f"{tmp}/proc")
    with open(f"{tmp}/proc/kallsyms", "w") as file:
        file.write(f"{KERNEL:x} T _text\n{KERNEL + 0x100:x} T work\n")
    code = bytes(0x100) + bytes.fromhex("4889e5c3")
    with open(f"{tmp}/proc/kcore", "wb") as file:
        file.write(elf(4, code, KERNEL))
    with open(f"{tmp}/vmlinux", "wb") as file:
        file.write(elf(2, code[:0x100] + bytes.fromhex("31c0c3"), KERNEL))

    def recorded(at, reference):
        recording = FakeRecording()
        recording.map_kernel("[kernel.kallsyms]_text", at, 0x1000000, reference)
        recording.sample(at + 0x100, kernel=True)
        return recording.write(f"{tmp}/perf.data")

    def insn(*options):
        text = prof_ok("script", "-F", "ip,insn", "-i", f"{tmp}/perf.data", *options).out
        return text.split("insn: ")[1].strip() if "insn: " in text else None
    kallsyms = ("--kallsyms", f"{tmp}/proc/kallsyms")
    recorded(KERNEL, KERNEL)
    check_equal(insn(*kallsyms), "48 89 e5", "of the memory")
    # It has no symbol that tells whether it lay where it is linked.
    check_equal(insn("--vmlinux", f"{tmp}/vmlinux"), None, "of an image without symbols")
    recorded(KERNEL, 0)
    check_equal(insn("--vmlinux", f"{tmp}/vmlinux"), "31 c0", "of the image")
    check_equal(insn(*kallsyms), None, "of memory that may be another boot's")
    recorded(KERNEL + 0x200000, KERNEL + 0x200000)
    check_equal(insn(*kallsyms), None, "of another boot's memory")
    with open(f"{tmp}/proc/kcore", "wb") as file:
        file.write(b"\x7fELF")
    recorded(KERNEL, KERNEL)
    check_equal(insn(*kallsyms), None, "of a kcore that is none")


@test
def code_that_the_kernel_changed_is_told_as_perf_does(tmp):
    require_perf()
    recording = FakeRecording()
    recording.map_kernel("[kernel.kallsyms]_text", KERNEL, 0x1000000, KERNEL)
    start = recording.map_file("/bin/true", 0x4000)
    recording.sample(start)
    recording.text_poke(KERNEL + 0x123, bytes(range(5)), bytes(range(20)))
    recording.text_poke(KERNEL + 0x40, b"", bytes(16))
    recording.sample(start + 1)
    path = recording.write(f"{tmp}/perf.data")
    text = both(path, "--kallsyms", "/proc/kallsyms", "-F", "comm,tid,time,ip",
                "--show-text-poke-events")
    check_equal(text.count("TEXT_POKE"), 2, "records")
    check("TEXT_POKE" not in prof_ok("script", "-i", path).out, "told without being asked")
    told = [json.loads(line) for line in prof_ok("script", "--json", "--show-text-poke-events", "-i",
                                                 path).out.splitlines()]
    check_equal([each["record"] for each in told if "record" in each], ["TEXT_POKE"] * 2, "JSON")


main()
