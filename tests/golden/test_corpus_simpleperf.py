"""Recordings of simpleperf, by the names that they bring along, against what simpleperf says.

simpleperf leaves out the frames of Android's runtime that interpret Java code; prof shows them. So each
stack of simpleperf must be one of ours with frames between its own, and the periods must add up.
"""

import os
import pathlib
import re

from harness import Skip, check, check_equal, check_in, main, prof_ok, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", "")) / "perfdata"


def require_corpus():
    if not CORPUS.is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")


def tidy(frame):
    """Without simpleperf's marks and parameters, and "" for what has no name."""
    frame = re.sub(r"_\[[ji]\]$", "", frame)
    return "" if frame == "unknown" or frame.startswith("[") else re.sub(r"\(.*", "", frame)


def stacks(text):
    for line in text.splitlines():
        stack, _, period = line.rpartition(" ")
        comm, *frames = stack.split(";")
        yield comm, [name for name in map(tidy, frames) if name], int(period)


def is_part_of(frames, others):
    rest = iter(others)
    return all(frame in rest for frame in frames)


def folded(name, tmp, *options):
    return prof_ok("fold", "--weight", "period", "--symfs", tmp, "--kallsyms", "/dev/null", *options,
                   "-i", CORPUS / name).out


@test
def java_stacks_are_those_of_simpleperf(tmp):
    name = "simpleperf-jit-symbol.data"
    ours = list(stacks(folded(name, tmp)))
    theirs = list(stacks((CORPUS / f"{name}.expected.foldedstack").read_text()))
    check_equal(sum(period for _, _, period in ours), sum(period for _, _, period in theirs))
    check(len(theirs) == 10, f"{len(theirs)} stacks")
    for comm, frames, period in theirs:
        found = sum(count for command, others, count in ours
                    if command == comm and is_part_of(frames, others))
        check(found >= period, f"{frames}: {found} of {period}")


@test
def periods_of_two_events_are_those_of_simpleperf(tmp):
    name = "simpleperf-two-events.data"
    for event, suffix in (("cycles", ""), ("cpu-clock", "_cpu_clock")):
        periods = {}
        events = prof_ok("report", "--header-only", "-i", CORPUS / name).out
        check(events, "a header")
        for comm, _, period in stacks(folded(name, tmp, "--event", event + ":HG")):
            periods[comm] = periods.get(comm, 0) + period
        wanted = {}
        for comm, _, period in stacks((CORPUS / f"{name}.expected.foldedstack{suffix}").read_text()):
            wanted[comm] = wanted.get(comm, 0) + period
        check_equal(periods, wanted, event)


@test
def functions_of_every_kind_of_file_have_names(tmp):
    wanted = {
        "simpleperf-two-functions-arm64.data": ["Function1", "Function2"],  # offset of the code known
        "simpleperf-with-symbols.data": ["main", "func2"],  # and by the mapping alone
        "simpleperf-kernel-symbols-true.data": ["glm::detail::tvec4"],
        "simpleperf-tracepoint.data": ["__schedule"],  # of the kernel
        "simpleperf-interpreter-frames.data": ["java.lang.Thread.run"],  # of a dex file
        "simpleperf-debug-unwind-small-map.data": [  # of generated code; protobuf
            "com.example.simpleperf.simpleperfexampleofkotlin.SleepActivity"],
        "simpleperf-merge1.data": ["BionicAllocator::alloc_impl"],  # of the linker
    }
    for name, functions in wanted.items():
        out = prof_ok("fold", "--symfs", tmp, "--kallsyms", "/dev/null", "-i", CORPUS / name).out
        for function in functions:
            check_in(function, out, name)


@test
def events_have_the_names_that_simpleperf_gave_them(tmp):
    out = prof_ok("script", "-F", "event,time", "--symfs", tmp, "-i",
                  CORPUS / "simpleperf-tracepoint.data").out
    check_in("sched:sched_switch", out)
    check_in("cpu-cycles", out)


main(require_corpus)
