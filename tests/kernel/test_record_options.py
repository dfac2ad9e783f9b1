"""The options of record that say what a sample has: recorded as perf does, and refused in words."""

import os
import re

from harness import (NOBODY, PROF, check, check_equal, check_in, main, perf_ok, prof, prof_ok,
                     require_perf, require_root, run, test)
from recordings import attributes, recorded_samples, refused

BURN = ("dd", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=500")
CLOCK = ("-e", "cpu-clock")


def record(path, *options, command=BURN):
    return prof_ok("record", *options, "-o", path, "--", *command)


@test
def attributes_are_those_of_perf(tmp):
    require_perf()
    for options in ("-d", "-W", "--phys-data", "--data-page-size", "--code-page-size", "-I",
                    "-Iax,bx,r15", "--intr-regs=sp", "--user-regs=ax,sp", "--user-regs", "-R", "-s",
                    "-T", "-P -c 1000", "-c 1000", "--sample-cpu", "--sample-identifier",
                    "--running-time", "--all-user", "--all-kernel", "--all-cgroups", "--namespaces",
                    "--no-bpf-event", "--call-graph fp --kernel-callchains", "--strict-freq",
                    "--call-graph fp --user-callchains", "-B -N --buildid-all", "-n",
                    "-d -W -I --user-regs=ip -P -c 5000 --code-page-size --data-page-size"):
        words = (*options.split(), *CLOCK)
        record(f"{tmp}/ours", *words, command=("true",))
        perf_ok("record", "-q", "-B", "-N", *words, "-o", f"{tmp}/theirs", "--", "true")
        ours, theirs = (attributes(f"{tmp}/{name}", ()) for name in ("ours", "theirs"))
        check_equal(ours, theirs, options)


@test
def contents_are_recorded(tmp):
    require_perf()
    path = f"{tmp}/file"
    record(path, "-d", "-W", "--phys-data", "--data-page-size", "--code-page-size", "-Iax,ip",
           "--user-regs=sp,ip", "-P", "-c", "1", "-e", "page-faults")
    text = perf_ok("script", "-i", path, "-F", "addr,iregs,uregs,period,code_page_size").out
    lines = [line for line in text.splitlines() if line.strip()]
    check(len(lines) > 30, f"{len(lines)} page faults")
    for line in lines:
        check(re.fullmatch(r" +1 +[0-9a-f]+ ABI:2 +AX:0x[0-9a-f]+ +IP:0x[0-9a-f]+ +"
                           r"ABI:2 +SP:0x[0-9a-f]+ +IP:0x[0-9a-f]+ +(N/A|\d+[BKMG])", line),
              f"sample: {line}")


@test
def counts_of_threads_are_recorded(tmp):
    require_perf()
    command = ("sh", "-c", "dd if=/dev/zero of=/dev/null bs=1M count=500 2> /dev/null; true")
    for options in (("-s",), ("-s", "-n")):
        done = record(f"{tmp}/file", *options, *CLOCK, command=command)
        text = perf_ok("script", "-D", "-i", f"{tmp}/file").out
        counts = [int(n) for n in re.findall(r"PERF_RECORD_READ: \d+ \d+ \S+ (\d+)", text)]
        check(counts and max(counts) > 1000000, f"{options}: counts {counts}")
        samples = recorded_samples(done.err)
        check(samples == 0 if "-n" in options else samples > 10, f"{options}: {samples} samples")


@test
def only_one_side_is_recorded(tmp):
    for option, kernel in (("--all-user", False), ("--all-kernel", True)):
        record(f"{tmp}/file", option, *CLOCK)
        text = prof_ok("script", "-i", f"{tmp}/file", "-F", "ip").out
        addresses = [int(word, 16) for word in text.split()]
        check(all((a >> 63 != 0) == kernel for a in addresses), f"{option}: {addresses[:5]}")


@test
def only_a_part_of_the_chain_is_recorded(tmp):
    for option, kernel in (("--user-callchains", False), ("--kernel-callchains", True)):
        record(f"{tmp}/file", "--call-graph", "fp", option, *CLOCK)
        text = prof_ok("script", "-i", f"{tmp}/file", "-F", "ip", "--addr", "absolute").out
        addresses = [int(word, 16) for word in text.split()]
        wanted = [(a >> 63 != 0) == kernel for a in addresses]
        # Frame pointers that are none lead anywhere.
        check(sum(wanted) > 0.95 * len(wanted) > 0, f"{option}: {[hex(a) for a in addresses[:9]]}")


@test
def registers_are_listed():
    for option in ("-I?", "--intr-regs=?", "--user-regs=?"):
        done = prof_ok("record", option)
        check_equal(done.out.split()[0], "AX" if os.uname().machine == "x86_64" else "x0", option)


@test
def perfs_other_options_are_told_instead():
    for options, told in ((("--aio",), "leave it out"), (("--group",), "{EVENT,EVENT}"),
                          (("-r", "5"), "chrt"), (("--per-thread",), "-t TID -i"),
                          (("-aS",), "AUX"), (("--vmlinux=/boot/x",), "prof report --vmlinux"),
                          (("--off-cpu-thresh", "5"), "--min-block")):
        refused(2, told, *options)
    # What perf has and prof does not is in the table: none is merely unknown.
    require_perf()
    options = re.findall(r"--([a-z][a-z-]+)", run("perf", "record", "-h").err)
    check(len(options) > 60, f"{len(options)} options of perf record")
    ours = prof_ok("record", "--help").out
    for option in sorted(set(options)):
        if re.search(rf"--{option}\b", ours):
            continue
        done = prof("record", f"--{option}", "--", "true")
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(f"prof record has no --{option}: ", done.err, "message")


@test
def a_dry_run_records_nothing(tmp):
    prof_ok("record", "--dry-run", "-e", "cpu-clock", "-o", f"{tmp}/file", "--", "true")
    check(not os.path.exists(f"{tmp}/file"), "a file is written")
    done = prof("record", "--dry-run", "-e", "cpu-clok", "--", "true")
    check_equal(done.code, 2, f"exit code of:\n{done}")


@test
def what_is_mistyped_is_told():
    for told, *options in (
            ("no register 'foo' to record", "-Ifoo"),
            ("no register 'xmm0' to record", "--user-regs=xmm0"),
            ("no branch filter 'all'", "-j", "all"),
            ("-b and -j exclude each other", "-b", "-j", "any"),
            ("--all-user and --all-kernel", "--all-user", "--all-kernel"),
            ("--bpf makes samples of its own", "--bpf", "-d"),
            ("--call-graph bpf makes samples of its own", "--call-graph", "bpf", "-W"),
            ("dwarf,live makes samples of its own", "--call-graph", "dwarf,live", "-b")):
        refused(2, told, *options)


@test
def what_the_machine_refuses_is_told():
    if not os.path.isdir("/sys/bus/event_source/devices/cpu"):
        for options in (("-b",), ("-j", "any_call,u"), ("-b", "-e", "cpu-clock")):
            refused(1, "cannot have branches", *options)
        refused(1, "hardware events need a PMU", "-b", "-e", "cycles")
        refused(1, "cannot have vector registers", "-Ixmm0", *CLOCK)
    refused(1, "--strict-freq wants no less", "--strict-freq", "-F", "10000000")
    done = run("setpriv", f"--reuid={NOBODY}", "--clear-groups", PROF, "record", "--phys-data",
               *CLOCK, "-o", "/tmp/not-made", "--", "true")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("not permitted to record physical addresses", done.err, "message")


main(require_root)
