"""Recordings that are directories (perf record --threads): read as perf reads them."""

import os
import re

from harness import (check, check_equal, check_in, main, perf_ok, prof, prof_ok, require_perf,
                     require_root, test, workload)


def recorded(tmp, *options):
    path = os.path.join(tmp, "recording")
    perf_ok("record", "--threads=cpu", "-F", "499", "-a", "-g", *options, "-o", path, "--",
            workload("shares"), "0.5")
    return path


def samples(text):
    """Without the symbols, of which prof knows more; in order of time, as perf."""
    return [line for line in text.splitlines() if re.match(r"\S.*\d+\.\d{6}:", line)]


def compare(path):
    fields = "comm,pid,tid,cpu,time,event,ip"
    ours = samples(prof_ok("script", "-F", fields, "-i", path).out)
    theirs = samples(perf_ok("script", "-F", fields, "-i", path).out)
    check(len(theirs) > 50, f"{len(theirs)} samples")
    check_equal(len(ours), len(theirs), "samples")
    check_equal(sorted(ours), sorted(theirs), "samples")
    times = [float(re.search(r"(\d+\.\d{6}):", line)[1]) for line in ours]
    check_equal(times, sorted(times), "order")


@test
def files_of_several_threads_are_one_recording(tmp):
    path = recorded(tmp)
    check(os.path.exists(os.path.join(path, "data.1")), os.listdir(path))
    compare(path)


@test
def each_file_has_a_compressed_stream_of_its_own(tmp):
    compare(recorded(tmp, "-z"))


@test
def every_command_takes_a_directory_or_says_why_not(tmp):
    path = recorded(tmp)
    check_in("burn_50", prof_ok("report", "--stdio", "-i", path).out)
    check_in("shares;", prof_ok("fold", "-i", path).out)
    check_in("</svg>", prof_ok("flamegraph", "-i", path).out)
    done = prof("embed", "-i", path)
    check_equal(done.code, 1, "exit code")
    check_in("is a recording of several files", done.err)
    one = prof("report", "--stdio", "-i", os.path.join(path, "data"))
    check_in("is one file of a recording of several", one.err)


@test
def repair_makes_one_file_of_it(tmp):
    path, one = recorded(tmp, "-z"), os.path.join(tmp, "one.data")
    prof_ok("repair", path, one)
    wanted = samples(perf_ok("script", "-F", "comm,pid,tid,cpu,time,event,ip", "-i", path).out)
    got = samples(perf_ok("script", "-F", "comm,pid,tid,cpu,time,event,ip", "-i", one).out)
    check_equal(sorted(got), sorted(wanted), "samples")


main(require_root, require_perf)
