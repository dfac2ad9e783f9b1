"""When and where `prof record` writes: spans of time, several files, commands from outside."""

import glob
import os
import re
import signal
import subprocess
import sys
import time

from harness import (PROF, Failure, check, check_equal, check_in, check_near, check_same_lines, main, perf_ok, prof, prof_ok,
                     require_bpf, require_perf, require_root, require_tracefs, run, test, workload)

EVENT = "syscalls:sys_enter_getppid"
# So many calls in a process, and as many in a child of its own, in each of so many rounds.
CALLS = """
import os, sys, time
calls, rounds, nap = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
for _ in range(rounds):
    child = os.fork()
    for _ in range(calls): os.getppid()
    if child == 0: os._exit(0)
    os.waitpid(child, 0)
    time.sleep(nap)
"""


def calls(count, rounds, nap):
    """A command that makes 2 * count * rounds calls, and those of python's own start."""
    return [sys.executable, "-S", "-c", CALLS, count, rounds, nap]


def start(*arguments, **options):
    return subprocess.Popen([PROF, "record", *map(str, arguments)], stderr=subprocess.PIPE, text=True,
                            **options)


def end(process, timeout=60):
    """Waits for its end and gives what it said."""
    try:
        return process.communicate(timeout=timeout)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure("hung: " + process.communicate()[1]) from None


def files_of(path):
    return sorted(f for f in glob.glob(f"{path}.*") if re.fullmatch(r"\.\d{16}", f[len(path):]))


def samples_in(path):
    """By perf, which must have nothing to complain about."""
    done = perf_ok("script", "-i", path, "-F", "comm,time,event")
    check_equal(done.err.strip(), "", f"what perf says of {path}")
    return len(done.out.splitlines())


def times_in(path, *options):
    out = perf_ok("script", "-i", path, "-F", "time", *options).out
    return sorted(float(line.strip().rstrip(":")) for line in out.splitlines())


def counted(path):
    """Samples of all files of `path` together; prof and perf agree on each."""
    total = 0
    for file in files_of(path):
        count = samples_in(file)
        check_equal(len(prof_ok("script", "-i", file, "-F", "time").out.splitlines()), count,
                    f"samples by prof in {file}")
        total += count
    return total


@test
def nothing_is_lost_and_nothing_is_twice_between_files(tmp):
    require_tracefs()
    command = calls(500, 12, 0.1)
    whole = f"{tmp}/whole"
    prof_ok("record", "-e", EVENT, "-o", whole, "--", *command)
    wanted = samples_in(whole)
    check(wanted >= 12000, f"only {wanted} calls")
    for options in (["--switch-output=100K", "--no-compress"], ["--switch-output=1s", "-g"],
                    ["--switch-output=1s", "--call-graph", "dwarf,4096", "-m", "16M"]):
        path = f"{tmp}/x.data"
        for file in glob.glob(f"{path}*"):
            os.unlink(file)
        done = prof_ok("record", "-e", EVENT, *options, "-o", path, "--", *command)
        check(len(files_of(path)) >= 2, f"{options}: only {files_of(path)}")
        check(not os.path.exists(path), "the last file kept its name")
        check_equal(counted(path), wanted, f"samples with {options}")
        check_in(f"in {len(files_of(path))} files ({wanted} samples)", done.err, "closing line")


@test
def counts_of_programs_are_each_in_one_file(tmp):
    require_tracefs()
    require_bpf()
    path = f"{tmp}/x.data"
    done = prof_ok("record", "--bpf", "-g", "-e", EVENT, "--switch-output=1s", "-o", path, "--",
                   *calls(500, 15, 0.15))
    periods = 0
    for file in files_of(path):
        out = perf_ok("script", "-i", file, "-F", "period").out
        periods += sum(int(line) for line in out.split() if line.isdigit())
    said = int(re.search(r"\((\d+) samples", done.err).group(1))
    check(said >= 15000, f"only {said} hits")
    check_equal(periods, said, "periods of all files")


