"""Stacks counted in the kernel (record --bpf): the same shares, nothing lost unseen, read by perf."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness import (PROF, SANITIZED, Skip, check, check_equal, check_in, check_near, main, open_to_nobody,
                     perf_ok, prof_ok, require_bpf, require_perf, require_program, run, test,
                     unprivileged, workload)
from recordings import Differences, folded_stacks, script_samples, shares_by_symbol

SHARES = {50: 50.0, 30: 30.0, 15: 15.0, 5: 5.0}
TOLERANCE = 3.0  # points: 5 standard deviations of 9,000 samples
FREQUENCY = 2999
PERIOD = 1000000000 // FREQUENCY  # ns, as the kernel divides
SECONDS = 3


def counted(done):
    """Samples and stacks, as the last line tells them."""
    found = re.search(r"\((\d+) samples.*, (\d+) stacks\)", done.err)
    check(found, f"no counts in:\n{done.err}")
    return int(found[1]), int(found[2])


def record(tmp, *options, command=None):
    path = f"{tmp}/perf.data"
    command = command or [workload("shares"), SECONDS]
    done = prof_ok("record", "--bpf", "-F", FREQUENCY, "-e", "cpu-clock", *options, "-o", path, "--",
                   *command)
    check("Lost" not in done.err, f"samples were lost:\n{done.err}")
    return path, *counted(done)


def check_shares(report):
    """Of the time in the burn functions: what else ran, and how slow the start was, is no matter."""
    shares = {name: share for name, share in shares_by_symbol(report).items()
              if name.startswith("burn_")}
    whole = sum(shares.values())
    for share, percent in SHARES.items():
        check_near(100 * shares.get(f"burn_{share}", 0.0) / max(whole, 1), percent, TOLERANCE,
                   f"burn_{share}")


@test
def shares_are_those_of_the_program(tmp):
    path, samples, stacks = record(tmp, "-g")
    check(stacks < samples / 4, f"{stacks} stacks of {samples} samples: nothing was counted")
    text = prof_ok("report", "--stdio", "--no-children", "-i", path).out
    check_shares(text)
    found = folded_stacks(prof_ok("fold", "-i", path).out)
    check_equal(sum(found.values()), samples, "samples of the folded stacks")
    rooted = sum(count for stack, count in found.items() if "main" in stack)
    check(rooted >= 0.99 * samples, f"only {rooted} of {samples} samples reach main")


@test
def samples_are_true_numbers_everywhere(tmp):
    path, samples, stacks = record(tmp, "-g")
    text = prof_ok("report", "--stdio", "--no-children", "-n", "-g", "none", "--sort", "comm",
                   "-i", path).out
    check_in(f"(counted in {stacks} records)", text, "report")
    total = sum(int(line.split()[1]) for line in text.splitlines()
                if re.match(r"\s+\d+\.\d+%", line))
    check_equal(total, samples, "samples of the report")
    picture = prof_ok("flamegraph", "-i", path).out
    check(re.search(rf"\b{samples:,}\b|\b{samples}\b", picture), f"{samples} samples in the picture")
    periods = re.findall(r"^\S.*?\d+\.\d+:\s+(\d+) cpu-clock", prof_ok("script", "-i", path).out,
                         re.MULTILINE)
    check_equal(sum(map(int, periods)), samples * PERIOD, "sum of the periods")


@test
def perf_reads_it_as_we_do(tmp):
    require_perf()
    path, samples, stacks = record(tmp, "-g")
    for fields in ("comm,pid,tid,time,ip,sym,dso", "comm,tid,time,period,event,ip,sym,symoff"):
        done = perf_ok("script", "-i", path, "-F", fields)
        check(not done.err.strip(), f"perf complains:\n{done.err}")
        offsets = done.out if "symoff" in fields else \
            perf_ok("script", "-i", path, "-F", fields + ",symoff").out
        Differences().check(prof_ok("script", "-i", path, "-F", fields).out, done.out, offsets,
                            f"script -F {fields}")
    theirs = shares_by_symbol(perf_ok("report", "--stdio", "--no-children", "-g", "none", "-i",
                                      path).out)
    ours = shares_by_symbol(prof_ok("report", "--stdio", "--no-children", "-g", "none", "-i",
                                    path).out)
    for share in SHARES:
        check_equal(ours[f"burn_{share}"], theirs[f"burn_{share}"], f"burn_{share}")
    check_equal(len(re.findall(r"cpu-clock", perf_ok("script", "-i", path, "-F", "event").out)),
                stacks, "records")


@test
def the_whole_machine_and_no_run_of_the_program_unaccounted_for(tmp):
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "-v", "--bpf", "-ag", "-F", FREQUENCY, "-e", "cpu-clock", "-o", path,
                   "--", workload("shares"), SECONDS)
    samples, _ = counted(done)
    ran = re.search(r"ran (\d+) times \((\d+) by its own count\)", done.err)
    lost = re.search(r"Lost (\d+) samples", done.err)
    lost = int(lost[1]) if lost else 0
    check_equal(int(ran[2]), samples + lost, "runs, by the program's own count")
    check_equal(int(ran[1]), samples + lost, "runs, by the kernel's count")
    cpus = len(os.sched_getaffinity(0))
    check(samples > 0.9 * FREQUENCY * SECONDS, f"{samples} samples on {cpus} CPUs")
    text = prof_ok("report", "--stdio", "--no-children", "-g", "none", "--comms", "shares",
                   "-i", path).out
    check_shares(text)


@test
def threads_keep_their_names_and_children_are_followed(tmp):
    path, samples, _ = record(tmp, "-g", command=[workload("threads"), 1.5])
    found = {}
    for stack, count in folded_stacks(prof_ok("fold", "-i", path).out).items():
        for frame in stack:
            if frame.startswith("burn_") and frame != "burn_clock":
                found[stack[0], frame] = found.get((stack[0], frame), 0) + count
    for key in (("threads", "burn_main"), ("main-renamed", "burn_main"), ("alpha", "burn_alpha"),
                ("beta", "burn_beta"), ("late", "burn_late")):
        check(found.get(key, 0) > 0.05 * samples, f"{key[1]} under the name {key[0]}: {found}")
    strangers = {key: count for key, count in found.items()
                 if key[1] != "burn_main" and key[0] not in key[1] and count > 0.01 * samples}
    check(not strangers, f"functions under a wrong name: {strangers}")


@test
def several_events_each_with_their_own_stacks(tmp):
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "--bpf", "-g", "-e", "cpu-clock,page-faults", "-c", "1000000", "-o",
                   path, "--", sys.executable, "-c", "x = [bytes(4096) for _ in range(20000)]")
    counted(done)
    # A walk that meets a table which is still being made has a record of its own: the libraries
    # that python loads get the time for theirs.
    done = prof_ok("record", "--bpf", "-g", "-e", "page-faults,context-switches", "-c", "1", "-o",
                   path, "--", sys.executable, "-c",
                   "import time; time.sleep(1); x = [bytes(4096) for _ in range(20000)]")
    samples, stacks = counted(done)
    check(samples > 20000, f"{samples} faults for 80 MB")
    check(stacks < samples / 4, f"{stacks} stacks of {samples} samples")
    faults = folded_stacks(prof_ok("fold", "-i", path, "--event", "page-faults").out)
    check(sum(faults.values()) > 20000, f"{sum(faults.values())} page faults")


@test
def without_chains_addresses_are_counted(tmp):
    path, samples, stacks = record(tmp)
    check(stacks < samples, f"{stacks} addresses of {samples} samples")
    check_shares(prof_ok("report", "--stdio", "-i", path).out)


@test
def intervals_keep_the_time(tmp):
    path, samples, _ = record(tmp, "-g", "--interval", "1")
    times = {}
    for sample in script_samples(prof_ok("script", "-i", path).out):
        time = float(re.search(r" (\d+\.\d+):", sample.head)[1])
        times.setdefault(tuple(sample.frames), []).append(time)
    # A walk that was finished in user space has a record of its own.
    most = sorted(max(times.values(), key=len))
    most = [time for at, time in enumerate(most) if at == 0 or time - most[at - 1] > 0.1]
    check(len(most) >= SECONDS - 1, f"the commonest stack has times {most}")
    gaps = [later - earlier for earlier, later in zip(sorted(most), sorted(most)[1:])]
    check(all(0.5 < gap < 2.0 for gap in gaps[:-1]), f"intervals of {gaps} s")
    folded = folded_stacks(prof_ok("fold", "-i", path).out)
    check_equal(sum(folded.values()), samples, "samples of all intervals")


@test
def a_process_that_is_attached_to(tmp):
    path = f"{tmp}/perf.data"
    with subprocess.Popen([workload("shares"), "60"]) as process:
        done = prof_ok("record", "--bpf", "-g", "-F", FREQUENCY, "-o", path, "--duration", "2", "-p",
                       process.pid)
        process.kill()
    samples, stacks = counted(done)
    check(samples > stacks, f"{samples} samples, {stacks} stacks")
    check_shares(prof_ok("report", "--stdio", "--no-children", "-g", "none", "-i", path).out)


@test
def numbers_are_those_of_our_own_pid_namespace(tmp):
    require_program("unshare")
    path = f"{tmp}/perf.data"
    done = run("unshare", "--pid", "--fork", "--mount-proc", PROF, "record", "--bpf", "-g", "-F",
               FREQUENCY, "-o", path, "--", workload("shares"), SECONDS)
    check_equal(done.code, 0, f"exit code of:\n{done}")
    check_shares(prof_ok("report", "--stdio", "--no-children", "-g", "none", "-i", path).out)


@test
def who_may_not_load_programs_gets_every_sample_and_the_cause(tmp):
    level = int(pathlib.Path("/proc/sys/kernel/perf_event_paranoid").read_text(encoding="ascii"))
    if level > 2:
        raise Skip(f"perf_event_paranoid is {level}")
    open_to_nobody(tmp)
    copy = os.path.join(tmp, "prof")
    shutil.copy(PROF, copy)
    os.chmod(copy, 0o755)
    done = unprivileged(copy, "record", "--bpf", "-g", "--", "true", cwd=tmp)
    check_equal(done.code, 0, f"exit code of:\n{done}")
    check_in("BPF programs may not be loaded", done.err, "message")
    check_in("recording each sample, and call chains by frame pointers instead", done.err, "message")
    check_in("CAP_BPF", done.err, "remedy")
    check("libbpf" not in done.err, f"a dump of libbpf:\n{done.err}")
    check_equal(prof_ok("report", "--stdio", "-i", os.path.join(tmp, "perf.data")).code, 0)


def periods_by_frame(path, event, names):
    """Nanoseconds of an event in each of the functions; 'all' is of all stacks."""
    sums = {name: 0 for name in names}
    sums["all"] = 0
    text = prof_ok("fold", "--weight", "period", "--event", event, "-i", path).out
    for stack, count in folded_stacks(text).items():
        sums["all"] += count
        for name in names:
            if name in stack:
                sums[name] += count
    return sums


AWAY_SECONDS = 4
# Points. Where everything is slow, the first nap of a thread may end before its table is there.
AWAY_TOLERANCE = 2.0 if SANITIZED else 1.0


def times_taken(path):
    """Nanoseconds that the functions of the workload really took, by what it says."""
    with open(path, encoding="utf-8") as file:
        return dict(zip(("nap_60", "nap_30", "burn_10"), (float(word) * 1e9 for word in file.read().split())))


def check_asleep(found, asked, took, name):
    """Percents: no less than was asked for, and no more than it took to be back on a CPU."""
    check(asked - AWAY_TOLERANCE <= found <= took + AWAY_TOLERANCE,
          f"{name}: {found} % asleep, {asked} were asked for, {took} taken")


@test
def time_away_is_where_it_was_spent(tmp):
    path = f"{tmp}/perf.data"
    threads = 2
    prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-F", FREQUENCY, "-o", path, "--",
            workload("away"), AWAY_SECONDS, threads, f"{tmp}/took")
    functions = ("nap_60", "nap_30", "burn_10")
    took = times_taken(f"{tmp}/took")
    away = periods_by_frame(path, "offcpu-time", functions)
    waiting = periods_by_frame(path, "runnable-time", functions)
    running = periods_by_frame(path, "cpu-clock", functions)
    rounds = AWAY_SECONDS * threads * 1e9  # what its functions had, all threads together
    for name, percent in (("nap_60", 60.0), ("nap_30", 30.0)):
        check_asleep(100 * away[name] / rounds, percent, 100 * took[name] / rounds, name)
        check_near(100 * (away[name] + waiting[name]) / rounds, 100 * took[name] / rounds, AWAY_TOLERANCE,
                   f"asleep or waiting in {name}")
    spent = sum(sums[name] for sums in (away, waiting, running) for name in functions)
    check_near(100 * spent / rounds, 100.0, 2.0, "on and off the CPU")
    check(away["burn_10"] < 0.01 * rounds, f"burn_10 is away: {away}")


@test
def wall_time_is_one_time(tmp):
    path = f"{tmp}/perf.data"
    threads = 2
    prof_ok("record", "--wall", "-F", FREQUENCY, "-o", path, "--", workload("away"), AWAY_SECONDS,
            threads, f"{tmp}/took")
    took = times_taken(f"{tmp}/took")
    stacks = folded_stacks(prof_ok("fold", "-i", path).out)
    rounds = AWAY_SECONDS * threads * 1e9
    whole = sum(count for stack, count in stacks.items() if "rounds" in stack)
    check_near(100 * whole / rounds, 100.0, 2.0, "all the time of the threads")
    for part, name, percent in (("[asleep]", "nap_60", 60.0), ("[asleep]", "nap_30", 30.0)):
        time = sum(count for stack, count in stacks.items()
                   if stack[:2] == ("away", part) and name in stack)
        check_asleep(100 * time / rounds, percent, 100 * took[name] / rounds, name)
    burnt = sum(count for stack, count in stacks.items()
                if stack[1] in ("[on CPU]", "[runnable]") and "burn_10" in stack)
    check_near(100 * burnt / rounds, 100 * took["burn_10"] / rounds, 2.0, "burn_10, running or about to")
    report = prof_ok("report", "--stdio", "-g", "none", "-i", path).out
    check_in("event 'wall-time'", report, "report")
    picture = prof_ok("flamegraph", "-i", path).out
    for word in ("wall-time, ", " ms", ">asleep</text>", ">[asleep] ("):
        check_in(word, picture, "picture")
    drawn_again = prof_ok("flamegraph", "-i", "-", stdin=prof_ok("fold", "-i", path).out_bytes).out
    check_in(">asleep</text>", drawn_again, "picture of folded stacks")
    alone = folded_stacks(prof_ok("fold", "--event", "offcpu-time", "-i", path).out)
    check(alone and all("[asleep]" not in stack for stack in alone), f"one event alone: {alone}")


@test
def a_target_that_ends_ends_the_recording(tmp):
    for options in (("--bpf",), ("--off-cpu", "-e", "cpu-clock"), ("--wall",)):
        with subprocess.Popen(["sleep", "1"]) as process:
            done = prof_ok("record", *options, "-o", f"{tmp}/perf.data", "-p", process.pid,
                           timeout=20)
            check("Captured and wrote" in done.err, done)


@test
def a_thread_that_replaces_its_process_is_followed(tmp):
    program = ("import os, threading, time\n"
               "threading.Thread(target=lambda: os.execvp('sleep', ['sleep', '0.8'])).start()\n"
               "time.sleep(10)\n")
    path = f"{tmp}/perf.data"
    prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-o", path, "--", "python3", "-c", program)
    asleep = sum(count for stack, count in
                 folded_stacks(prof_ok("fold", "--event", "offcpu-time", "-i", path).out).items()
                 if stack[0] == "sleep")
    check_near(asleep / 1e9, 0.8, 0.05, "seconds that the new program slept")


@test
def children_wait_for_a_cpu_before_they_run(tmp):
    path = f"{tmp}/perf.data"
    program = "for i in $(seq 100); do :& done; wait"
    prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-o", path, "--", "sh", "-c", program)
    stacks = folded_stacks(prof_ok("fold", "--event", "runnable-time", "-i", path).out)
    check(any("kernel_clone" in frame for stack in stacks for frame in stack),
          f"nobody waits where they were made: {list(stacks)[:5]}")


@test
def only_spans_of_the_length_asked_for_count(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "--off-cpu", "--min-block", "45ms", "-g", "-e", "cpu-clock", "-o", path, "--",
            workload("away"), 1)
    away = periods_by_frame(path, "offcpu-time", ("nap_60", "nap_30"))
    check(away["nap_60"] > 0.5e9 and away["nap_30"] < 0.2e9, f"{away}")
    prof_ok("record", "--off-cpu", "--max-block", "45ms", "-g", "-e", "cpu-clock", "-o", path, "--",
            workload("away"), 1)
    away = periods_by_frame(path, "offcpu-time", ("nap_60", "nap_30"))
    check(away["nap_30"] > 0.2e9 and away["nap_60"] < 0.2e9, f"{away}")


@test
def a_sleep_that_does_not_end_counts_until_the_end(tmp):
    path = f"{tmp}/perf.data"
    with subprocess.Popen([workload("away"), "60"]) as process:
        prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-o", path, "--duration", "2", "-p",
                process.pid)
        process.kill()
    away = periods_by_frame(path, "offcpu-time", ("nap_60", "nap_30"))
    check_near(away["nap_60"] / 2e9, 0.6, 0.06, "share of nap_60 in an attached process")
    prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-o", path, "--duration", "1.5", "--",
            "sleep", "60")
    away = periods_by_frame(path, "offcpu-time", ())
    check_near(away["all"] / 1.5e9, 1.0, 0.1, "share of the sleep that was ended")


@test
def perf_reads_the_time_away(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    prof_ok("record", "--off-cpu", "-g", "-e", "cpu-clock", "-F", FREQUENCY, "-o", path, "--",
            workload("away"), 1)
    done = perf_ok("script", "-i", path, "-F", "comm,pid,tid,time,period,event,ip,sym")
    check(not done.err.strip(), f"perf complains:\n{done.err}")
    theirs = sum(int(number) for number in
                 re.findall(r"(\d+)\s+offcpu-time:", done.out))
    ours = periods_by_frame(path, "offcpu-time", ())["all"]
    check_equal(theirs, ours, "nanoseconds away")


@test
def what_makes_no_sense_is_refused(tmp):
    for options, word in ((("--bpf", "--call-graph", "dwarf"), "copies"),
                          (("--interval", "1"), "--bpf"), (("--bpf", "--interval", "0.01"), "0.1"),
                          (("--min-block", "1ms"), "--off-cpu"),
                          (("--bpf", "-k", "realtime"), "monotonic"),
                          (("--off-cpu", "--min-block", "1h"), "span of time"),
                          (("--off-cpu", "--min-block", "2s", "--max-block", "1s"), "no time")):
        done = run(PROF, "record", *options, "-o", f"{tmp}/x", "--", "true")
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(word, done.err, "message")


main(require_bpf)
