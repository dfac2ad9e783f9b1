"""`prof stacks`: counts that are the known ones, of those who are meant and of nobody else."""

import collections
import os
import re
import shutil
import signal
import subprocess
import time

from harness import (PROF, Skip, check, check_equal, check_in, main, ok, open_to_nobody, perf_ok,
                     prof, prof_ok, require_bpf, require_perf, require_tracefs, require_uprobes, run,
                     test, unprivileged, workload)
from recordings import folded_stacks

CALLS = 1000
HITS = 3 * CALLS  # of each thread of the workload


def probe(function="hit_me", kind="uprobe"):
    return f"{kind}:{workload('hits')}:{function}"


def listed(text):
    """[(frames leaf first, process or None, count)] of the list of stacks."""
    stacks = []
    for block in re.split(r"\n\n", text.strip("\n")):
        lines = [line for line in block.splitlines() if not re.match(r"\[\d+\]$", line)]
        if not lines:
            continue
        frames = [line.strip() for line in lines if re.match(r"  \S", line)]
        rest = [line.strip() for line in lines if line.startswith("    ")]
        check_equal(len(frames) + len(rest), len(lines), f"lines understood of\n{block}")
        stacks.append((frames, rest[0] if len(rest) == 2 else None, int(rest[-1])))
    return stacks


def total(text):
    return sum(count for _, _, count in listed(text))


def nothing_lost(done):
    check("lost" not in done.err, f"hits were lost:\n{done.err}")
    return done


def stacks_ok(*arguments, **options):
    return nothing_lost(prof_ok("stacks", *arguments, **options))


class Waiting:
    """The workload, waiting to be told to begin."""

    def __init__(self, calls, threads=0, children=0):
        self.process = subprocess.Popen(
            [workload("hits"), *map(str, (calls, threads, children)), "wait"],
            stdin=subprocess.PIPE)

    @property
    def pid(self):
        return self.process.pid

    def go(self):
        self.process.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()