@test
def each_file_names_its_symbols_by_itself(tmp):
    for number, options in enumerate(([], ["-g"], ["--call-graph", "fp"], ["-a", "-g"],
                                      ["-g", "--no-compress", "-e", "task-clock"])):
        path = f"{tmp}/x{number}"
        prof_ok("record", *options, "-F", "499", "--switch-output=1s", "-o", path, "--",
                workload("shares"), "2.4")
        check(len(files_of(path)) >= 3, f"{options}: only {files_of(path)}")
        for file in files_of(path):
            done = perf_ok("report", "--stdio", "--no-children", "-g", "none", "-i", file, "--sort",
                           "comm,sym", "--comm", "shares")
            check_equal(done.err.strip(), "", f"what perf says of {file}")
            check_in("burn_", done.out, f"report of {file} with {options}")
            ours = prof_ok("report", "--stdio", "--no-children", "-g", "none", "-i", file, "--sort",
                           "comm,sym", "--comm", "shares").out
            check_in("burn_", ours, f"prof's report of {file}")
            for command in (["evlist", "-v"], ["report", "--header-only"], ["buildid-list"]):
                check_equal(perf_ok(*command, "-i", file).err.strip(), "", f"perf {command} says")


@test
def children_born_before_a_file_have_their_names_in_it(tmp):
    path = f"{tmp}/x.data"
    script = f"{workload('shares')} 2.5 & {workload('shares')} 2.5 & wait"
    prof_ok("record", "-F", "499", "--switch-output=1s", "-o", path, "--", "sh", "-c", script)
    for file in files_of(path)[:3]:
        out = perf_ok("script", "-i", file, "-F", "comm,pid,ip,sym").out
        named = [line.split()[1] for line in out.splitlines() if "burn_50" in line]
        check_equal(len(set(named)), 2, f"processes with names in {file}")
        check("[unknown]" not in out or out.count("[unknown]") < len(named) / 20, f"{file}:\n{out}")


@test
def a_signal_ends_the_file_and_only_so_many_are_kept(tmp):
    path = f"{tmp}/x.data"
    process = start("-F", "499", "--switch-output", "--switch-max-files", "2", "-o", path, "-a", "-g")
    time.sleep(0.6)
    seen = set()
    for _ in range(4):
        process.send_signal(signal.SIGUSR2)
        time.sleep(0.5)
        seen.update(files_of(path))
        check(os.path.exists(path), "nothing is written now")
    process.send_signal(signal.SIGINT)
    said = end(process)
    seen.update(files_of(path))
    check_equal(process.returncode, -signal.SIGINT, "exit code")
    check_equal(len(files_of(path)), 2, f"files that are kept of {sorted(seen)}")
    check_equal(files_of(path), sorted(seen)[-2:], "the files that are kept")
    check_equal(len(re.findall(r"Dump .*x\.data\.\d{16} \]", said)), 5, f"files told of in:\n{said}")
    for file in files_of(path):
        check(samples_in(file) > 0, f"{file} is empty")


@test
def many_signals_at_once_make_files_with_names_of_their_own(tmp):
    path = f"{tmp}/x.data"
    process = start("-F", "499", "--switch-output=signal", "-o", path, "-a")
    time.sleep(0.6)
    for _ in range(20):
        process.send_signal(signal.SIGUSR2)
        time.sleep(0.01)
    process.terminate()
    said = end(process)
    dumped = re.findall(r"Dump (\S+)", said)
    check_equal(sorted(dumped), files_of(path), "files")
    check_equal(len(set(dumped)), len(dumped), "names")
    for file in files_of(path):
        samples_in(file)


@test
def without_switch_output_the_signal_does_nothing(tmp):
    process = start("-o", f"{tmp}/x.data", "--", "sleep", "0.6")
    time.sleep(0.3)
    process.send_signal(signal.SIGUSR2)
    end(process)
    check_equal(process.returncode, 0, "exit code")
    check_equal(os.listdir(tmp), ["x.data"], "files")


@test
def a_file_may_be_named_by_the_time_alone(tmp):
    path = f"{tmp}/x.data"
    done = prof_ok("record", "--timestamp-filename", "--timestamp-boundary", "-o", path, "--",
                   workload("shares"), "0.3")
    check_equal(len(os.listdir(tmp)), 1, "files")
    file = files_of(path)[0]
    check_in(f"Dump {file}", done.err, "what prof says")
    check_in("x.data.<timestamp> (", done.err, "closing line")
    header = perf_ok("report", "--header-only", "-i", file).out
    check_in("time of first sample", header, "header")
    stamp = time.strptime(file[-16:-2], "%Y%m%d%H%M%S")
    check_near(time.mktime(stamp), time.time(), 60, "the time in the name")


@test
def the_largest_size_ends_the_recording_by_the_size_of_one_file(tmp):
    path = f"{tmp}/x.data"
    process = start("-a", "-F", "999", "--no-compress", "--switch-output=signal", "--max-size", "600K",
                    "-e", "cpu-clock", "-o", path)
    time.sleep(1)
    process.send_signal(signal.SIGUSR2)
    end(process)
    check_equal(process.returncode, 0, "exit code")
    check_equal(len(files_of(path)), 2, "files")
    for file in files_of(path):
        samples_in(file)


