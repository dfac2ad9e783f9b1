"""The classic one-liners: each records something that it provoked itself, and perf, which records
the same command at the same time, counts the same."""

import os
import re
import sys

from harness import (PROF, Skip, check, check_equal, check_in, check_near, main, ok, perf_ok, prof,
                     prof_ok, require_perf, require_program, require_root, require_tracefs,
                     require_uprobes, run, test, workload)
from recordings import attributes, folded_stacks

COUNT = 50


def provoke(*arguments):
    return (workload("provokes"), *arguments)


def both(tmp, options, command):
    """One run of `command`, recorded by prof and, around it, by perf: the two files."""
    ours, theirs = f"{tmp}/ours", f"{tmp}/theirs"
    # With build ids as prof: the kernel marks the mappings of who records without them beside one
    # who does as if they had some, and perf 6.1 dies of that.
    ok(run("perf", "record", "-q", "-B", "-N", "--buildid-mmap", *options, "-o", theirs, "--", PROF,
           "record", "-q", *options, "-o", ours, "--", *command))
    return ours, theirs


def one_by_one(tmp, options, command):
    """Two runs of `command`. For software events: the kernel gives a sample of one such event the
    id of another that stands beside it (the data of both is one, and has an id already). And for
    what recorders do themselves: each would provoke events for the other."""
    ours, theirs = f"{tmp}/ours", f"{tmp}/theirs"
    prof_ok("record", "-q", *options, "-o", ours, "--", *command)
    perf_ok("record", "-q", "-B", "-N", *options, "-o", theirs, "--", *command)
    return ours, theirs


def hits(text, comm, event):
    """Lines of `script -F comm,event` of one program, by any of the events that `event` matches."""
    return len(re.findall(rf"^ *{comm} +{event}: *$", text, re.M))


def same_hits(files, event, comm="provokes", least=COUNT, most=None, slack=0):
    """What both counted of one program; it is at least, and at most, so much."""
    ours = hits(prof_ok("script", "-F", "comm,event", "-i", files[0]).out, comm, event)
    theirs = hits(perf_ok("script", "-F", "comm,event", "-i", files[1]).out, comm, event)
    check_near(ours, theirs, slack, f"hits of {event} in {comm}, by prof and perf")
    check(ours >= least, f"{ours} hits of {event}, of {least} that were provoked")
    check(most is None or ours <= most, f"{ours} hits of {event}, of {most} that were provoked")


def same_attributes(tmp, options, files=None):
    """As perf asks the kernel, when chains are the kernel's too. `files` are recordings with the
    options, if there are any."""
    if "-ag" in options or not files:
        plain = []
        for option in options:
            plain += ["-a", "--call-graph", "fp"] if option == "-ag" else [option]
        files = (f"{tmp}/ours.attr", f"{tmp}/theirs.attr")
        prof_ok("record", "-q", *plain, "-o", files[0], "--", "true")
        perf_ok("record", "-q", "-B", "-N", *plain, "-o", files[1], "--", "true")
    by_number = [sorted(attributes(path), key=lambda event: int(event["config"], 0))
                 if any("*" in option for option in options) else attributes(path)
                 for path in files]
    check_equal(by_number[0], by_number[1], f"attributes of {' '.join(options)}")


def check_provoked(tmp, options, what, event, least=COUNT, most=None, comm="provokes",
                   record=both, slack=0):
    """The whole of a one-liner: the same hits, and the same attributes."""
    require_perf()
    files = record(tmp, options, provoke(*what))
    same_hits(files, event, comm, least, most, slack)
    same_attributes(tmp, options, files)
    return files


def check_chains(path, frames, least):
    """That many samples of the program have these frames, root first, in their chains."""
    found = sum(count for stack, count in folded_stacks(prof_ok("fold", "-i", path).out).items()
                if stack[0] == "provokes" and [name for name in stack if name in frames] == frames)
    check(found >= least, f"{found} of {least} samples come by {frames}")


