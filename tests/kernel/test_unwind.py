"""Stacks unwound while recording: in the kernel (--call-graph bpf), and by the recorder (dwarf,live)."""

import os
import re

from harness import *
from recordings import folded, plain

CHAIN = ["main"] + [f"level_{n}" for n in range(40, 0, -1)]
ENTRY = ["_start", "__libc_start_main", "__libc_start_call_main"]
MODES = ["burn", "syscall", "vdso", "qsort", "signal", "library", "aligned"]
FREQUENCY = 1999


def record(tmp, method, *options, command, name="perf.data"):
    path = f"{tmp}/{name}"
    done = prof_ok("record", "-e", "cpu-clock", "-F", FREQUENCY, "--call-graph", method, *options,
                   "-o", path, "--", *command)
    check("Lost" not in done.err, f"samples were lost:\n{done.err}")
    return path, done


def is_exact(names, leaf):
    """The entry, the chain, the leaf, and whatever that calls below."""
    start = names.index("main") if "main" in names else -1
    return start > 0 and names[0] == "_start" and \
        names[start:start + len(CHAIN) + 1] == CHAIN + [leaf]


def is_part(names, leaf):
    """Whether a stack that was cut has nothing in it that is not in the chain."""
    wanted = ENTRY + CHAIN + [leaf]
    known = [name for name in names if name in wanted]
    at = wanted.index(known[0]) if known else 0
    return known == wanted[at:at + len(known)]


def count_chains(path, mode):
    """(samples of the chain, exact ones, wrong ones)"""
    leaf = f"leaf_{mode}"
    total = exact = wrong = 0
    for frames, count in folded(path):
        names = [plain(frame) for frame in frames]
        if not any(name.startswith("level_") for name in names) and leaf not in names and \
                not {"handler", "compare", "leaf_burn", "in_library"} & set(names):
            continue  # before and after
        total += count
        # level_1 asks for the time between two leaves.
        if is_exact(names, leaf) or (is_exact(names, "cpu_time") and leaf not in names) or \
                ("level_1" in names and names[-1] == "level_1" and names[0] == "_start"):
            exact += count
        elif names[0] != "[truncated stack]" or not is_part(names, leaf):
            # On the way down, or up, the chain is shorter.
            down = names.index("main") if "main" in names else 0
            if names[0] == "_start" and names[down:] == CHAIN[:len(names) - down]:
                exact += count
            else:
                wrong += count
    return total, exact, wrong


def check_chain(tmp, program, mode, method, least):
    path, _ = record(tmp, method, command=[workload(program), mode, "0.6",
                                           workload("libprof_leaf.so")])
    total, exact, wrong = count_chains(path, mode)
    check(total > 700, f"{program} {mode}: {total} samples")
    check_equal(wrong, 0, f"{program} {mode} by {method}: wrong chains")
    check(exact >= least * total, f"{program} {mode} by {method}: {exact} of {total} exact")


def programs():
    found = ["chain", "chain_nopie", "chain_static", "chain_clang", "chain_lld"]
    return [name for name in found if os.path.exists(workload(name))]


@test
def a_known_chain_is_what_the_kernel_finds(tmp):
    require_bpf()
    for program in programs():
        for mode in MODES:
            if mode == "library" and program == "chain_static":
                continue  # static programs load none
            # An alternate stack is not in the copies that the first walks are finished over.
            check_chain(tmp, program, mode, "bpf", 0.9 if mode == "signal" else 0.99)


@test
def a_known_chain_is_what_the_recorder_finds(tmp):
    for mode in MODES:
        if mode != "signal":
            check_chain(tmp, "chain", mode, "dwarf,live", 0.999)


@test
def the_file_has_no_copies_and_perf_reads_it(tmp):
    require_perf()
    methods = ["dwarf,live"]
    if os.geteuid() == 0 and os.path.exists("/sys/kernel/btf/vmlinux"):
        methods.append("bpf")
    for method in methods:
        path, _ = record(tmp, method, command=[workload("no_frame_pointers"), "1"])
        done = perf_ok("script", "-F", "comm,tid,time,event,ip,sym", "-i", path)
        check_equal(done.err.strip(), "", f"what perf says of {method}")
        theirs = done.out.split("\n\n")
        ours = prof_ok("script", "-F", "comm,tid,time,event,ip,sym", "-i", path).out.split("\n\n")
        check_equal(len(ours), len(theirs), "samples")
        check(len(ours) > 300, f"{len(ours)} samples")
        # A return address may be the first byte of another function, whose name perf shows.
        different = [(a, b) for a, b in zip(ours, theirs)
                     if [line.split()[0] for line in a.splitlines()[1:]] !=
                     [line.split()[0] for line in b.splitlines()[1:]] and "[truncated stack]" not in a]
        check(not different, f"{method}: {different[:1]}")
        cut = sum(1 for sample in ours if "[truncated stack]" in sample)  # perf shows no such frame
        check(cut < 0.01 * len(ours), f"{method}: {cut} of {len(ours)} are cut")
        whole = sum(1 for sample in theirs if re.search(r"\b(clone3|_start|_dl_start_user)\b", sample))
        check(whole > 0.99 * len(theirs), f"{method}: perf sees {whole} of {len(theirs)} whole")
        check(os.path.getsize(path) / len(ours) < 200, f"{os.path.getsize(path)} bytes")
        told = re.search(r"# Whole stacks: ([\d.]+) %", prof_ok("report", "--stdio", "-i", path).out)
        check(told and float(told[1]) > 99, f"the report says {told}")