@test
def samples_are_taken_only_in_the_spans(tmp):
    path = f"{tmp}/x.data"
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    done = prof_ok("record", "-e", "cpu-clock", "-F", "999", "-D", "200-400,700-900", "-o", path, "--",
                   workload("shares"), "1.3")
    times = times_in(path)
    check(20 < len(times) < 500, f"{len(times)} samples")
    gap, at = max((b - a, a) for a, b in zip(times, times[1:]))
    check_near(gap, 0.3, 0.1, "the time between the spans")
    check_near(at - times[0], 0.2, 0.1, "the first span")
    check_near(times[-1] - at - gap, 0.2, 0.1, "the second span")
    check(times[0] - began > 0.2, "the first span began too early")
    check_equal(re.findall(r"^Events (\w+)$", done.err, re.M), ["disabled"] + ["enabled", "disabled"] * 2,
                "what prof says")


@test
def a_span_may_begin_with_the_command_and_programs_keep_to_spans(tmp):
    require_bpf()
    for options in (["-g"], ["--bpf", "-g"], ["--call-graph", "dwarf,live"]):
        path = f"{tmp}/x.data"
        prof_ok("record", "-e", "cpu-clock", "-F", "999", "-D", "0-300", *options, "-o", path, "--",
                workload("shares"), "1")
        out = perf_ok("script", "-i", path, "-F", "period").out
        seconds = sum(int(line) for line in out.split() if line.isdigit()) / 1e9
        if options[0] == "--bpf":
            check(0.02 < seconds < 0.45, f"{seconds} s with {options}")
        else:
            times = times_in(path)
            check(0.05 < times[-1] - times[0] < 0.45, f"{times[0]} to {times[-1]} with {options}")


@test
def time_away_from_the_cpu_is_counted_in_spans_only(tmp):
    require_bpf()
    path = f"{tmp}/x.data"
    prof_ok("record", "--off-cpu", "-D", "200-500", "-o", path, "--", *calls(0, 100, 0.01))
    out = prof_ok("script", "-i", path, "-F", "event,period").out
    away = sum(int(n) for n in re.findall(r"^\s*(\d+)\s+offcpu", out, re.M)) / 1e9
    check(0.05 < away < 0.35, f"{away} s in a span of 0.3 s:\n{out}")


class Controlled:
    """A recording that is told what to do, and answers."""

    def __init__(self, tmp, *arguments, acks=True):
        self.fifos = [f"{tmp}/commands", f"{tmp}/acks"]
        for fifo in self.fifos:
            os.mkfifo(fifo)
        address = ",".join(self.fifos if acks else self.fifos[:1])
        self.acks = os.open(self.fifos[1], os.O_RDWR)
        self.process = start("--control", f"fifo:{address}", *arguments)
        self.commands = os.open(self.fifos[0], os.O_WRONLY)

    def send(self, text):
        os.write(self.commands, text.encode())

    def tell(self, command):
        """Waits for the answer."""
        self.send(command + "\n")
        check_equal(os.read(self.acks, 64), b"ack\n\0", f"answer to {command}")


@test
def commands_switch_events_and_end_the_recording(tmp):
    path = f"{tmp}/x.data"
    it = Controlled(tmp, "-D", "-1", "-e", "cpu-clock", "-F", "999", "-o", path, "-a")
    it.tell("ping")
    time.sleep(0.3)
    clock = time.CLOCK_MONOTONIC
    spans = []
    for _ in range(2):
        it.tell("enable")
        spans.append([time.clock_gettime(clock)])
        time.sleep(0.3)
        it.tell("disable")
        spans[-1].append(time.clock_gettime(clock))
        time.sleep(0.3)
    it.tell("stop")
    said = end(it.process)
    check_equal(it.process.returncode, 0, "exit code")
    times = times_in(path)
    check(len(times) > 20, f"{len(times)} samples")
    strays = [t for t in times if not any(a - 0.05 < t < b + 0.01 for a, b in spans)]
    check_equal(strays, [], f"samples outside of {spans}")
    check_equal(re.findall(r"^Events (\w+)$", said, re.M),
                ["disabled"] + ["enabled", "disabled"] * 2, "what prof says")