def profile_of_the_system(tmp, rate):
    require_perf()
    options = ("-F", str(rate), "-ag")
    ours, theirs = both(tmp, options, (workload("shares"), 3))
    counts = [hits(tool("script", "-F", "comm,event", "-i", path).out, "shares", r"cpu-clock(:p*H?)?")
              for tool, path in ((prof_ok, ours), (perf_ok, theirs))]
    check(abs(counts[0] - counts[1]) <= 0.1 * counts[1] + 2, f"{counts} samples of prof and perf")
    check(0.7 * 3 * rate <= counts[0] <= 1.05 * 3 * rate, f"{counts[0]} samples of 3 s at {rate} Hz")
    same_attributes(tmp, (*options, "-e", "cpu-clock"))
    stacks = folded_stacks(prof_ok("fold", "-i", ours).out)
    inside = sum(count for stack, count in stacks.items() if stack[0] == "shares")
    rooted = sum(count for stack, count in stacks.items()
                 if stack[0] == "shares" and "main" in stack)
    check(rooted >= 0.97 * inside, f"{rooted} of {inside} samples reach main")


@test
def f_99_ag_sleep_3(tmp):
    profile_of_the_system(tmp, 99)


@test
def f_49_ag(tmp):
    profile_of_the_system(tmp, 49)


@test
def sched_process_exec(tmp):
    check_provoked(tmp, ("-e", "sched:sched_process_exec", "-a"), ("execs", COUNT),
                   "sched:sched_process_exec", COUNT, COUNT, "true")


