"""Probes in programs and in the kernel: known numbers of hits, and the same as perf's."""

import os
import re
import subprocess
import time

from harness import (PROF, Skip, check, check_equal, check_in, main, ok, perf_ok, prof, prof_ok,
                     require_perf, require_root, require_tracefs, require_uprobes, run, test,
                     workload)
from recordings import recorded_samples

CALLS = 100
TRACING = "/sys/kernel/tracing"


def static(name):
    return f"usdt:{workload('static_probes')}:{name}"


def recorded(tmp, *events, options=(), command=None):
    """{event: hits} of a recording of `command`, by default that of all static probes."""
    path = f"{tmp}/file"
    words = [word for event in events for word in ("-e", event)]
    command = command or (workload("static_probes"), CALLS)
    done = prof_ok("record", *words, *options, "-o", path, "--", *command)
    return counts_in(path), done


def counts_in(path):
    counts = {}
    for line in prof_ok("script", "-i", path, "-F", "event").out.splitlines():
        name = line.strip().rstrip(":")
        if name:
            counts[name] = counts.get(name, 0) + 1
    return counts


def refused(code, told, *arguments):
    done = prof("record", *arguments, "-o", "not-made", "--", "true")
    check_equal(done.code, code, f"exit code of:\n{done}")
    check_in(told, done.err, "message")
    check(not os.path.exists("not-made"), "an empty file is left")


