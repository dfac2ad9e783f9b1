"""What `prof record` writes: files and pipes that perf reads without a word of complaint."""

import fcntl
import glob
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import time

from harness import (PROF, Skip, check, check_equal, check_in, check_near, main, ok, perf, perf_ok, prof,
                     prof_ok, require_perf, require_root, run, test, workload)

SAMPLES = re.compile(r"\((\d+) samples\)")
HEADER_SIZE = 104
COMPRESSED, FINISHED_ROUND = 81, 68


def samples_said(done):
    found = SAMPLES.search(done.err)
    check(found, f"no closing line in:\n{done}")
    return int(found.group(1))


def samples_by_perf(path):
    """Counted by perf, which must have nothing to complain about."""
    done = perf_ok("report", "--stats", "-i", path)
    check_equal(done.err.strip(), "", "what perf says on stderr")
    return sum(int(n) for n in re.findall(r"^\s+SAMPLE events:\s+(\d+)\s+\(", done.out, re.M))


def records_of(path):
    """The records of the data section as they lie there: [(type, size)]."""
    data = pathlib.Path(path).read_bytes()
    offset, size = struct.unpack_from("<QQ", data, 40)
    end = offset + size if size else len(data)
    found = []
    while offset + 8 <= end:
        kind, _, length = struct.unpack_from("<IHH", data, offset)
        if length < 8 or offset + length > end:
            break
        found.append((kind, length))
        offset += length
    return found


@test
def perf_reads_a_commands_recording_and_counts_the_same_samples(tmp):
    for options in ([], ["-g"], ["-g", "--no-compress"], ["-z9"], ["-e", "cpu-clock,page-faults"],
                    ["-c", "1000000"], ["-m", "1"], ["-D", "50"]):
        path = f"{tmp}/x.data"
        done = prof_ok("record", "-o", path, *options, "--", workload("shares"), "0.3")
        said = samples_said(done)
        check(said > 10, f"{options}: only {said} samples")
        check_equal(samples_by_perf(path), said, f"samples with {options}")
        for command in (["script"], ["evlist", "-v"], ["report", "--header-only"],
                        ["report", "--stdio", "--no-children"], ["buildid-list"]):
            check_equal(perf_ok(*command, "-i", path).err.strip(), "", f"perf {command} says")


@test
def perf_reads_a_recording_of_the_whole_system(tmp):
    path = f"{tmp}/x.data"
    done = prof_ok("record", "-F", "999", "-ag", "-o", path, "--", workload("shares"), "0.5")
    check_equal(samples_by_perf(path), samples_said(done), "samples")
    out = perf_ok("script", "-i", path, "-F", "comm,ip,sym").out
    check_in("burn_50", out, "perf script")


@test
def both_pipe_formats_are_read_by_perf_and_by_prof(tmp):
    for options in ([], ["--no-compress"]):
        done = prof_ok("record", "-F", "999", "-g", *options, "-o", "-", "--", workload("shares"),
                       "0.3")
        said = samples_said(done)
        check(said > 10, f"only {said} samples")
        for tool in (perf, prof):
            script = ok(tool("script", "-i", "-", stdin=done.out_bytes))
            heads = [line for line in script.out.splitlines() if "cpu-clock" in line]
            check_equal(len(heads), said, f"samples by {script.command[0]} script with {options}")
            check_equal(script.err.strip(), "", f"{script.command[0]} says")


@test
def a_pipe_keeps_the_commands_own_output_out(tmp):
    done = prof_ok("record", "-o", "-", "--", "echo", "not a recording")
    check(done.out_bytes.startswith(b"PERFILE2"), "the pipe does not begin with the magic")
    check(b"not a recording\n" not in done.out_bytes, "the command wrote into the recording")
    check_in("not a recording", done.err, "stderr")


@test
def a_terminal_is_refused_as_output(tmp):
    leader, follower = pty.openpty()
    done = run(PROF, "record", "-o", "-", "--", "true", stdout=follower)
    os.close(leader)
    os.close(follower)
    check_equal(done.code, 2, "exit code")
    check_in("terminal", done.err, "message")


@test
def an_earlier_recording_is_kept_as_old_and_files_are_private(tmp):
    prof_ok("record", "--", "true", cwd=tmp)
    first = pathlib.Path(f"{tmp}/perf.data").read_bytes()
    prof_ok("record", "--", "true", cwd=tmp)
    check_equal(pathlib.Path(f"{tmp}/perf.data.old").read_bytes(), first, "perf.data.old")
    check_equal(sorted(os.listdir(tmp)), ["perf.data", "perf.data.old"], "files")
    check_equal(os.stat(f"{tmp}/perf.data").st_mode & 0o777, 0o600, "mode")


