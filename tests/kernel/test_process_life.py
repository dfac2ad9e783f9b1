"""Processes that exec, fork, rename their threads, load libraries and die early."""

import re
import subprocess
import time

from harness import (check, check_near, main, perf_ok, prof_ok,
                     require_perf, test, workload)
from recordings import Differences, folded_stacks

SECONDS = 1.5
FREQUENCY = 997


def record(tmp, name, *arguments, options=()):
    path = f"{tmp}/{name}.data"
    prof_ok("record", "-F", FREQUENCY, "-g", *options, "-o", path, "--", workload(name), SECONDS,
            *arguments)
    return path


def burners(path):
    """{(comm, function): share in percent} of the burn_ functions at the leaf or above it."""
    found, total = {}, 0
    for stack, count in folded_stacks(prof_ok("fold", "-i", path).out).items():
        total += count
        for frame in stack:
            if frame.startswith("burn_") and frame != "burn_clock":
                found[stack[0], frame] = found.get((stack[0], frame), 0) + count
    return {key: 100.0 * count / total for key, count in found.items()}


def same_as_perf(path):
    for fields in ("comm,pid,tid,time,ip,sym,dso", "comm,tid,time,event,ip,sym,symoff"):
        theirs = perf_ok("script", "-i", path, "-F", fields).out
        offsets = theirs if "symoff" in fields else \
            perf_ok("script", "-i", path, "-F", fields + ",symoff").out
        Differences().check(prof_ok("script", "-i", path, "-F", fields).out, theirs, offsets,
                            f"script -F {fields}")


def check_shares(path, wanted, tolerance):
    found = burners(path)
    for key, percent in wanted.items():
        check_near(found.get(key, 0.0), percent, tolerance, f"{key[1]} of {key[0]} ({found})")
    strangers = {key: share for key, share in found.items() if key not in wanted and share > 1}
    check(not strangers, f"functions under a wrong name: {strangers}")


@test
def threads_have_the_names_they_had_at_each_sample(tmp):
    path = record(tmp, "threads")
    found = burners(path)
    for key in (("threads", "burn_main"), ("main-renamed", "burn_main"), ("alpha", "burn_alpha"),
                ("beta", "burn_beta"), ("late", "burn_late")):
        check(found.get(key, 0.0) > 5.0, f"{key[1]} under the name {key[0]}: {found}")
    strangers = {key: share for key, share in found.items()
                 if key[1] != "burn_main" and key[0] not in key[1] and share > 1}
    check(not strangers, f"functions under a wrong name: {strangers}")
    same_as_perf(path)


@test
def forks_and_execs_are_followed(tmp):
    path = record(tmp, "execs", 20)
    check_shares(path, {("execs", "burn_parent"): 33.3, ("before-exec", "burn_child"): 33.3,
                        ("execs", "burn_after_exec"): 33.3}, 6.0)
    same_as_perf(path)


@test
def children_that_die_at_once_are_told_of(tmp):
    path = record(tmp, "execs", 50)
    text = prof_ok("script", "-i", path, "--show-task-events").out
    born = set(re.findall(r"PERF_RECORD_FORK\((\d+):\d+\):", text))
    ended = set(re.findall(r"PERF_RECORD_EXIT\((\d+):\d+\):", text))
    check(len(born) >= 51, f"{len(born)} children were born")
    check(len(ended & born) >= 51, f"{len(ended & born)} of {len(born)} children ended")
    theirs = perf_ok("script", "-i", path, "--show-task-events").out
    Differences().check(text, theirs, theirs, "script --show-task-events")


@test
def a_library_loaded_at_run_time_is_named_both_times(tmp):
    path = record(tmp, "dlopens")
    check_shares(path, {("dlopens", "burn_host"): 33.3, ("dlopens", "burn_in_plugin"): 66.6}, 6.0)
    same_as_perf(path)
    maps = prof_ok("script", "-i", path, "--show-mmap-events").out
    loaded = [line for line in maps.splitlines()
              if "PERF_RECORD_MMAP" in line and "libprof_plugin.so" in line]
    check(len(loaded) >= 2, f"the library was mapped {len(loaded)} times")


@test
def a_recording_that_starts_in_the_middle_knows_what_was_there(tmp):
    process = subprocess.Popen([workload("threads"), "2"])
    try:
        time.sleep(0.3)
        path = f"{tmp}/attached.data"
        prof_ok("record", "-F", FREQUENCY, "-g", "-p", process.pid, "--duration", 60, "-o", path)
    finally:
        process.wait()
    found = burners(path)
    # "late" is born after one second of the main thread's, while prof is attached. The recording
    # ends with the process.
    for key in (("threads", "burn_main"), ("alpha", "burn_alpha"), ("beta", "burn_beta"),
                ("main-renamed", "burn_main"), ("late", "burn_late")):
        check(found.get(key, 0.0) > 1.0, f"{key[1]} under the name {key[0]}: {found}")
    same_as_perf(path)


main(lambda: require_perf(exactly=(6, 1)))
