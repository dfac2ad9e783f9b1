"""`--weight`, `--filter` and patterns where BPF programs count: as of an ordinary recording."""

import os
import re

from harness import (check, check_equal, check_in, main, perf_ok, prof, prof_ok, require_bpf,
                     require_perf, require_tracefs, require_uprobes, test, workload)
from recordings import folded_stacks, recorded_samples

WRITES = ("dd", "if=/dev/zero", "of=/dev/null", "bs=1000", "count=50", "status=none")
WRITE = "syscalls:sys_enter_write"
CALLS = 100


def sums(text):
    return {stack: count for stack, count in folded_stacks(text).items() if count}


def ordinary(tmp, event, field, command):
    """The folded sums of a recording that has every hit, and what is said of it."""
    path = f"{tmp}/ordinary"
    prof_ok("record", "-g", "--call-graph", "fp", "-e", event, "-o", path, "--", *command)
    done = prof_ok("fold", "--weight", field, "-i", path)
    return sums(done.out), done.err


@test
def sums_of_a_field_are_those_of_an_ordinary_recording(tmp):
    wanted, _ = ordinary(tmp, WRITE, "count", WRITES)
    check_equal(sum(wanted.values()), 50000, "bytes written")
    done = prof_ok("stacks", "-f", "--weight", "count", WRITE, "--", *WRITES)
    check_equal(sums(done.out), wanted, "stacks")
    done = prof_ok("stacks", "--weight", "count", WRITE, "--", *WRITES)
    check_equal(sum(map(int, re.findall(r"^    (\d+)$", done.out, re.M))), 50000, "list")
    path = f"{tmp}/counted"
    done = prof_ok("record", "--bpf", "-g", "--call-graph", "fp", "--weight", "count", "-e", WRITE,
                   "-o", path, "--", *WRITES)
    check_in("(50 samples, ", done.err, "closing line")
    for options in ((), ("--weight", "count"), ("--weight", "period")):
        check_equal(sums(prof_ok("fold", *options, "-i", path).out), wanted, f"fold {options}")
    hits = sums(prof_ok("fold", "--weight", "samples", "-i", path).out)
    check_equal(sum(hits.values()), 50, "fold --weight samples")
    report = prof_ok("report", "--stdio", "-i", path).out
    check_in("Sum of field 'count': 50000", report, "report")
    check_in("Samples: 50  of event", report, "report")


@test
def perf_sees_the_sums_as_periods(tmp):
    require_perf()
    path = f"{tmp}/counted"
    prof_ok("record", "--bpf", "-g", "--weight", "count", "-e", WRITE, "-o", path, "--", *WRITES)
    periods = perf_ok("script", "-F", "period", "-G", "-i", path).out.split()
    check_equal(sum(map(int, periods)), 50000, "periods")


@test
def fields_of_all_sizes_and_negative_ones(tmp):
    reads = ("sh", "-c", "cat /nosuch /proc/self/stat > /dev/null 2>&1; true")
    for event, field, command in (("syscalls:sys_exit_openat", "ret", reads),
                                  ("sched:sched_process_fork", "parent_pid", reads),
                                  ("sched:sched_process_exit", "prio", reads)):
        wanted, said = ordinary(tmp, event, field, command)
        done = prof_ok("stacks", "-f", "--weight", field, event, "--", *command)
        if field != "parent_pid":
            check_equal(sums(done.out), wanted, f"{event} by {field}")
        check(sum(sums(done.out).values()) > 0, f"nothing is summed of {event}")
        left_out = [re.search(r"(\d+) (?:hit|sample)s? .*left out", text) for text in (said, done.err)]
        check_equal(left_out[1] and left_out[1][1], left_out[0] and left_out[0][1], "left out")
    check(left_out[0] is None, "prio is never negative")


@test
def filters_are_kept_where_hits_are_counted(tmp):
    for text, count in (("count == 1000", 50), ("count == 1", 0)):
        done = prof_ok("stacks", "-f", "--filter", text, WRITE, "--", *WRITES)
        check_equal(sum(sums(done.out).values()), count, f"hits of {text}")
        check_in("recording each sample instead", done.err, "note")
    done = prof_ok("stacks", "-f", "--filter", "count == 1000", "--weight", "count", WRITE, "--",
                   *WRITES)
    check_equal(sum(sums(done.out).values()), 50000, "sum of what is filtered")
    done = prof_ok("record", "--bpf", "-e", WRITE, "--filter", "count == 1000", "-o", f"{tmp}/file",
                   "--", *WRITES)
    check_equal(recorded_samples(done.err), 50, "samples")


@test
def patterns_are_counted_by_their_events(tmp):
    done = prof_ok("stacks", "-f", "sched:sched_process_[ef]*", "--", "sh", "-c",
                   "/bin/true; /bin/true")
    leaves = {}
    for stack, count in folded_stacks(done.out).items():
        leaves[stack[-1]] = leaves.get(stack[-1], 0) + count
    check_equal(leaves, {"[sched:sched_process_exec]": 3, "[sched:sched_process_exit]": 3,
                         "[sched:sched_process_fork]": 2}, "events")
    require_uprobes()
    program = workload("static_probes")
    done = prof_ok("stacks", "-f", f"uprobe:{program}:step_*", "--", program, CALLS)
    found = {stack[-1]: count for stack, count in folded_stacks(done.out).items()}
    check_equal(found, {"step_often": 1, "step_seldom": 1, "step_armed": 1}, "functions")
    done = prof_ok("stacks", "-f", f"usdt:{program}:demo:*", "--", program, CALLS)
    found = {stack[-2:]: count for stack, count in folded_stacks(done.out).items()}
    step, armed = (f"[usdt:{program}:demo:{name}]" for name in ("step", "armed"))
    check_equal(found, {("step_often", step): 2 * CALLS, ("step_seldom", step): CALLS,
                        ("step_armed", armed): CALLS}, "static probes")
    done = prof_ok("stacks", f"usdt:{program}:demo:step", "--", program, CALLS)
    check("[usdt" not in done.out, f"the event of one is no frame:\n{done.out}")


@test
def events_of_a_pattern_without_the_field_are_left_out():
    done = prof_ok("stacks", "-f", "--weight", "parent_pid", "sched:sched_process_[ef]*", "--", "sh",
                   "-c", "/bin/true; /bin/true")
    check_equal({stack[-1] for stack in folded_stacks(done.out)}, {"[sched:sched_process_fork]"},
                "events")


@test
def what_cannot_be_weighed_is_told(tmp):
    for told, *arguments in (
            ("did you mean count?", "stacks", "--weight", "cout", WRITE),
            ("has no field 'nosuch' to weigh by", "stacks", "--weight", "nosuch", "sched:*"),
            ("is no number to sum", "stacks", "--weight", "common_pid", WRITE),
            ("is no number to sum", "stacks", "--weight", "comm", "sched:sched_process_exit"),
            ("--weight is of tracepoints", "stacks", "--weight", "count", "page-faults"),
            ("is a group", "stacks", "{cs,faults}"),
            ("'page-faults' has no fields", "stacks", "--filter", "a == 1", "page-faults"),
            ("is of what is counted in the kernel", "record", "-o", f"{tmp}/no", "--weight", "count",
             "-e", WRITE)):
        done = prof(*arguments, "--", "true")
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(told, done.err, "message")
    check(not os.path.exists(f"{tmp}/no"), "an empty file is left")


main(require_bpf, require_tracefs)