@test
def context_switches(tmp):
    # By frequency not each is a sample: they are counted with -c 1.
    same_attributes(tmp, ("-e", "context-switches", "-ag"))
    ours, _ = check_provoked(tmp, ("-e", "context-switches", "-c", "1", "-ag"),
                             ("switches", COUNT), "context-switches", record=one_by_one,
                             slack=COUNT // 5)
    check_chains(ours, ["main", "switches", "schedule"], COUNT)
    plain, _ = one_by_one(tmp, ("-e", "context-switches", "-ag"), provoke("switches", 10 * COUNT))
    found = hits(prof_ok("script", "-F", "comm,event", "-i", plain).out, "provokes",
                 "context-switches")
    check(found > 0, "no sample by frequency")


@test
def migrations(tmp):
    if len(os.sched_getaffinity(0)) < 2:
        raise Skip("there is but one CPU")
    same_attributes(tmp, ("-e", "migrations", "-a"))
    check_provoked(tmp, ("-e", "migrations", "-c", "1", "-a"), ("migrations", COUNT),
                   r"(cpu-)?migrations", record=one_by_one, slack=COUNT // 5)


@test
def syscalls_sys_enter_connect(tmp):
    ours, _ = check_provoked(tmp, ("-e", "syscalls:sys_enter_connect", "-ag"),
                             ("connects", COUNT), "syscalls:sys_enter_connect", COUNT, COUNT)
    check_chains(ours, ["main"], COUNT)
    fields = prof_ok("script", "-F", "comm,trace", "-i", ours).out
    check_equal(len(re.findall(r"^ *provokes .*fd: 0x0*3, uservaddr: 0x[0-9a-f]+, addrlen: 0x0*10",
                               fields, re.M)), COUNT, "connects with their arguments")


@test
def skb_consume_skb(tmp):
    ours, _ = check_provoked(tmp, ("-e", "skb:consume_skb", "-ag"), ("packets", COUNT),
                             "skb:consume_skb")
    check_chains(ours, ["main", "unix_stream_read_generic"], COUNT)


def block_device_of(path):
    device = os.stat(path).st_dev
    if not os.path.exists(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"):
        raise Skip(f"{path} is on no block device")


@test
def block_rq_issue_and_complete(tmp):
    require_perf()
    block_device_of(tmp)
    options = ("-e", "block:block_rq_issue", "-e", "block:block_rq_complete", "-a")
    files = both(tmp, options, provoke("blocks", COUNT, f"{tmp}/blocks"))
    same_hits(files, "block:block_rq_issue", "provokes", 2 * COUNT)
    same_hits(files, "block:block_rq_complete", "provokes", 0)
    same_attributes(tmp, options, files)


@test
def block_filters(tmp):
    require_perf()
    block_device_of(tmp)
    same_attributes(tmp, ("-e", "block:block_rq_complete", "--filter", "nr_sector > 200", "-a"))
    for text, least, told in (("nr_sector > 200", COUNT, r" \+ (\d+) "),
                              ('rwbs == "WS"', 2 * COUNT, None)):
        options = ("-e", "block:block_rq_issue", "--filter", text, "-a")
        files = both(tmp, options, provoke("blocks", COUNT, f"{tmp}/blocks"))
        same_hits(files, "block:block_rq_issue", "provokes", least)
        lines = prof_ok("script", "-F", "trace", "-i", files[0]).out.splitlines()
        for line in lines:
            if told:
                check(int(re.search(told, line)[1]) > 200, f"let through by {text}: {line}")
            else:
                check_in(" WS ", line, f"let through by {text}")


@test
def ext4_all(tmp):
    if run("stat", "-f", "-c", "%T", tmp).out.strip() != "ext2/ext3":
        raise Skip(f"{tmp} is not on ext4")
    ours, theirs = check_provoked(tmp, ("-e", "ext4:*", "-a"), ("files", COUNT, tmp),
                                  "ext4:ext4_unlink_enter", COUNT, COUNT, record=one_by_one)
    for event in ("ext4:ext4_free_inode", "ext4:ext4_request_inode"):
        same_hits((ours, theirs), event, "provokes", COUNT, COUNT)


@test
def page_faults(tmp):
    ours, _ = check_provoked(tmp, ("-e", "page-faults", "-c", "1", "-ag"), ("pages", 20 * COUNT),
                             "page-faults", 20 * COUNT, 20 * COUNT + 500, record=one_by_one,
                             slack=COUNT // 5)
    check_chains(ours, ["main", "pages"], 20 * COUNT)


@test
def minor_faults(tmp):
    check_provoked(tmp, ("-e", "minor-faults", "-c", "1"), ("pages", 20 * COUNT), "minor-faults",
                   20 * COUNT, 20 * COUNT + 500, record=one_by_one, slack=COUNT // 5)
    ours, theirs = one_by_one(tmp, ("-e", "minor-faults"), provoke("pages", 20 * COUNT))
    for path in (ours, theirs):
        check(len(prof_ok("script", "-F", "event", "-i", path).out.split()) > 0, "no sample")


@test
def kmem_mm_page_alloc(tmp):
    ours, _ = check_provoked(tmp, ("-e", "kmem:mm_page_alloc", "-ag"), ("pages", 20 * COUNT),
                             "kmem:mm_page_alloc", 20 * COUNT)
    check_chains(ours, ["main", "pages"], 20 * COUNT)


@test
def sched_switch(tmp):
    ours, theirs = check_provoked(tmp, ("-e", "sched:sched_switch", "-ag"), ("switches", COUNT),
                                  "sched:sched_switch")
    check_chains(ours, ["main", "__schedule"], COUNT)
    trace = [sorted(line for line in tool("script", "-F", "comm,trace", "-i", path).out.splitlines()
                    if "prev_comm=provokes" in line)
             for tool, path in ((prof_ok, ours), (perf_ok, theirs))]
    check_equal(trace[0], trace[1], "fields of the switches")


@test
def all_system_calls(tmp):
    options = ("-e", "syscalls:sys_enter_*")
    require_perf()
    files = both(tmp, options, provoke("connects", COUNT))
    same_hits(files, "syscalls:sys_enter_connect", "provokes", COUNT, COUNT)
    same_hits(files, r"syscalls:sys_enter_\w+", "provokes", COUNT + 5)
    same_attributes(tmp, options, files)


@test
def lines_that_bash_reads(tmp):
    require_uprobes()
    require_program("bash")
    path = f"{tmp}/perf.data"
    # A shell at a terminal, which types three commands and leaves: four lines.
    typed = "import pty; pty.spawn(['/bin/bash', '--norc', '-i'])"
    ok(run(PROF, "record", "-e", "uprobe:/bin/bash:readline", "-ag", "-o", path, "--",
           sys.executable, "-c", typed, stdin=b"true\ntrue\ntrue\nexit\n"))
    check_equal(hits(prof_ok("script", "-F", "comm,event", "-i", path).out, "bash",
                     "uprobe:/bin/bash:readline"), 4, "lines")


@test
def what_needs_a_pmu_is_refused_in_words(tmp):
    if os.path.isdir("/sys/bus/event_source/devices/cpu"):
        raise Skip("there is a hardware PMU here")
    for event in ("r003c", "cycles:pp", "{cycles,instructions}:S"):
        path = f"{tmp}/none"
        done = prof("record", "-e", event, "-o", path, "--", "true")
        check_equal(done.code, 1, f"exit code of -e {event}")
        check_in("PMU", done.err, f"-e {event}")
        check_in("cpu-clock", done.err, f"the remedy of -e {event}")
        check(not os.path.exists(path), f"-e {event} leaves a file")


if __name__ == "__main__":
    main(require_root, require_tracefs)