@test
def commands_name_events_list_them_and_may_be_wrong(tmp):
    path = f"{tmp}/x.data"
    it = Controlled(tmp, "-e", "cpu-clock,page-faults", "-o", path, "-a")
    it.tell("disable cpu-clock")
    it.tell("enable nothing")
    for command in ("evlist", "evlist -v", "evlist -F", "evlist -g"):
        it.tell(command)
    it.tell("snapshot")
    it.send("garbage \x01\n")
    it.send("x" * 5000 + "\n")
    it.tell("ping")
    it.tell("stop")
    said = end(it.process)
    check_equal(it.process.returncode, 0, "exit code")
    for text in ("Event cpu-clock disabled\n", "no event 'nothing'", "\ncpu-clock\npage-faults\n",
                 "type = 1", "cpu-clock: sample_freq=4000", "'garbage \x01' is no command",
                 "--switch-output allows"):
        check_in(text, said, "what prof says")
    samples_in(path)


@test
def a_snapshot_ends_a_file(tmp):
    path = f"{tmp}/x.data"
    it = Controlled(tmp, "--switch-output=signal", "-o", path, "-a", "-F", "99")
    it.tell("ping")
    for count in (1, 2):
        time.sleep(0.2)
        it.tell("snapshot")
        check_equal(len(files_of(path)), count, "files")
    it.tell("stop")
    end(it.process)
    check_equal(len(files_of(path)), 3, "files")


@test
def descriptors_take_commands_and_a_closed_one_is_no_end(tmp):
    path = f"{tmp}/x.data"
    read, write = os.pipe()
    acks, ack = os.pipe()
    process = start("--control", f"fd:{read},{ack}", "-D", "-1", "-o", path, "--", "sleep", "1",
                    pass_fds=(read, ack))
    os.close(read)
    os.close(ack)
    os.write(write, b"enable")
    check_equal(os.read(acks, 64), b"ack\n\0", "answer")
    os.close(write)
    said = end(process)
    check_equal(process.returncode, 0, "exit code")
    check_in("Events enabled", said, "what prof says")
    os.close(acks)


@test
def the_flight_recorder_has_the_newest_samples_of_each_span(tmp):
    for options in (["-m", "4"], ["-m", "4", "-g"], ["-m", "64", "--call-graph", "dwarf,1024"]):
        path = f"{tmp}/{options[-1]}.data"
        process = start("--overwrite", "--switch-output", "-a", "-e", "cpu-clock", "-F", "1999",
                        *options, "-o", path)
        # On one CPU, whose ring overflows; that of an idle one may hold what is older.
        burner = subprocess.Popen(["taskset", "-c", "0", workload("shares"), "3"])
        time.sleep(1.5)
        clock = time.CLOCK_MONOTONIC
        dumps = [time.clock_gettime(clock)]
        process.send_signal(signal.SIGUSR2)
        time.sleep(1)
        dumps.append(time.clock_gettime(clock))
        process.send_signal(signal.SIGINT)
        said = end(process)
        burner.kill()
        burner.wait()
        check_equal(len(files_of(path)), 2, f"files with {options}")
        last = 0
        for file, dump in zip(files_of(path), dumps):
            times = times_in(file)
            samples_in(file)
            check(len(times) > 10, f"{len(times)} samples in {file}")
            check(times[0] > last, "a sample is in both files")
            check(times[-1] > dump - 0.3, f"the newest sample is {dump - times[-1]} s old")
            oldest = times_in(file, "-C", "0")[0]
            check(oldest > dump - 1.2, f"{options}: the oldest sample is {dump - oldest} s old")
            last = times[-1]
            check_in("burn_50", perf_ok("report", "--stdio", "-g", "none", "-i", file).out, file)
            check_in("burn_50", prof_ok("report", "--stdio", "-g", "none", "-i", file).out, file)
        if "-g" in options:
            check_in("--overwrite: call chains by frame pointers", said, "note")


@test
def an_overwritten_ring_loses_the_oldest_only(tmp):
    require_tracefs()
    path = f"{tmp}/x.data"
    # All fit; then not.
    prof_ok("record", "--overwrite", "--tail-synthesize", "-e", EVENT, "-m", "16M", "-o", path, "--",
            *calls(500, 4, 0))
    whole = f"{tmp}/whole"
    prof_ok("record", "-e", EVENT, "-o", whole, "--", *calls(500, 4, 0))
    check_equal(samples_in(path), samples_in(whole), "samples")
    # The last are the parent's: of children that ended before the rings were read no name is left.
    command = calls(5000, 4, 0.3)
    command[command.index(CALLS)] = CALLS + "for _ in range(calls): os.getppid()\n"
    prof_ok("record", "--overwrite", "-e", EVENT, "-m", "1", "-o", path, "--", *command)
    check(10 < samples_in(path) < 200, f"{samples_in(path)} samples in two rings of a page")
    out = perf_ok("script", "-i", path, "-F", "comm").out
    check_in("python3", out, "names")


