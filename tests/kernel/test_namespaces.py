"""Generated code of a process with its own pids and its own /tmp is named while it lives."""

import contextlib
import os
import signal
import subprocess
import time

from harness import (Skip, check, check_in, main, prof, prof_ok, require_program, require_root, run,
                     test, workload)


def can_unshare():
    require_root()
    require_program("unshare")
    done = run("unshare", "-pfm", "--mount-proc", "mount", "-t", "tmpfs", "none", "/tmp")
    if done.code != 0:
        raise Skip(f"no namespaces here: {done.err.strip()}")


@contextlib.contextmanager
def contained(*command):
    """Runs a workload as the first process of namespaces of its own; gives its pid as we see it."""
    unshare = subprocess.Popen(
        ["unshare", "-pfm", "--kill-child", "--mount-proc", "sh", "-c",
         'mount -t tmpfs none /tmp && exec "$@"', "sh", *map(str, command)],
        stdout=subprocess.PIPE, start_new_session=True)
    try:
        told = unshare.stdout.readline()
        if not told:
            raise Skip("the workload knows no code for this machine")
        check(int(told) == 1, f"the workload calls itself {told}")
        with open(f"/proc/{unshare.pid}/task/{unshare.pid}/children") as file:
            yield int(file.read())
    finally:
        os.killpg(unshare.pid, signal.SIGKILL)
        unshare.wait()
        unshare.stdout.close()


def record(tmp, pid):
    path = f"{tmp}/contained.data"
    done = prof("record", "-F", 997, "-g", "-o", path, "-p", pid, "--", "sleep", 0.7)
    check(done.code == 0, done)
    return path


@test
def a_perf_map_is_found_by_the_innermost_pid_in_the_process_own_tmp(tmp):
    decoy = "/tmp/perf-1.map"  # ours, of another process 1
    check(not os.path.exists(decoy), f"{decoy} is in the way")
    with open(decoy, "w") as file:
        file.write("0 7fffffffffffffff decoy\n")
    try:
        with contained(workload("jit"), 60) as pid:
            path = record(tmp, pid)
            folded = prof_ok("fold", "-i", path)
            check_in(";jit_plain ", folded.out)
            check("decoy" not in folded.out, folded)
            script = prof_ok("script", "-i", path).out
            check_in(f"(/tmp/perf-{pid}.map)", script)
        # It took its files with it.
        gone = prof_ok("fold", "-i", path)
        check("jit_plain" not in gone.out and "decoy" not in gone.out, gone)
        check_in(f"/tmp/perf-{pid}.map", gone.err)
    finally:
        os.unlink(decoy)


@test
def a_map_of_a_stranger_in_there_is_not_believed(tmp):
    with contained(workload("jit"), 60) as pid:
        path = record(tmp, pid)
        os.chown(f"/proc/{pid}/root/tmp/perf-1.map", 12345, -1)
        done = prof_ok("fold", "-i", path)
        check("jit_plain" not in done.out, done)
        check_in(";jit_plain ", prof_ok("fold", "-f", "-i", path).out)
        # Nor one that leads out of there.
        os.unlink(f"/proc/{pid}/root/tmp/perf-1.map")
        with open(f"{tmp}/outside", "w") as file:
            file.write("0 7fffffffffffffff outside\n")
        os.symlink(f"{tmp}/outside", f"/proc/{pid}/root/tmp/perf-1.map")
        check("outside" not in prof_ok("fold", "-f", "-i", path).out, "a link led out of the root")


@test
def a_later_process_of_the_same_pid_is_not_taken_for_it(tmp):
    with contained(workload("jit"), 60) as pid:
        path = record(tmp, pid)
        long_ago = time.time() - 1000
        os.utime(path, (long_ago, long_ago))
        check("jit_plain" not in prof_ok("fold", "-i", path).out, "a name of another process")


@test
def a_jitdump_is_found_in_the_process_own_files(tmp):
    with contained(workload("jitdump"), 60, "/tmp") as pid:
        path = record(tmp, pid)
        check_in(";jit_first ", prof_ok("fold", "-i", path).out)
        check_in(f"(/proc/{pid}/root/tmp/jit-1.dump)", prof_ok("script", "-i", path).out)
    done = prof_ok("fold", "-i", path)
    check("jit_first" not in done.out, done)
    check_in("jit-1.dump", done.err)


main(can_unshare)
