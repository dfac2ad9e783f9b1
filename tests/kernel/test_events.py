"""The event grammar: what -e takes is recorded as perf does, and refused in words."""

import os
import re
import subprocess
import time

from harness import (PROF, Skip, check, check_equal, check_in, main, perf_ok, prof, prof_ok, require_perf,
                     require_root, require_tracefs, run, test, workload)
from recordings import attributes, recorded_samples, refused

CALLS = 100
BURN = ("dd", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=2000")
EXECS = ("sh", "-c", "for i in 1 2 3 4 5; do /bin/true; done")

def both(tmp, options, command):
    """The same recording by prof and by perf: the files, and what prof said."""
    ours, theirs = f"{tmp}/ours", f"{tmp}/theirs"
    done = prof_ok("record", *options, "-o", ours, "--", *command)
    perf_ok("record", "-q", "-B", "-N", *options, "-o", theirs, "--", *command)
    return ours, theirs, done


def events_of(path):
    return prof_ok("script", "-i", path, "-F", "event").out.split()


@test
def attributes_are_those_of_perf(tmp):
    require_perf()
    for events in ("cpu-clock/period=100000/", "cpu-clock/freq=99,call-graph=fp/u", "task-clock:uk",
                   "page-faults/period=1,max-stack=3,no-inherit/", "cpu-clock:uD", "cpu-clock:uI",
                   "dummy", "bpf-output", "minor-faults", "cgroup-switches",
                   "software/config=0x2/", "{cpu-clock,page-faults}:S", "cpu-clock:S",
                   "{task-clock,context-switches}", "{cpu-clock:u,faults}:S"):
        ours, theirs, _ = both(tmp, ("-e", events), ("true",))
        check_equal(attributes(ours), attributes(theirs), events)


@test
def a_group_is_read_with_its_first_event(tmp):
    require_perf()
    ours, _, done = both(tmp, ("-e", "{cpu-clock,page-faults}:S"), BURN)
    samples = recorded_samples(done.err)
    check(samples > 20, f"{samples} samples")
    events = perf_ok("script", "-i", ours, "-F", "event", "-G").out.split()
    # perf shows a line for each count that is not zero.
    check_equal(events.count("cpu-clock:"), samples, "counts of the clock")
    check(events.count("page-faults:") > 0, "no page fault is counted")
    text = perf_ok("script", "-i", ours, "-F", "event,period", "-G").out
    faults = sum(int(line.split()[0]) for line in text.splitlines() if "page-faults" in line)
    check(30 < faults < 3000, f"{faults} page faults of a small program")


@test
def each_page_fault_counts_as_by_perf(tmp):
    require_perf()
    for event in ("page-faults", "minor-faults", "page-faults/period=1/"):
        options = ("-c", "1") if "/" not in event else ()
        ours, theirs, _ = both(tmp, ("-e", event, *options), ("true",))
        counts = [len(events_of(path)) for path in (ours, theirs)]
        check(abs(counts[0] - counts[1]) <= 0.1 * counts[1] + 5, f"{event}: {counts}")


@test
def globs_are_all_that_they_match(tmp):
    require_perf()
    options = ("-e", "sched:sched_process_*")
    ours, theirs, _ = both(tmp, options, EXECS)
    by_number = [sorted(attributes(path), key=lambda event: event["config"])
                 for path in (ours, theirs)]
    check_equal(by_number[0], by_number[1], "attributes")
    for name in ("sched:sched_process_exec:", "sched:sched_process_fork:"):
        counts = [events_of(path).count(name) for path in (ours, theirs)]
        check_equal(counts[0], counts[1], name)
        check(counts[0] >= 5, f"{name} {counts[0]}")


@test
def filters_leave_out_what_perf_leaves_out(tmp):
    require_perf()
    for text, count in (('comm == "true"', 5), ('filename ~ "*true"', 5), ('comm == "nobody"', 0)):
        options = ("-e", "sched:sched_process_exec", "--filter", text)
        ours, theirs, _ = both(tmp, options, EXECS)
        check_equal(len(events_of(ours)), count, f"hits of {text}")
        if count:
            check_equal(events_of(ours), events_of(theirs), text)
    # It is of the events before it, and several must all hold.
    done = prof_ok("record", "-e", "sched:sched_process_exec", "--filter", 'comm == "true"',
                   "--filter", "pid == 0", "-e", "sched:sched_process_exit", "-o", f"{tmp}/two",
                   "--", *EXECS)
    check(recorded_samples(done.err) >= 6, f"exits: {done}")
    check_equal(events_of(f"{tmp}/two").count("sched:sched_process_exec:"), 0, "filtered execs")


@test
def writes_to_a_disk_by_their_size(tmp):
    options = ("-e", "block:block_rq_issue", "--filter", "nr_sector > 200", "-a", "-o", f"{tmp}/file")
    write = f"dd if=/dev/zero of={tmp}/block bs=1M count=4 oflag=direct 2> /dev/null"
    done = prof_ok("record", *options, "--", "sh", "-c", write)
    if recorded_samples(done.err) == 0:
        raise Skip("the disk of this folder has no block device")
    require_perf()
    sizes = [int(size) for size in
             re.findall(r" \+ (\d+) ", perf_ok("script", "-i", f"{tmp}/file").out)]
    check(sizes and min(sizes) > 200, f"sectors {sizes}")


@test
def prof_itself_is_left_out(tmp):
    require_perf()
    prof_ok("record", "-e", "syscalls:sys_enter_write,sched:sched_switch", "--exclude-perf", "-a",
            "-o", f"{tmp}/file", "--", "sleep", "0.2")
    commands = prof_ok("script", "-i", f"{tmp}/file", "-F", "comm,pid").out
    check_in("sleep", commands, "what is recorded")
    check(not re.search(r"^ *prof-record ", commands, re.M), "prof is recorded")


@test
def breakpoints_are_hit_as_by_perf(tmp):
    require_perf()
    if os.uname().machine != "x86_64":
        print("breakpoints of other kinds here: not checked")
        return
    command = (workload("hits"), CALLS)
    for event, count in (("mem:hits:w:u", 4 * CALLS), ("mem:hits/8:rw:u", 8 * CALLS),
                         ("mem:hit_me:x", 3 * CALLS)):
        done = prof_ok("record", "-e", event, "-o", f"{tmp}/ours", "--", *command)
        check_equal(recorded_samples(done.err), count, f"hits of {event}")
        check_in("without randomized addresses", done.err, "what is different for the command")
        own = perf_ok("evlist", "-v", "-i", f"{tmp}/ours").out
        address = re.search(r"bp_addr, config1 }: (0x[0-9a-f]+)", own)[1]
        given = event.replace("hits", address).replace("hit_me", address)
        perf_ok("record", "-q", "-B", "-N", "-e", given, "-o", f"{tmp}/theirs", "--", "setarch",
                "-R", *command)
        check_equal(attributes(f"{tmp}/ours"), attributes(f"{tmp}/theirs"), event)
        hits = [line for line in prof_ok("script", "-i", f"{tmp}/theirs", "-F", "comm,event").out
                .splitlines() if "hits" in line.split()[0]]
        check_equal(len(hits), count, f"perf's hits of {given}")


@test
def a_symbol_of_a_running_process_is_found(tmp):
    if os.uname().machine != "x86_64":
        return
    process = subprocess.Popen([workload("hits"), str(CALLS), "0", "0", "wait"],
                               stdin=subprocess.PIPE)
    recorder = subprocess.Popen([PROF, "record", "-e", "mem:hits:w:u", "-p", str(process.pid),
                                 "-o", f"{tmp}/file", "-v"], stderr=subprocess.PIPE, text=True)
    recorder.stderr.readline()  # when its events are open
    time.sleep(0.5)
    process.communicate(b"x", timeout=60)
    said = recorder.communicate(timeout=60)[1]
    check_equal(recorded_samples(said), 4 * CALLS, "hits")


@test
def what_is_mistyped_is_told_with_what_is_nearest():
    for told, *options in (
            ("did you mean LLC-loads", "-e", "LLC-laods"),
            ("there is no PMU 'mrs'", "-e", "mrs/tsc/"),
            ("has no term or event 'bogus'", "-e", "software/bogus=1/"),
            ("takes a number", "-e", "cpu-clock/period=x/"),
            ("have no end", "-e", "cpu-clock/period=3"),
            ("the group '{cpu-clock' has no end", "-e", "{cpu-clock"),
            ("is of groups", "-e", "cpu-clock:W"),
            ("has no symbol 'hitz'\n      did you mean hits?", "-e", "mem:hitz:w"),
            ("whose symbol is 'hits'?", "-a", "-e", "mem:hits:w"),
            ("bad breakpoint 'mem:0x10/:w'", "-e", "mem:0x10/:w"),
            ("as perf stat does", "-e", "cpu-clock:b"),
            ("is of a group's first event", "-e", "{cpu-clock,faults:D}"),
            ("no tracepoint is matched by 'nosuch:*'", "-e", "nosuch:*"),
            ("did you mean sched", "-e", "shed:*"),
            ("has no field 'nr_sectr'\n      nr_sectr > 200\n      ^\n      did you mean nr_sector?",
             "-e", "block:block_rq_issue", "--filter", "nr_sectr > 200"),
            ("here should be a value\n      nr_sector >\n                 ^",
             "-e", "block:block_rq_issue", "--filter", "nr_sector >"),
            ("parse_error", "-e", "block:block_rq_issue", "--filter", "nr_sector > abc"),
            ("'cpu-clock' has no fields", "-e", "cpu-clock", "--filter", "a == 1"),
            ("is of the events before it", "--filter", "a == 1", "-e", "sched:sched_switch"),
            ("before its filter", "-e", "sched:sched_switch", "--filter", "prev_pid == 1", "--call-graph",
             "bpf")):
        refused(2, told, *options)
    check_equal(os.listdir("/sys/kernel/tracing/instances")
                if os.path.isdir("/sys/kernel/tracing/instances") else [], [], "left instances")


@test
def what_the_machine_refuses_is_told():
    if not os.path.isdir("/sys/bus/event_source/devices/cpu"):
        for event in ("LLC-loads", "r003c", "{instructions,cycles}:S"):
            refused(1, "this machine cannot sample", "-e", event)
        refused(1, "this machine has no PMU 'cpu'", "-e", "cpu/event=0x3c/")
    if os.path.isdir("/sys/bus/event_source/devices/msr"):
        refused(1, "PMU 'msr' may only count", "-e", "msr/tsc/", "-a")
    if os.uname().machine == "x86_64":
        refused(1, "this processor has no breakpoint", "-e", "mem:hits:r")
        refused(1, "no breakpoint is left", *(word for i in range(5)
                                              for word in ("-e", f"mem:hits+{8 * i}:w")))


@test
def more_than_can_be_open_is_told_before_any_is():
    done = run("sh", "-c", f"ulimit -n 200; {PROF} record -a -e 'sched:*,irq:*,signal:*,timer:*,"
                           "block:*,skb:*,kmem:*,writeback:*' -o not-made -- true")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("this process may have 200", done.err, "message")
    check_in("fewer CPUs with -C", done.err, "hint")
    check(not os.path.exists("not-made"), "an empty file is left")


main(require_root, require_tracefs)