@test
def names_of_a_command_that_ended_are_kept_by_the_flight_recorder(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "--overwrite", "-e", "cpu-clock", "-F", "3999", "-m", "2", "-o", path, "--", "sh",
            "-c", f"{workload('shares')} 2.5; true")
    for tool in (perf_ok, prof_ok):
        out = tool("script", "-i", path, "-F", "comm,ip,sym").out
        lines = [line for line in out.splitlines() if "burn_" in line]
        check(len(lines) > 10 and len(lines) > 0.9 * len(out.splitlines()), out[:2000])


@test
def an_overwritten_events_attribute_is_perfs(tmp):
    require_perf((6, 1))
    ours, perfs = f"{tmp}/ours", f"{tmp}/perfs"
    prof_ok("record", "--overwrite", "--switch-events", "-e", "cpu-clock", "-o", ours, "--", "true")
    perf_ok("record", "--overwrite", "--switch-events", "-e", "cpu-clock", "-o", perfs, "--", "true")
    # What prof sets and perf does not, and the other way round.
    meant = {"use_clockid: 1", "clockid: 1", "build_id: 1", "exclude_guest: 1"}
    fields = [set(perf_ok("evlist", "-v", "-i", f).out.strip().split(", ")) for f in (ours, perfs)]
    check_equal((fields[0] ^ fields[1]) - meant, set(), "fields that differ")


@test
def switches_are_recorded_and_shown_as_perf_shows_them(tmp):
    require_perf((6, 1))
    for options in (["-a"], []):
        path = f"{tmp}/x.data"
        prof_ok("record", "--switch-events", "-e", "cpu-clock", "-F", "99", *options, "-o", path, "--",
                "sh", "-c", "sleep 0.1; sleep 0.1")
        wanted = perf_ok("script", "--show-switch-events", "-i", path).out
        check(wanted.count("PERF_RECORD_SWITCH") >= 4, wanted[:2000])
        check_in("SWITCH_CPU_WIDE OUT" if options else "SWITCH OUT", wanted, "perf's lines")
        got = prof_ok("script", "--show-switch-events", "-i", path).out
        check_same_lines(got, wanted, f"script with {options}")
        got = prof_ok("script", "--show-switch-events", "--show-task-events", "-i", path).out
        wanted = perf_ok("script", "--show-switch-events", "--show-task-events", "-i", path).out
        check_same_lines(got, wanted, f"script with tasks and {options}")


@test
def what_cannot_be_is_told_in_a_line_and_leaves_no_file(tmp):
    open(f"{tmp}/file", "w").close()
    for code, text, options in (
            (2, "standard output is none", ["--switch-output", "-o", "-"]),
            (2, "no file that could be renamed", ["--switch-output", "-o", "/dev/null"]),
            (2, "no file that could be renamed", ["--timestamp-filename", "-o", "/dev/null"]),
            (2, "--overwrite keeps the newest", ["--overwrite", "--bpf"]),
            (2, "--overwrite keeps the newest", ["--overwrite", "--off-cpu"]),
            (2, "--overwrite keeps the newest", ["--overwrite", "--call-graph", "bpf"]),
            (2, "--overwrite keeps the newest", ["--overwrite", "--call-graph", "dwarf,live"]),
            (2, "a size or a time, not '5x'", ["--switch-output=5x"]),
            (2, "is of --switch-output", ["--switch-max-files", "3"]),
            (2, "at least one", ["--switch-output", "--switch-max-files", "0"]),
            (2, "ends before it has begun", ["-D", "20-10"]),
            (2, "does not begin after", ["-D", "10-30,20-40"]),
            (2, "does not begin after", ["-D", "10-20,20-40"]),
            (2, "--embed is of one file", ["--switch-output", "--embed"]),
            (2, "--control takes fifo:", ["--control", "x"]),
            (2, "not the number", ["--control", "fd:x"]),
            (1, "cannot open the control FIFO", ["--control", "fifo:nowhere"]),
            (2, "is no FIFO", ["--control", "fifo:file"]),
            (1, "descriptor 77", ["--control", "fd:77"])):
        done = prof("record", *options, "--", "true", cwd=tmp)
        check_equal(done.code, code, f"exit code of {options}: {done}")
        check_in(text, done.err, f"message of {options}")
        check_equal(os.listdir(tmp), ["file"], f"files after {options}")


main(require_root, require_perf)