class TracefsProbe:
    """An event made as perf probe makes it, by a line of uprobe_events; gone at the end."""

    def __init__(self, group, name, path, offset):
        self.name = f"{group}:{name}"
        self.write(f"p:{group}/{name} {path}:{offset:#x}\n")
        self.gone = f"-:{group}/{name}\n"

    @staticmethod
    def write(line):
        file = os.open(f"{TRACING}/uprobe_events", os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.write(self.gone)


def offset_of(program, symbol):
    """Where in the file of a workload a function begins."""
    lines = ok(run("nm", program)).out.splitlines()
    address = next(int(line.split()[0], 16) for line in lines if line.endswith(f" T {symbol}"))
    segments = re.findall(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x\w+ 0x\w+ R E",
                          ok(run("readelf", "-lW", program)).out)
    offset, start = (int(word, 16) for word in segments[0])
    return address - start + offset


@test
def a_static_probe_is_hit_at_each_of_its_places(tmp):
    counts, _ = recorded(tmp, static("demo:step"))
    check_equal(counts, {static("demo:step"): 3 * CALLS}, "hits")
    done = prof_ok("report", "--stdio", "-g", "none", "-s", "sym", "-i", f"{tmp}/file")
    for function, share in (("step_often", "66.67%"), ("step_seldom", "33.33%")):
        check(re.search(rf"{share}.*{function}", done.out), done.out)
    check_equal(done.out.count("of event"), 1, "events of the report")


@test
def a_semaphore_is_raised_while_it_is_recorded(tmp):
    counts, _ = recorded(tmp, static("demo:armed"), static("once"))
    check_equal(counts, {static("demo:armed"): CALLS, static("once"): 1}, "hits")


@test
def static_probes_of_a_pattern(tmp):
    counts, _ = recorded(tmp, static("*:*"))
    check_equal(counts, {static("demo:step"): 3 * CALLS, static("demo:armed"): CALLS,
                         static("other:step"): 1, static("other:once"): 1}, "hits")


@test
def static_probes_of_a_running_process_and_of_the_system(tmp):
    for options in (("-a",), None):
        process = subprocess.Popen([workload("static_probes"), str(CALLS), "wait"],
                                   stdin=subprocess.PIPE)
        event = f"usdt:/proc/{process.pid}/exe:demo:*"
        options = options or ("-p", str(process.pid))
        recorder = subprocess.Popen([PROF, "record", "-v", "-e", event, *options, "-o",
                                     f"{tmp}/file", "--duration", "3"],
                                    stderr=subprocess.PIPE, text=True)
        recorder.stderr.readline()  # when its events are open
        time.sleep(0.3)
        process.communicate(b"x", timeout=60)
        said = recorder.communicate(timeout=60)[1]
        check_equal(recorded_samples(said), 4 * CALLS, f"hits with {options}")


@test
def perf_sees_one_event_with_its_hits(tmp):
    require_perf()
    recorded(tmp, static("demo:step"), "uprobe:" + workload("static_probes") + ":step_often")
    lines = [line for line in perf_ok("evlist", "-i", f"{tmp}/file").out.splitlines()
             if not line.startswith("#")]
    check_equal(lines, [static("demo:step"), "uprobe:" + workload("static_probes") + ":step_often"],
                "perf evlist")
    events = perf_ok("script", "-i", f"{tmp}/file", "-F", "event").out.splitlines()
    check_equal(len([line for line in events if "demo:step" in line]), 3 * CALLS, "perf script")


@test
def functions_of_a_pattern(tmp):
    name = "uprobe:" + workload("static_probes") + ":step_"
    counts, done = recorded(tmp, name + "*")
    check_equal(counts, {name + word: 1 for word in ("often", "seldom", "armed")}, "hits")
    check_in("and 2 others are recorded of the threads", done.err, "note")
    counts, _ = recorded(tmp, name + "often+4")
    check_equal(counts, {name + "often+4": 1}, "hits")


@test
def events_of_perf_probe_are_tracepoints(tmp):
    require_tracefs()
    require_perf()
    if not os.path.exists(f"{TRACING}/uprobe_events"):
        raise Skip("this kernel has no uprobe_events")
    program = workload("hits")
    group = f"probe_prof_test_{os.getpid()}"
    with TracefsProbe(group, "hit_me", program, offset_of(program, "hit_me")) as probe:
        command = (program, CALLS, 1, 1)
        counts, _ = recorded(tmp, probe.name, command=command)
        check_equal(counts, {probe.name: 9 * CALLS}, "hits")
        perf_ok("record", "-q", "-B", "-N", "-e", probe.name, "-o", f"{tmp}/theirs", "--", *command)
        check_equal(counts_in(f"{tmp}/theirs"), counts, "perf's hits")
        own = prof_ok("script", "-i", f"{tmp}/file", "-F", "event,trace").out.splitlines()[0]
        theirs = perf_ok("script", "-i", f"{tmp}/file", "-F", "event,trace").out.splitlines()[0]
        check_equal(own.split(), theirs.split(), "fields")
        # The same by the kernel's dynamic PMU, of the thread that is there at the start.
        counts, _ = recorded(tmp, f"uprobe:{program}:hit_me", command=command)
        check_equal(sum(counts.values()), 3 * CALLS, "hits of the first thread")
    check(not os.path.exists(f"{TRACING}/events/{group}"), "the event is left")


@test
def a_breakpoint_in_the_kernel(tmp):
    require_perf()
    if os.uname().machine != "x86_64":
        raise Skip("breakpoints of other kinds here")
    with open("/proc/kallsyms", encoding="ascii") as file:
        address = next((line.split()[0] for line in file if line.endswith(" __start_notes\n")), None)
    if not address or int(address, 16) == 0:
        raise Skip("/proc/kallsyms does not tell")
    event, command = "mem:__start_notes:rw", ("cat", "/sys/kernel/notes")
    for options in ((), ("-a",)):
        counts, _ = recorded(tmp, event, options=options, command=command)
        check(counts.get(event, 0) > 0, "the kernel's notes are not read")
        ours = perf_ok("evlist", "-v", "-i", f"{tmp}/file").out
        check_in(f"0x{address}", ours, "address")
        perf_ok("record", "-q", "-B", "-N", *options, "-e", f"mem:0x{address}:rw", "-o",
                f"{tmp}/theirs", "--", *command)
        check_equal(sum(counts_in(f"{tmp}/theirs").values()), counts[event], "perf's hits")


@test
def what_is_no_probe_is_told():
    path = workload("static_probes")
    for told, event in (
            ("does not say which probe", f"usdt:{path}"),
            ("did you mean demo:step?", f"usdt:{path}:demo:stpe"),
            ("say which: usdt:", f"usdt:{path}:step"),
            ("has no static probe 'a'", f"usdt:{workload('hits')}:a"),
            ("there is no file '/nosuch' to probe", "usdt:/nosuch:a:b"),
            ("no function of", f"uprobe:{path}:nothing*"),
            ("did you mean step_often?", f"uprobe:{path}:step_offen"),
            ("bad offset", f"uprobe:{path}:step_often+0xzz"),
            ("takes no offset", f"uretprobe:{path}:step_often+4"),
            ("which function of the kernel", "kprobe:")):
        refused(2, told, "-e", event)
    refused(2, "and the counts of a group (S) are of events at one", "-e",
            "{cpu-clock," + static("demo:step") + "}:S")


@test
def a_kernel_without_kprobes_says_so():
    if os.path.exists("/sys/bus/event_source/devices/kprobe"):
        raise Skip("this kernel has kprobes")
    for event in ("kprobe:do_exit", "kretprobe:do_exit", "kprobe:do_exit+0x4"):
        refused(1, "this kernel has no kprobes: '/sys/bus/event_source/devices/kprobe' is not there",
                "-e", event)


@test
def hardware_events_that_are_asked_for_do_not_become_others(tmp):
    if os.path.isdir("/sys/bus/event_source/devices/cpu"):
        raise Skip("this machine has a PMU")
    for events, name in (("cycles", "cycles"), ("cycles:pp", "cycles:pp"), ("r003c", "r003c"),
                         ("cycles,page-faults", "cycles"), ("{cpu-clock,cycles}", "cycles"),
                         ("{cycles,instructions}:S", "cycles")):
        refused(1, f"this machine cannot sample '{name}'\n      hardware events need a PMU, which "
                   "virtual machines often lack: try -e cpu-clock", "-e", events)
    done = prof_ok("record", "-o", f"{tmp}/file", "--", "true")
    check_in("sampling by 'cpu-clock' instead of 'cycles'", done.err, "note")


main(require_root, require_uprobes)
