"""Names of generated code come from jit-PID.dump, at the time of each sample, without an injection."""

import collections
import os
import re

from harness import (Skip, check, check_equal, check_in, check_near, check_same_lines, main, ok,
                     perf, prof, prof_ok, require_perf, test, workload)
from recordings import folded_stacks

SHARES = {"jit_first": 25, "jit_second": 25, "jit_moved": 50}


def record(tmp, *options):
    path = f"{tmp}/jit.data"
    done = prof("record", "-F", 997, "-g", *options, "-o", path, "--", workload("jitdump"), 2, tmp)
    if done.code == 77:
        raise Skip("the jitdump workload knows no code for this machine")
    check(done.code == 0, done)
    return path, f"{tmp}/jit-{int(done.out)}.dump"


def check_shares(path):
    stacks = folded_stacks(prof_ok("fold", "-i", path).out)
    total = sum(stacks.values())
    for name, share in SHARES.items():
        found = 100.0 * sum(n for stack, n in stacks.items() if name in stack) / total
        check_near(found, share, 5.0, f"{name}: share")


@test
def code_that_took_the_place_of_other_code_and_code_that_moved_is_told_apart(tmp):
    path, dump = record(tmp)
    check_shares(path)
    script = prof_ok("script", "-i", path, "-F", "ip,sym,symoff,dso")
    for name in SHARES:
        # At which instruction of the loop the samples are is the processor's affair.
        check(re.search(rf"\b{name}\+0x[0-9a-f]+ \({re.escape(dump)}\)", script.out),
              f"no {name} of {dump} in\n{script.out}")
    check_equal(script.err, "", "warnings")
    lines = prof_ok("script", "-i", path, "-F", "ip,sym,srcline").out
    for line in (11, 21, 31):  # of the loops
        check_in(f"\n  generated.js:{line}\n", lines)


@test
def without_a_clock_of_its_own_the_dumps_times_count_from_its_mapping(tmp):
    if perf("record", "-o", f"{tmp}/probe", "true").code != 0:
        raise Skip("perf cannot record here")
    path = f"{tmp}/perf.data"
    ok(perf("record", "-F", 997, "-g", "-o", path, "--", workload("jitdump"), 2, tmp))
    check_shares(path)


@test
def the_names_are_those_of_perf_inject(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    done = perf("record", "-k", 1, "-F", 997, "-g", "-o", path, "--", workload("jitdump"), 2, tmp)
    if done.code != 0:
        raise Skip("perf cannot record here")
    ok(perf("inject", "--jit", "-i", path, "-o", f"{tmp}/injected.data", cwd=tmp))
    # Per sample: the time, and the names of the generated code in it. The addresses count from the
    # start of a file that perf made for each function, so they differ.
    def generated(text):
        found = collections.Counter()
        for block in text.split("\n\n"):
            names = tuple(re.findall(r"\bjit_\w+\+0x\w+", block))
            time = re.search(r"(\d+\.\d+):", block)
            if names and time:
                found[(time.group(1), names)] += 1
        return found
    wanted = generated(ok(perf("script", "-F", "comm,tid,time,ip,sym,symoff", "-i",
                               f"{tmp}/injected.data")).out)
    got = generated(prof_ok("script", "-F", "comm,tid,time,ip,sym,symoff", "-i", path).out)
    check(len(wanted) > 1500, f"perf names generated code in {len(wanted)} samples only")
    check_equal(got - wanted, collections.Counter(), "samples that only prof names so")
    check_equal(wanted - got, collections.Counter(), "samples that only perf names so")


@test
def embedded_names_do_without_the_dump(tmp):
    path, dump = record(tmp)
    fields = "comm,tid,time,ip,sym,symoff,dso,srcline"
    before = prof_ok("script", "-i", path, "-F", fields).out
    report = prof_ok("report", "--stdio", "-i", path).out
    prof_ok("embed", "-i", path)
    os.unlink(dump)
    after = prof_ok("script", "-i", path, "-F", fields)
    check_same_lines(after.out, before, "script without the dump")
    check_equal(after.err, "", "warnings")
    check_same_lines(prof_ok("report", "--stdio", "-i", path).out, report, "report without it")


@test
def code_that_tells_how_to_unwind_it_is_unwound(tmp):
    path = f"{tmp}/jit.data"
    done = prof("record", "-F", 997, "--call-graph", "dwarf", "-o", path, "--",
                workload("jitdump"), 1, tmp, "frameless")
    if done.code == 77:
        raise Skip("the workload knows no such code for this machine")
    check(done.code == 0, done)
    dump = f"{tmp}/jit-{int(done.out)}.dump"

    def whole():
        stacks = folded_stacks(prof_ok("fold", "--no-inline", "-i", path).out)
        found = [(stack, n) for stack, n in stacks.items() if "burn_callback" in stack]
        check(sum(n for _, n in found) > 500, stacks)
        good = sum(n for stack, n in found
                   if "main;run_frameless;jit_frameless;call_back;" in ";".join(stack))
        return good / sum(n for _, n in found)

    check(whole() > 0.99, f"{whole():.1%} of the stacks are whole")
    # Without the information they end in the generated code, as perf's do.
    with open(dump, "r+b") as file:
        content = file.read()
        at = content.index(b"zR\0\1\x78\x10") - 5
        file.seek(at)
        file.write(b"\xff" * 4)
    check(whole() < 0.01, "unwound without the information")


@test
def without_the_dump_it_is_said(tmp):
    path, dump = record(tmp)
    os.unlink(dump)
    done = prof_ok("report", "--stdio", "-i", path)
    check("jit_first" not in done.out, "a name from a dump that is gone")
    check_in(dump, done.err, "warnings")


@test
def a_hostile_dump_does_not_harm(tmp):
    path, dump = record(tmp)
    with open(dump, "rb") as file:
        good = file.read()
    for content in (b"", b"DTiJ", good[:40], good[:100], good[:40] + b"\xff" * 4096,
                    good[:40] + bytes(4096), good[:60] + os.urandom(5000), os.urandom(5000)):
        with open(dump, "wb") as file:
            file.write(content)
        done = prof("report", "--stdio", "-i", path)
        check(done.code == 0, f"{content[:40]!r}:\n{done}")


main()