def counting(*arguments):
    """prof, which has begun to count when this returns: its programs are attached."""
    process = subprocess.Popen([PROF, *map(str, arguments)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        # It waits in its loop once everything is attached and enabled.
        wchan = f"/proc/{process.pid}/syscall"
        try:
            with open(wchan, encoding="ascii") as file:
                number = file.read().split()[0]
        except OSError:
            break
        if number in ("232", "281", "22"):  # epoll_wait, epoll_pwait; of aarch64
            return process
        time.sleep(0.01)
    return process


def finish(process):
    out, err = process.communicate(timeout=60)
    check_equal(process.returncode, 0, f"exit code; stderr:\n{err}")
    check("lost" not in err, f"hits were lost:\n{err}")
    return out


@test
def every_call_of_a_function_is_counted_once():
    require_uprobes()
    done = stacks_ok(probe(), "--", workload("hits"), CALLS)
    check_equal(total(done.out), HITS, "hits")
    check(all(frames[0] == "hit_me" for frames, _, _ in listed(done.out)), done.out)
    found = {frames[1]: count for frames, _, count in listed(done.out)}
    check_equal(found, {"call_often": 2 * CALLS, "call_seldom": CALLS}, "hits by callers")
    check_equal([count for _, _, count in listed(done.out)], [CALLS, 2 * CALLS], "order")


@test
def the_caller_of_a_function_that_makes_no_frame_is_known():
    require_uprobes()
    done = stacks_ok(probe("bare"), "--", workload("hits"), CALLS)
    found = {tuple(frames[:3]): count for frames, _, count in listed(done.out)}
    check_equal(found, {("bare", "call_bare", "work"): CALLS}, "hits by callers")
    # Not where it has begun already.
    done = stacks_ok("-f", probe("hit_me+0x4"), "--", workload("hits"), CALLS)
    found = {stack[-2:]: count for stack, count in folded_stacks(done.out).items()}
    check_equal(found, {("call_often", "hit_me"): 2 * CALLS, ("call_seldom", "hit_me"): CALLS},
                "hits by callers")


@test
def callers_by_unwind_tables_are_the_same():
    require_uprobes()
    for function, callers in (("bare", {"call_bare": CALLS}),
                              ("hit_me", {"call_often": 2 * CALLS, "call_seldom": CALLS})):
        done = stacks_ok("--call-graph", "bpf", probe(function), "--", workload("hits"), CALLS)
        check_equal(total(done.out), sum(callers.values()), "hits")
        # The first may be cut, until the tables are there.
        for frames, _, count in listed(done.out):
            check_equal(frames[0], function, "leaf")
            if frames[1] != "[truncated stack]":
                check(frames[1] in callers and count <= callers[frames[1]], done.out)


@test
def every_return_of_a_function_is_counted_once():
    require_uprobes()
    done = stacks_ok("-f", probe(kind="uretprobe"), "--", workload("hits"), CALLS)
    found = collections.Counter()
    for stack, count in folded_stacks(done.out).items():
        check_equal(stack[0], "hits", "command")
        found[stack[-1]] += count
    check_equal(found, {"call_often": 2 * CALLS, "call_seldom": CALLS}, "hits by callers")


@test
def threads_and_children_are_counted_too():
    require_uprobes()
    done = stacks_ok("-P", probe(), "--", workload("hits"), CALLS, 3, 2)
    by_process = collections.Counter()
    for _, process, count in listed(done.out):
        by_process[process] += count
    check_equal(sorted(by_process.values()), [HITS, HITS, 4 * HITS], f"by process: {by_process}")
    check(all(name.startswith("hits [") for name in by_process), by_process)


@test
def a_function_within_and_its_offset_in_the_file():
    require_uprobes()
    lines = ok(run("nm", workload("hits"))).out.splitlines()
    address = next(int(line.split()[0], 16) for line in lines if line.endswith(" T hit_me"))
    segments = re.findall(r"LOAD\s+0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x\w+ R E",
                          ok(run("readelf", "-lW", workload("hits"))).out)
    offset, start, _ = (int(word, 16) for word in segments[0])
    place = f"uprobe:{workload('hits')}:0x{address - start + offset:x}"
    check_equal(total(stacks_ok(place, "--", workload("hits"), CALLS).out), HITS, place)
    check_equal(total(stacks_ok(probe("hit_me+0x0"), "--", workload("hits"), CALLS).out), HITS)


@test
def only_the_process_that_was_asked_for():
    require_uprobes()
    with Waiting(CALLS, 2, 2) as wanted, Waiting(CALLS, 2, 2) as stranger:
        counter = counting("stacks", probe(), "-P", "-p", wanted.pid)
        stranger.go()
        wanted.go()
        out = finish(counter)
    by_process = collections.Counter()
    for _, process, count in listed(out):
        by_process[process] += count
    check_equal(sum(by_process.values()), 5 * HITS, "hits")
    check_equal(by_process[f"hits [{wanted.pid}]"], 3 * HITS, "hits of the process itself")
    check(f"hits [{stranger.pid}]" not in by_process, f"a stranger's: {by_process}")


@test
def without_children_where_they_are_not_wanted():
    require_uprobes()
    with Waiting(CALLS, 2, 2) as wanted, Waiting(CALLS) as stranger:
        counter = counting("stacks", "--no-inherit", "-p", wanted.pid, probe())
        stranger.go()
        wanted.go()
        check_equal(total(finish(counter)), HITS, "hits of the thread that was there")


@test
def the_whole_system_with_all_who_run_the_function():
    require_uprobes()
    counter = counting("stacks", "-D", 3, "-P", probe())
    pids = []
    for _ in range(3):
        with subprocess.Popen([workload("hits"), str(CALLS)]) as process:
            pids.append(process.pid)
    found = collections.Counter()
    for _, process, count in listed(finish(counter)):
        found[process] += count
    for pid in pids:
        check_equal(found[f"hits [{pid}]"], HITS, f"hits of process {pid}")


@test
def programs_that_are_executed():
    require_tracefs()
    script = "for i in 1 2 3 4 5; do /bin/true; done"
    done = stacks_ok("-P", "sched:sched_process_exec", "--", "sh", "-c", script)
    by_name = collections.Counter()
    for _, process, count in listed(done.out):
        by_name[process.split()[0]] += count
    check_equal(by_name, {"sh": 1, "true": 5}, "programs")


@test
def system_calls_of_a_program():
    require_tracefs()
    done = stacks_ok("syscalls:sys_enter_getppid", "--", workload("hits"), CALLS, 1, 1)
    check_equal(total(done.out), 3 * CALLS, "getppid() calls")
    check(all("work" in frames for frames, _, _ in listed(done.out)), done.out)
    # The program's own execve is over when it begins.
    done = stacks_ok("syscalls:sys_enter_execve", "--", "true")
    check_equal(total(done.out), 0, "execve() calls")
    check_in("was not hit", done.err, "stderr")


@test
def privilege_levels_of_tracepoints():
    require_tracefs()
    calls = "syscalls:sys_enter_getppid"
    command = ("--", workload("hits"), CALLS)
    check_equal(total(stacks_ok(calls + ":u", *command).out), CALLS, "in user space")
    check_equal(total(stacks_ok(calls + ":k", *command).out), 0, "in the kernel")
    check_equal(total(stacks_ok("sched:sched_process_exec:k", *command).out), 1, "in the kernel")
    check_equal(total(stacks_ok("sched:sched_process_exec:u", *command).out), 0, "in user space")


@test
def one_part_of_the_stacks():
    require_tracefs()
    script = ("sched:sched_process_exit", "--", "true")
    both = listed(stacks_ok(*script).out)
    kernel = listed(stacks_ok("-K", *script).out)
    user = listed(stacks_ok("-U", *script).out)
    for found in (both, kernel, user):
        check_equal(sum(count for _, _, count in found), 1, "exits")
    check(kernel[0][0] and user[0][0], f"an empty stack: {kernel} {user}")
    check_equal(kernel[0][0] + user[0][0], both[0][0], "the kernel's part, then the user's")
    check("do_exit" in kernel[0][0] and "do_exit" not in user[0][0], "parts")


@test
def intervals_begin_at_zero_and_miss_nothing():
    require_uprobes()
    with Waiting(20 * CALLS, 1) as wanted:
        counter = counting("stacks", "-i", "0.2", probe(), "-p", wanted.pid)
        time.sleep(0.8)  # three intervals at least
        wanted.go()
        out = finish(counter)
    turns = re.split(r"^\[\d+\]$", out, flags=re.MULTILINE)[1:]
    check(len(turns) > 2, f"{len(turns)} intervals")
    check_equal(total(out), 2 * 20 * HITS, "hits of all intervals")
    check(sum(bool(turn.strip()) for turn in turns) >= 1, "intervals with hits")


@test
def an_interrupt_prints_what_there_is():
    require_uprobes()
    with Waiting(CALLS) as wanted:
        counter = counting("stacks", probe(), "-p", wanted.pid)
        with subprocess.Popen([workload("hits"), "0"]):
            pass
        counter.send_signal(signal.SIGINT)
        check_equal(total(finish(counter)), 0, "hits before it began")
    counter = counting("stacks", "-P", probe())
    with subprocess.Popen([workload("hits"), str(CALLS)]) as process:
        pid = process.pid
    counter.send_signal(signal.SIGINT)
    found = sum(count for _, process, count in listed(finish(counter))
                if process == f"hits [{pid}]")
    check_equal(found, HITS, "hits until the interrupt")


@test
def folded_stacks_are_a_flame_graph(tmp):
    require_uprobes()
    command = f"{PROF} stacks -f {probe()} -- {workload('hits')} {CALLS} | {PROF} flamegraph"
    done = ok(run("bash", "-o", "pipefail", "-c", command, cwd=tmp))
    check_in("<svg", done.out, "picture")
    check_in("hit_me", done.out, "picture")
    check(f"{HITS:,}" in done.out or str(HITS) in done.out, "the number of hits in the picture")


@test
def any_perf_event_is_counted_by_each_occurrence():
    pages = 5000
    command = ("--", "python3", "-c",
               f"import mmap; m = mmap.mmap(-1, {pages} * 4096, flags=34); m.madvise(15)\n"
               f"for i in range({pages}): m[i * 4096] = 1")
    done = stacks_ok("-U", "page-faults", *command)
    check(total(done.out) >= pages, f"{total(done.out)} faults of {pages} pages")
    check(listed(done.out)[-1][2] >= pages - 512, "the commonest stack is that of the loop")


@test
def a_clock_is_sampled_as_by_record():
    done = stacks_ok("cpu-clock", "--", workload("shares"), 1)
    check(100 < total(done.out) <= 4400, f"{total(done.out)} samples of a second")


@test
def record_counts_the_same_for_a_process(tmp):
    require_uprobes()
    path = f"{tmp}/perf.data"
    with Waiting(CALLS, 1, 1) as wanted, Waiting(CALLS) as stranger:
        recorder = counting("record", "--bpf", "-g", "-e", probe(), "-p", wanted.pid, "-o", path)
        stranger.go()
        wanted.go()
        finish(recorder)
    found = folded_stacks(prof_ok("fold", "-i", path).out)
    check_equal(sum(found.values()), 3 * HITS, "samples")


@test
def switches_of_a_process_are_its_own(tmp):
    require_tracefs()
    path = f"{tmp}/perf.data"
    prof_ok("record", "--bpf", "-g", "-e", "sched:sched_switch", "-o", path, "--", "sleep", "0.2")
    found = folded_stacks(prof_ok("fold", "-i", path).out)
    check(found and all(stack[0] == "sleep" for stack in found), f"others than sleep: {found}")


@test
def a_period_counts_every_so_many_hits(tmp):
    require_uprobes()
    path = f"{tmp}/perf.data"
    cpu = str(min(os.sched_getaffinity(0)))
    done = ok(run("taskset", "-c", cpu, PROF, "record", "--bpf", "-g", "-c", 10, "-e", probe(), "-o",
                  path, "--", workload("hits"), CALLS))
    check_in(f"({HITS // 10} samples", done.err, "closing line")
    found = folded_stacks(prof_ok("fold", "--weight", "period", "-i", path).out)
    check_equal(sum(found.values()), HITS, "sum of the periods")


@test
def perf_reads_what_was_counted(tmp):
    require_perf()
    require_tracefs()
    path = f"{tmp}/perf.data"
    for target in (("-a",), ()):
        prof_ok("record", "--bpf", "-g", *target, "-e", "sched:sched_process_exec", "-o", path,
                "--", "sh", "-c", "/bin/true; /bin/true")
        done = perf_ok("report", "--stdio", "-i", path)
        check_in("of event 'sched:sched_process_exec'", done.out, "perf report")
        check(not done.err.strip(), f"perf complains:\n{done.err}")
        events = perf_ok("script", "-F", "comm,event", "-i", path).out
        check(events.count("true") == 2, f"perf script:\n{events}")


@test
def without_bpf_every_hit_is_recorded(tmp):
    open_to_nobody(tmp)
    copy = os.path.join(tmp, "prof")
    shutil.copy(PROF, copy)
    os.chmod(copy, 0o755)
    with open("/proc/sys/kernel/perf_event_paranoid", encoding="ascii") as file:
        if int(file.read()) > 2:
            raise Skip("perf_event_paranoid is above 2")
    done = unprivileged(copy, "stacks", "--no-cache", "page-faults", "--", "true", cwd=tmp)
    check_equal(done.code, 0, f"exit code of:\n{done}")
    check_in("BPF programs may not be loaded", done.err, "reason")
    check(total(done.out) > 0, f"no faults:\n{done}")
    done = unprivileged(copy, "stacks", "--no-cache", probe(), "--", "true", cwd=tmp)
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("CAP_PERFMON", done.err, "reason")


@test
def what_cannot_be_counted_is_told_in_a_line():
    require_uprobes()
    require_tracefs()
    for arguments, told in ((("fexit:do_exit",), "'fexit:' is not known here"),
                            (("sched:sched_swich",), "did you mean sched:sched_switch"),
                            ((probe("hit_mee"),), "did you mean hit_me"),
                            (("uprobe:/no/such/file:f",), "there is no file '/no/such/file'"),
                            (("cpu-clock,page-faults",), "one event"),
                            (("-U", "-K", "page-faults"), "exclude each other"),
                            ((), "no event is given")):
        done = prof("stacks", *arguments)
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(told, done.err, "message")
    done = prof("stacks", "page-faults", "--", "/no/such/program")
    check_equal(done.code, 127, f"exit code of:\n{done}")
    check_equal(prof("stacks", "page-faults", "--", "sh", "-c", "exit 3").code, 3, "exit code")


main(require_bpf)