@test
def under_sudo_the_file_belongs_to_the_caller(tmp):
    require_root()
    prof_ok("record", "--", "true", cwd=tmp, env={"SUDO_UID": "1234", "SUDO_GID": "2345"})
    status = os.stat(f"{tmp}/perf.data")
    check_equal((status.st_uid, status.st_gid), (1234, 2345), "owner")


@test
def a_directory_and_a_place_that_is_not_there_are_refused(tmp):
    for path in (tmp, f"{tmp}/nowhere/x.data"):
        done = prof("record", "-o", path, "--", "touch", f"{tmp}/ran")
        check_equal(done.code, 1, f"exit code of:\n{done}")
        check_in(path, done.err, "message")
        check(not os.path.exists(f"{tmp}/ran"), "the command ran")


@test
def a_device_can_take_the_recording(tmp):
    prof_ok("record", "-o", "/dev/null", "--", "true")
    check(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"), "/dev/null was replaced")


@test
def the_header_says_what_was_recorded_and_where(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-F", "99", "-e", "cpu-clock:u", "-o", path, "--", workload("shares"), "0.1")
    header = perf_ok("report", "--header-only", "-i", path).out
    uname = os.uname()
    for line in (f"hostname : {uname.nodename}", f"os release : {uname.release}", "perf version : prof ",
                 f"arch : {uname.machine}", f"nrcpus online : {os.cpu_count()}", "cpudesc : ",
                 "cpuid : ", "total memory : ", "event : name = cpu-clock:u", "pmu mappings: ",
                 "compressed : Zstd, level = 1", "clockid: monotonic (1)", "time of first sample",
                 f"cmdline : prof record -F 99 -e cpu-clock:u -o {path} -- "):
        check_in(line, header, "header")
    missing = next(line for line in header.splitlines() if "missing features" in line)
    for feature in ("BUILD_ID", "NRCPUS", "CMDLINE", "EVENT_DESC", "SAMPLE_TIME", "CLOCKID",
                    "CLOCK_DATA", "COMPRESSED"):
        check(f" {feature} " not in missing, f"{feature} is missing: {missing}")
    attr = perf_ok("evlist", "-v", "-i", path).out
    for word in ("size: 128", "exclude_kernel: 1", "exclude_hv: 1", "freq: 1", "enable_on_exec: 1",
                 "sample_freq }: 99"):
        check_in(word, attr, "attributes")


@test
def times_are_those_of_the_clock_and_match_the_wall_clock(tmp):
    path = f"{tmp}/x.data"
    before = time.time()
    prof_ok("record", "-o", path, "--", workload("shares"), "0.2")
    after = time.time()
    times = [float(t) for t in perf_ok("script", "-i", path, "-F", "tod").out.split()
             if re.fullmatch(r"\d+\.\d+", t)]
    lines = perf_ok("script", "-i", path, "--ns", "-F", "time").out.split()
    check(lines, "no samples")
    header = perf_ok("report", "--header-only", "-i", path).out
    found = re.search(r"= (\d+\.\d+) \(TOD\) = (\d+\.\d+) \(monotonic\)", header)
    check(found, f"no reference time in:\n{header}")
    offset = float(found.group(1)) - float(found.group(2))
    for text in lines:
        wall = float(text.rstrip(":")) + offset
        check(before - 0.01 <= wall <= after + 0.01, f"a sample at {wall}, not in {before}…{after}")
    check(not times or all(before - 1 < t < after + 1 for t in times), "times of day")


@test
def the_clock_can_be_chosen(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-k", "boottime", "-o", path, "--", "true")
    check_in("clockid: 7", perf_ok("evlist", "-v", "-i", path).out, "attributes")


@test
def build_ids_of_mapped_files_and_of_the_kernel_are_in_the_file(tmp):
    path = f"{tmp}/x.data"
    program = workload("shares")
    notes = run("readelf", "-n", program).out
    wanted = re.search(r"Build ID: ([0-9a-f]+)", notes)
    if not wanted:
        raise Skip("the workload has no build id")
    prof_ok("record", "-o", path, "--", program, "0.1")
    ids = dict(reversed(line.split(None, 1)) for line in
               perf_ok("buildid-list", "-i", path).out.splitlines())
    check_equal(ids.get(program), wanted.group(1), "build id of the program")
    check("[kernel.kallsyms]" in ids or os.geteuid() != 0, f"no build id of the kernel in {ids}")
    # A process that runs already is described by us, not by the kernel.
    process = subprocess.Popen([program, "5"])
    try:
        prof_ok("record", "-p", process.pid, "--duration", "0.2", "-o", path)
    finally:
        process.kill()
        process.wait()
    maps = perf_ok("script", "--show-mmap-events", "-i", path).out
    line = next(line for line in maps.splitlines() if line.endswith(program))
    check_in(f"<{wanted.group(1)}>", line, "mapping")


@test
def rounds_are_closed_outside_of_the_compression(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-F", "20000", "-g", "-m", "8", "-o", path, "--", workload("shares"), "0.5")
    kinds = [kind for kind, _ in records_of(path)]
    check_equal(set(kinds), {COMPRESSED, FINISHED_ROUND}, "types of records")
    check(kinds.count(FINISHED_ROUND) > 3, f"only {kinds.count(FINISHED_ROUND)} rounds")
    check_equal(kinds[-1], FINISHED_ROUND, "the last record")


@test
def a_killed_recorder_leaves_a_readable_file(tmp):
    for options in ([], ["--no-compress"]):
        path = f"{tmp}/x.data"
        process = subprocess.Popen([PROF, "record", "-F", "999", "-g", "-q", *options, "-o", path,
                                    "--", workload("shares"), "20"], start_new_session=True)
        time.sleep(2.6)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        os.killpg(process.pid, signal.SIGKILL)  # the command goes on otherwise
        data = pathlib.Path(path).read_bytes()
        check_equal(struct.unpack_from("<Q", data, 48)[0], 0, "data size of an unfinished header")
        check(FINISHED_ROUND in [kind for kind, _ in records_of(path)], "nothing was flushed")
        script = prof_ok("script", "-i", path, "-F", "comm,time,ip,sym")
        samples = script.out.count(" burn_")
        check(samples > 1000, f"{samples} samples of more than a second at 999 Hz")


@test
def a_full_disk_stops_the_recording_and_keeps_what_fits(tmp):
    require_root()
    disk = f"{tmp}/disk"
    os.mkdir(disk)
    if run("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk).code != 0:
        raise Skip("cannot mount a tmpfs")
    try:
        for options in ([], ["--no-compress"]):
            path = f"{disk}/x.data"
            # A command that is never idle: a quiet machine would not fill the disk.
            done = prof("record", "-F", "20000", "-a", "--call-graph", "fp", *options, "-o", path, "--",
                        workload("shares"), "30", timeout=60)
            check_equal(done.code, 1, f"exit code of:\n{done}")
            check_in("No space left on device", done.err, "message")
            check(samples_by_perf(path) > 100, "too little was kept")
            header = perf_ok("report", "--header-only", "-i", path).out
            check_in("event : name = cpu-clock", header, "header")
            prof_ok("script", "-i", path)
            for left in glob.glob(f"{disk}/*"):
                os.unlink(left)
    finally:
        run("umount", disk)


@test
def max_size_ends_the_recording(tmp):
    path = f"{tmp}/x.data"
    done = prof_ok("record", "-F", "5000", "-g", "--no-compress", "--max-size", "300k", "-o", path,
                   "--", workload("shares"), "30")
    size = os.path.getsize(path)
    check(300 << 10 <= size < 2 << 20, f"{size} bytes")
    check_equal(samples_by_perf(path), samples_said(done), "samples")


@test
def a_slow_reader_loses_no_sample_while_there_is_memory(tmp):
    # The pipe stands still until the recording is over: everything waits in prof's queue, many times
    # what the rings hold; they are large enough for a recorder that does not run for some 50 ms.
    reader, writer = os.pipe()
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen([PROF, "record", "-F", "20000", "-g", "--no-compress", "-m", "32", "-e",
                                "cpu-clock", "-o", "-", "--", workload("shares"), "2"],
                               stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    time.sleep(2.5)
    data = b""
    while piece := os.read(reader, 1 << 20):
        data += piece
    os.close(reader)
    err = process.stderr.read().decode()
    check_equal(process.wait(), 0, "exit code")
    check("Lost" not in err, f"records were lost:\n{err}")
    said = int(SAMPLES.search(err).group(1))
    check(said * 100 > 10 * 131072, f"only {said} samples: the queue was not needed")
    script = ok(perf("script", "-i", "-", "-F", "comm,event", stdin=data))
    check_near(script.out.count("cpu-clock"), said, 0, "samples")


@test
def a_reader_that_leaves_ends_the_recording_quietly(tmp):
    done = run("sh", "-c", f"{PROF} record -q -F 9999 -ag -o - -- sleep 20 | head -c 100 >/dev/null",
               timeout=30)
    check_equal((done.code, done.err), (0, ""), "end")


main(require_perf)
