"""Whom `prof record` records, when it ends, and how: commands, processes, threads, CPUs, users."""

import os
import re
import shutil
import signal
import subprocess
import time

from harness import (NOBODY, PROF, Skip, check, check_equal, check_in, check_near, main, open_to_nobody,
                     perf_ok, prof, prof_ok, require_perf, require_root, run, test, unprivileged,
                     workload)


def script(path, *options):
    return perf_ok("script", "-i", path, *options).out


def spinner(seconds, threads=1, later=0.0):
    """A process that keeps `threads` threads busy, each in its own comm; the last `threads` - 1 are
    born after `later` seconds. Prints a line once it runs."""
    code = f"""
import hashlib, threading, time, sys, ctypes
end = time.monotonic() + {seconds}
def spin(name):
    ctypes.CDLL(None).prctl(15, name.encode())
    block = b'x' * (1 << 20)
    while time.monotonic() < end:
        hashlib.sha256(block)          # without the interpreter's lock
print('ready', flush=True)
threads = []
time.sleep({later})
for i in range(1, {threads}):
    threads.append(threading.Thread(target=spin, args=(f'born-{{i}}',)))
    threads[-1].start()
spin('first')
for t in threads:
    t.join()
"""
    process = subprocess.Popen(["python3", "-c", code], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def end(process):
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


# Commands --------------------------------------------------------------------------------------

@test
def the_commands_exit_code_is_ours(tmp):
    for code in (0, 1, 7, 126, 255):
        check_equal(prof("record", "-q", "--", "sh", "-c", f"exit {code}", cwd=tmp).code, code, "code")


@test
def the_commands_signal_is_ours(tmp):
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        done = prof("record", "-q", "--", "sh", "-c", f"kill -{number} $$", cwd=tmp)
        check_equal(done.code, -number, "end")
        check(os.path.exists(f"{tmp}/perf.data"), "no recording")
        os.unlink(f"{tmp}/perf.data")


@test
def a_command_that_cannot_run_leaves_no_file_and_keeps_the_earlier_one(tmp):
    with open(f"{tmp}/not-executable", "w", encoding="ascii"):
        pass
    with open(f"{tmp}/no-interpreter", "w", encoding="ascii") as file:
        file.write("#!/no/such/interpreter\n")
    os.chmod(f"{tmp}/no-interpreter", 0o755)
    for command, code, word in (("no-such-command-here", 127, "not found"),
                                (f"{tmp}/missing", 127, "not found"),
                                (f"{tmp}/not-executable", 126, "Permission denied"),
                                (f"{tmp}/no-interpreter", 127, "not found"),
                                (tmp, 126, "Permission denied")):
        with open(f"{tmp}/perf.data", "w", encoding="ascii") as file:
            file.write("earlier")
        done = prof("record", "--", command, cwd=tmp)
        check_equal(done.code, code, f"exit code of:\n{done}")
        check_in(word, done.err, "message")
        left = sorted(name for name in os.listdir(tmp) if "perf.data" in name)
        check_equal(left, ["perf.data"], "files")
        with open(f"{tmp}/perf.data", encoding="ascii") as file:
            check_equal(file.read(), "earlier", "the earlier recording")


@test
def options_end_at_the_first_word_that_is_none(tmp):
    def command_line(*words):
        prof_ok("record", "-q", "-o", f"{tmp}/x.data", *words)
        return perf_ok("report", "--header-only", "-i", f"{tmp}/x.data").out
    check_in("level = 1,", command_line("-g", "ls", "-l", "-F", "/"), "header")
    check_in("level = 1,", command_line("-z", "echo", "-z", "/"), "-z does not swallow the command")
    check_in("level = 5,", command_line("-z5", "ls", "/"), "-z5")
    check_in("level = 7,", command_line("-gz7", "--", "ls", "/"), "a cluster with a level")
    check_in("level = 3,", command_line("--compression-level=3", "ls"), "a long option")
    check_in("sample_freq } = 99,", command_line("-agF", "99", "--", "ls"), "-agF 99")
    check_in("sample_freq } = 77,", command_line("-F77", "ls"), "-F77")
    check_in("sample_freq } = 55,", command_line("--freq=55", "--call-graph", "fp", "ls"), "--freq=55")
    for words in (["-F"], ["-F", "abc", "ls"], ["--no-such", "ls"], ["-X"], ["-e", "nonsense", "ls"],
                  ["--call-graph", "crystal-ball", "ls"], ["-z99", "ls"], []):
        done = prof("record", "-o", f"{tmp}/y.data", *words)
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check(not os.path.exists(f"{tmp}/y.data"), f"{words}: a file was left")


@test
def the_start_of_a_command_is_not_missed(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-e", "page-faults", "-c", "1", "-o", path, "--", "true")
    out = script(path, "--show-task-events", "--show-mmap-events")
    check_in("PERF_RECORD_COMM exec: true", out, "events")
    check_in("ld-linux", out, "events")  # its first mappings
    check(len(re.findall("page-faults:", out)) > 20, "page faults of the dynamic loader")


@test
def the_command_gets_our_limits_and_signal_mask_unchanged(tmp):
    wanted = run("sh", "-c", "ulimit -n; grep -i -e SigBlk -e SigIgn /proc/self/status").out
    done = prof_ok("record", "-q", "-o", f"{tmp}/x.data", "--", "sh", "-c",
                   "ulimit -n; grep -i -e SigBlk -e SigIgn /proc/self/status")
    check_equal(done.out, wanted, "limits and signals")


# Time ------------------------------------------------------------------------------------------

@test
def a_delay_skips_the_samples_but_not_the_maps(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-F", "999", "-D", "400", "-o", path, "--", workload("shares"), "1")
    out = script(path, "--show-task-events", "--show-mmap-events", "-F", "comm,time,event,ip,sym")
    start = float(re.search(r"(\d+\.\d+): PERF_RECORD_COMM exec", out).group(1))
    times = [float(t) for t in re.findall(r"(\d+\.\d+):\s+cpu-clock", out)]
    check(times, "no samples at all")
    check(0.38 < times[0] - start < 0.9, f"first sample {times[0] - start} s after the start")
    check_in("burn_50", out, "symbols")
    prof_ok("record", "-D", "-1", "-o", path, "--", workload("shares"), "0.2")
    check("cpu-clock:" not in script(path), "samples with -D -1")


@test
def a_duration_ends_the_recording_and_the_command(tmp):
    begin = time.monotonic()
    done = prof("record", "--duration", "0.5", "--", "sleep", "20", cwd=tmp)
    check_near(time.monotonic() - begin, 0.6, 0.45, "seconds")
    check_equal(done.code, 0, f"exit code of:\n{done}")
    begin = time.monotonic()
    check_equal(prof("record", "-a", "--duration", "0.3", cwd=tmp).code, 0, "exit code")
    check_near(time.monotonic() - begin, 0.45, 0.4, "seconds")


@test
def signals_finish_the_file_and_are_passed_on(tmp):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        path = f"{tmp}/{number}.data"
        process = subprocess.Popen([PROF, "record", "-o", path, "--", workload("shares"), "20"],
                                   stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(0.6)
        process.send_signal(number)
        process.send_signal(number)  # an impatient second one
        err = process.communicate(timeout=20)[1].decode()
        check_equal(process.returncode, -number, f"end of:\n{err}")
        said = int(re.search(r"\((\d+) samples\)", err).group(1))
        check(said > 100, f"{said} samples")
        check_equal(script(path, "-F", "event").count("cpu-clock"), said, "samples")


# Processes and threads -------------------------------------------------------------------------

@test
def a_process_is_recorded_with_the_threads_born_later(tmp):
    process = spinner(4, threads=3, later=0.7)
    try:
        prof_ok("record", "-F", "499", "-p", process.pid, "--duration", "2", "-o", f"{tmp}/x.data")
    finally:
        end(process)
    comms = script(f"{tmp}/x.data", "-F", "comm").split()
    for name in ("first", "born-1", "born-2"):
        check(comms.count(name) > 50, f"{comms.count(name)} samples of {name}")


@test
def all_threads_that_run_already_are_recorded_once(tmp):
    process = spinner(4, threads=3)
    time.sleep(0.3)
    try:
        prof_ok("record", "-F", "499", "-p", process.pid, "--duration", "1", "-o", f"{tmp}/x.data")
    finally:
        end(process)
    out = script(f"{tmp}/x.data", "-F", "comm,tid,time")
    lines = out.splitlines()
    check_equal(len(set(lines)), len(lines), "samples that are there twice")
    check_equal({line.split()[0] for line in lines}, {"first", "born-1", "born-2"}, "comms")
    check(len(lines) <= 499 * 1.1 * os.cpu_count() * 1.3, f"{len(lines)} samples are too many")


@test
def without_inherit_threads_born_later_are_left_out(tmp):
    process = spinner(3, threads=3, later=0.7)
    try:
        prof_ok("record", "-i", "-F", "499", "-p", process.pid, "--duration", "1.7", "-o",
                f"{tmp}/x.data")
    finally:
        end(process)
    check_equal(set(script(f"{tmp}/x.data", "-F", "comm").split()), {"first"}, "comms")


@test
def one_thread_can_be_recorded(tmp):
    process = spinner(3, threads=3)
    time.sleep(0.3)
    try:
        tids = sorted(int(tid) for tid in os.listdir(f"/proc/{process.pid}/task"))
        prof_ok("record", "-F", "499", "-t", tids[1], "--duration", "1", "-o", f"{tmp}/x.data")
    finally:
        end(process)
    check_equal({int(tid) for tid in script(f"{tmp}/x.data", "-F", "tid").split()}, {tids[1]}, "tids")


@test
def recording_ends_with_the_processes_it_watches(tmp):
    process = subprocess.Popen(["sleep", "1"])
    begin = time.monotonic()
    prof_ok("record", "-p", process.pid, "-o", f"{tmp}/x.data", timeout=20)
    process.wait()
    check(time.monotonic() - begin < 5, "it went on")


@test
def a_process_that_is_not_there_is_named(tmp):
    for option in ("-p", "-t"):
        done = prof("record", option, "4194303", cwd=tmp)
        check_equal(done.code, 1, "exit code")
        check_in("4194303", done.err, "message")
    check_equal(os.listdir(tmp), [], "files")


@test
def a_process_may_end_while_it_is_attached_to(tmp):
    path = f"{tmp}/perf.data"
    outcomes = set()
    for step in range(24):
        # From one that is gone already to one that lives until long after.
        target = subprocess.Popen(["sleep", str(0.008 * step)])
        done = prof("record", "-g" if step % 2 else "-q", "-p", target.pid, "-o", path)
        target.wait()
        outcomes.add(done.code)
        if done.code == 0:
            script(path)
            os.remove(path)
        else:
            check_equal(done.code, 1, f"exit code of:\n{done}")
            check(f"there is no process {target.pid}" in done.err
                  or "the threads to record have ended" in done.err, f"message of:\n{done}")
            check(not os.path.exists(path), "an empty file is left")
    check(0 in outcomes, "none was recorded")


@test
def a_process_that_makes_threads_all_the_time_is_recorded(tmp):
    # Threads come and go while events are opened: none of that may end the recording. And the thread
    # that makes them must be sampled, whose events the kernel would swap with theirs.
    code = """
import threading, time
end = time.monotonic() + 4
print('ready', flush=True)
while time.monotonic() < end:
    ts = [threading.Thread(target=lambda: sum(range(20000))) for _ in range(8)]
    [t.start() for t in ts]; [t.join() for t in ts]
"""
    process = subprocess.Popen(["python3", "-c", code], stdout=subprocess.PIPE)
    process.stdout.readline()
    found = 0
    try:
        for _ in range(5):
            prof_ok("record", "-F", "999", "-p", process.pid, "--duration", "0.3", "-o", f"{tmp}/x.data")
            lines = script(f"{tmp}/x.data", "-F", "tid,time").splitlines()
            tids = [int(line.split()[0]) for line in lines]
            found += tids.count(process.pid)
            check_equal(len(set(lines)), len(lines), "samples that are there twice")
    finally:
        end(process)
    check(found > 40, f"{found} samples of the first thread in 1.5 s at 999 Hz")


# CPUs and users --------------------------------------------------------------------------------

@test
def only_the_wanted_cpus_are_sampled_and_their_processes_named(tmp):
    require_root()
    if os.cpu_count() < 2:
        raise Skip("needs two CPUs")
    path = f"{tmp}/x.data"
    # It starts on CPU 1, where its exec is seen, and burns on CPU 0, where it is sampled.
    prof_ok("record", "-F", "499", "-g", "-C", "0", "-o", path, "--", "taskset", "-c", "1", "sh", "-c",
            f"taskset -c 0 {workload('shares')} 0.5")
    cpus = set(re.findall(r"\[(\d+)\]", script(path, "-F", "cpu")))
    check_equal(cpus, {"000"}, "CPUs")
    check_in("burn_50", script(path, "-F", "comm,ip,sym"), "symbols")
    check_equal(prof("record", "-C", "9999", cwd=tmp).code, 1, "a CPU that is not there")
    check_equal(prof("record", "-C", "x", cwd=tmp).code, 2, "no list of CPUs")


@test
def a_users_processes_are_recorded_and_no_others(tmp):
    require_root()
    open_to_nobody(tmp)
    shutil.copy(workload("shares"), f"{tmp}/shares")
    os.chmod(f"{tmp}/shares", 0o755)
    theirs = subprocess.Popen(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                               f"{tmp}/shares", "5"])
    ours = subprocess.Popen([workload("shares"), "5"])
    try:
        time.sleep(0.2)
        prof_ok("record", "-F", "499", "-u", "nobody", "--duration", "0.7", "-o", f"{tmp}/x.data")
    finally:
        end(theirs)
        end(ours)
    pids = [int(pid) for pid in script(f"{tmp}/x.data", "-F", "pid").split()]
    check(pids.count(theirs.pid) > 50, f"{pids.count(theirs.pid)} samples of the user's process")
    check(ours.pid not in pids, "samples of another user's process")
    check_equal(prof("record", "-u", "no-such-user", cwd=tmp).code, 2, "a user that is not there")


@test
def several_events_are_told_apart(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-e", "cpu-clock", "-e", "page-faults:u,cs", "-o", path, "--", workload("shares"),
            "0.3")
    out = script(path, "-F", "event")
    check(out.count("cpu-clock:") > 100, "cpu-clock")
    check(out.count("page-faults:u:") > 0, "page-faults:u")


@test
def a_rate_above_the_kernels_is_lowered_with_a_word(tmp):
    with open("/proc/sys/kernel/perf_event_max_sample_rate", encoding="ascii") as file:
        limit = int(file.read())
    done = prof_ok("record", "-F", limit + 1, "-o", f"{tmp}/x.data", "--", "true")
    check_in("perf_event_max_sample_rate", done.err, "message")
    check_in(f"sample_freq }}: {limit}", perf_ok("evlist", "-v", "-i", f"{tmp}/x.data").out, "rate")
    prof_ok("record", "-F", "max", "-o", f"{tmp}/x.data", "--", "true")
    check_in(f"sample_freq }}: {limit}", perf_ok("evlist", "-v", "-i", f"{tmp}/x.data").out, "max")


@test
def call_chains_are_cut_at_the_wanted_depth(tmp):
    path = f"{tmp}/x.data"
    prof_ok("record", "-g", "--max-stack", "2", "-e", "cpu-clock:u", "-o", path, "--",
            workload("shares"), "0.2")
    chains = [chain.split() for chain in script(path, "-F", "ip").strip().split("\n\n")]
    check(chains and max(len(chain) for chain in chains) <= 2, f"{max(map(len, chains))} frames")


@test
def rings_shrink_to_what_an_unprivileged_user_may_lock(tmp):
    require_root()
    open_to_nobody(tmp)
    shutil.copy(PROF, f"{tmp}/prof")
    os.chmod(f"{tmp}/prof", 0o755)
    done = unprivileged(f"{tmp}/prof", "record", "-m", "256M", "--", "true", cwd=tmp)
    check_equal(done.code, 0, f"exit code of:\n{done}")
    check_in("perf_event_mlock_kb", done.err, "message")


main(require_perf)
