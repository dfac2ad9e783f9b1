"""Who ended the time that threads were blocked: record --off-cpu --wakers.

The workload's poker wakes its sleeper by poke_early() after 10 ms and by poke_late() after 30 ms, and
is itself woken by the timer's interrupt."""

import os
import pathlib
import re

from harness import (PROF, Skip, check, check_equal, check_in, check_near, main, perf_ok, prof_ok,
                     require_bpf, require_perf, run, test, workload)
from recordings import folded_stacks

MARK = "[woken by]"


def require_kallsyms():
    with open("/proc/kallsyms", encoding="ascii", errors="replace") as lines:
        if not any(int(line.split()[0], 16) for line in lines):
            raise Skip("kallsyms hides its addresses")


def record(tmp, *options, command=()):
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "--off-cpu", "--wakers", "-g", "-e", "cpu-clock", "-F", 99, *options,
                   "-o", path, "--", *(command or [workload("wakes"), 2]))
    check("Lost" not in done.err and "missing" not in done.err, done.err)
    return path


def joined(path):
    """(frames of the woken, root first; frames of the waker, leaf first; nanoseconds), of each."""
    found = []
    for stack, weight in folded_stacks(
            prof_ok("fold", "--event", "wakeup-time", "-i", path).out).items():
        check_equal(stack.count(MARK), 1, f"marks in {stack}")
        at = stack.index(MARK)
        found.append((stack[:at], stack[at + 1:], weight))
    check(found, "nobody was woken")
    return found


def time_of(found, woken, waker):
    """Nanoseconds of the pairs that have these frames."""
    return sum(weight for stack, by, weight in found if woken in stack and waker in by)


def check_pokes(found, in_process):
    early = time_of(found, "wait_for_word", "poke_early")
    late = time_of(found, "wait_for_word", "poke_late")
    # On a busy machine naps are longer, and the sleeper is late to wait again.
    check(early > 0.3e9 and late > 1.0e9, f"{early} ns by poke_early, {late} by poke_late")
    check_near(early / (early + late), 0.25, 0.05, "share of poke_early")
    for stack, by, _ in found:
        if "wait_for_word" not in stack or "poke_early" not in by:
            continue
        check_equal(stack[0], "sleeper", "who was woken")
        check_equal(by[-1], "poker", "who woke")
        check(stack.index("waits") < stack.index("wait_for_word"), f"not root first: {stack}")
        check(by.index("poke_early") < by.index("pokes"), f"not leaf first: {by}")
        check_in("try_to_wake_up", by[0], "the first of the waker's frames")
        if not in_process:
            check("start_thread" in by, f"not the thread's stack: {by}")


@test
def a_thread_that_wakes_another_is_found(tmp):
    check_pokes(joined(record(tmp)), in_process=False)


@test
def a_process_that_wakes_another_is_found_by_its_own_symbols(tmp):
    found = joined(record(tmp, command=[workload("wakes"), 2, "process"]))
    check_pokes(found, in_process=True)
    for stack, by, _ in found:
        check("poke_early" not in stack and "wait_for_word" not in by, f"{stack} by {by}")


@test
def what_wakers_ended_is_what_was_blocked(tmp):
    path = record(tmp)
    blocked = 0
    for event in ("offcpu-time", "offcpu-time:D"):
        done = run(PROF, "fold", "--event", event, "-i", path)
        blocked += sum(weight for stack, weight in folded_stacks(done.out).items()
                       if "wait_for_word" in stack)
    ended = sum(weight for stack, _, weight in joined(path) if "wait_for_word" in stack)
    # The last wait is ended by the close() of the pipe, which is a waker, too.
    check_near(ended / blocked, 1.0, 0.01, "time that was ended, of the time that was blocked")


@test
def an_interrupt_is_not_taken_for_the_thread_that_it_interrupted(tmp):
    require_kallsyms()
    found = joined(record(tmp))
    naps = sum(weight for stack, by, weight in found if "nap" in stack and by[-1] == "swapper")
    others = sum(weight for stack, by, weight in found if "nap" in stack and by[-1] != "swapper")
    check(naps > 1.5e9, f"{naps} ns of naps were ended by interrupts")
    check_equal(others, 0, "ns of naps that a thread is said to have ended")
    for stack, by, _ in found:
        if "nap" in stack:
            check(not {"pokes", "waits", "main", "cpu_startup_entry"} & set(by),
                  f"what was interrupted is told: {by}")


@test
def perf_reads_the_wakers_without_a_word(tmp):
    require_perf()
    path = record(tmp)
    done = perf_ok("script", "-i", path, "-F", "comm,pid,tid,time,period,event,ip,sym")
    check(not done.err.strip(), f"perf complains:\n{done.err}")
    theirs = sum(int(number) for number in re.findall(r"(\d+)\s+wakeup-time:", done.out))
    ours = sum(weight for _, _, weight in joined(path))
    check_equal(theirs, ours, "nanoseconds that were ended")
    done = perf_ok("report", "--stdio", "-i", path)
    check_in("of event 'wakeup-time'", done.out, "perf report")
    check("raw" not in done.err and "unknown" not in done.err, done.err)


@test
def report_shows_the_wakers_as_perf_does(tmp):
    path = record(tmp)
    text = prof_ok("report", "--stdio", "--no-children", "-g", "none", "--sort", "comm", "--event",
                   "wakeup-time", "-i", path).out
    shares = {comm: share for share, comm in re.findall(r"^\s+([\d.]+)%\s+(\S+)", text, re.M)}
    check_near(float(shares["poker"]), 50, 5, "share of what poker ended")
    # The picture has the woken at its root.
    frames = prof_ok("flamegraph", "--event", "wakeup-time", "-i", path).out
    for name in ("sleeper", "wait_for_word", "poke_late", MARK):
        check_in(name, frames, "picture")


@test
def it_goes_with_counted_samples_and_with_names_of_its_own(tmp):
    path = record(tmp, "--bpf", "--wall", command=[workload("wakes"), 2, "process"])
    check_pokes(joined(path), in_process=True)
    before = prof_ok("fold", "--event", "wakeup-time", "-i", path).out
    prof_ok("embed", "-i", path)
    after = prof_ok("fold", "--event", "wakeup-time", "--symfs", tmp, "--kallsyms", "/dev/null", "-i",
                    path).out
    check_equal(after, before, "folded stacks without the binaries")


@test
def stacks_of_both_are_unwound_in_the_kernel(tmp):
    path = f"{tmp}/perf.data"
    done = run(PROF, "record", "--off-cpu", "--wakers", "--call-graph", "bpf", "-e", "cpu-clock", "-o",
               path, "--", workload("wakes"), 2, "process")
    if done.code != 0 or "instead" in done.err:
        raise Skip(f"not here: {done.err.strip()}")
    check("missing" not in done.err, done.err)
    check_pokes(joined(path), in_process=True)


@test
def filters_are_of_the_woken(tmp):
    path = record(tmp)
    out = prof_ok("fold", "--event", "wakeup-time", "--comm", "sleeper", "-i", path).out
    check(out and all(line.startswith("sleeper;") for line in out.splitlines()), out)


@test
def without_wakers_nothing_is_in_the_way(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-o", path, "--", workload("wakes"), 0.2)
    check_equal(run(PROF, "fold", "--event", "wakeup-time", "-i", path).code, 2, "exit code")
    done = run(PROF, "record", "--wakers", "-o", path, "--", "true")
    check_equal(done.code, 2, "exit code")
    check_in("--off-cpu", done.err, "message")


main(require_bpf)