@test
def counted_stacks_are_whole_too(tmp):
    require_bpf()
    path, done = record(tmp, "bpf", "--bpf", command=[workload("chain"), "burn", "1"])
    total, exact, wrong = count_chains(path, "burn")
    check_equal(wrong, 0, "wrong chains")
    check(exact > 0.99 * total > 0.99 * 1500, f"{exact} of {total}")
    samples = int(re.search(r"\((\d+) samples", done.err)[1])
    check_equal(sum(count for _, count in folded(path)), samples, "samples")


@test
def threads_are_whole_and_so_are_sleeping_ones(tmp):
    require_bpf()
    path, _ = record(tmp, "bpf", "--off-cpu", command=[workload("away"), "1"])
    quality = prof_ok("report", "--stdio", "--stack-quality", "-i", path).out
    told = re.search(r"# Stacks: (\d+) of (\d+) whole", quality)
    check(told and int(told[1]) >= 0.99 * int(told[2]), quality[-2000:])
    # Where samples have no stacks, the time away has.
    path = f"{tmp}/away.data"
    prof_ok("record", "--off-cpu", "-e", "cpu-clock", "-o", path, "--", workload("away"), "1")
    asleep = prof_ok("fold", "--event", "offcpu-time", "-i", path).out.splitlines()
    rooted = [line for line in asleep if line.split(";")[1] in ("_start", "clone3", "_dl_start_user")]
    check(asleep and len(rooted) >= 0.9 * len(asleep), "\n".join(asleep))


@test
def no_run_of_the_program_is_unaccounted_for(tmp):
    require_bpf()
    done = prof_ok("record", "-v", "-a", "--call-graph", "bpf", "-e", "cpu-clock", "-F", FREQUENCY,
                   "-o", f"{tmp}/perf.data", "--", "sh", "-c",
                   f"for i in 1 2 3 4 5 6 7 8; do {workload('shares')} 0.1 & done; wait")
    samples = int(re.search(r"\((\d+) samples", done.err)[1])
    ran = re.search(r"ran (\d+) times \((\d+) by its own count\)", done.err)
    lost = re.search(r"Lost (\d+) samples", done.err)
    lost = int(lost[1]) if lost else 0
    check_equal(int(ran[2]), samples + lost, "runs, by the program's own count")
    check_equal(int(ran[1]), samples + lost, "runs, by the kernel's count")
    stats = prof_ok("report", "--stats", "-i", f"{tmp}/perf.data").out
    check_equal(int(re.search(r"SAMPLE events:\s+(\d+)", stats)[1]), samples, "samples in the file")


@test
def libraries_that_come_and_go_are_unwound_by_their_own_tables(tmp):
    require_bpf()
    path, _ = record(tmp, "bpf", command=[workload("dlopens"), "1.2"])
    seen = 0
    for frames, count in folded(path):
        names = [plain(frame) for frame in frames]
        if "burn_in_plugin" in names:
            check(names[0] == "_start" and "main" in names and "plugin_entry" in names, frames)
            seen += count
    check(seen > 500, f"{seen} samples in the plugin")


@test
def numbers_are_those_of_our_own_pid_namespace(tmp):
    require_bpf()
    require_program("unshare")
    path = f"{tmp}/perf.data"
    done = run("unshare", "--pid", "--fork", "--mount-proc", PROF, "record", "-e", "cpu-clock", "-F",
               FREQUENCY, "--call-graph", "bpf", "-o", path, "--", workload("chain"), "burn", "0.5")
    if "unshare failed" in done.err or "Operation not permitted" in done.err:
        raise Skip(f"no new PID namespace: {done.err.strip()}")
    ok(done)
    total, exact, wrong = count_chains(path, "burn")
    check_equal(wrong, 0, "wrong chains")
    check(exact > 0.98 * total > 500, f"{exact} of {total}")


@test
def who_may_not_load_programs_is_told_and_gets_copies_unwound(tmp):
    require_root()
    path = f"{tmp}/perf.data"
    open_to_nobody(tmp)
    done = ok(unprivileged(PROF, "record", "-e", "cpu-clock:u", "-F", FREQUENCY, "--call-graph", "bpf", "-o",
                           path, "--", workload("chain"), "burn", "0.5"))
    check_in("unwinding copies of the stacks instead", done.err, "note")
    total, exact, wrong = count_chains(path, "burn")
    check_equal(wrong, 0, "wrong chains")
    check(exact > 0.99 * total > 500, f"{exact} of {total}")


@test
def what_makes_no_sense_is_refused(tmp):
    for options in (["--call-graph", "bpf,8192"], ["--call-graph", "dwarf,live,0"],
                    ["--call-graph", "dwarf,lively"], ["--off-cpu", "--call-graph", "dwarf,live"]):
        done = prof("record", *options, "-o", f"{tmp}/perf.data", "--", "true")
        check_equal(done.code, 2, f"exit code for {options}")


main()
