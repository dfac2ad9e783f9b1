"""What an unprivileged user may not do: no file is left, the cause and the remedy are said."""

import os
import pathlib
import shutil

from harness import (NOBODY, PROF, Skip, check, check_equal, check_in, main, open_to_nobody, prof_ok,
                     require_program, require_root, test, unprivileged, workload)


def paranoid_level():
    return int(pathlib.Path("/proc/sys/kernel/perf_event_paranoid").read_text(encoding="ascii"))


def require_paranoid(low, high=99):
    level = paranoid_level()
    if not low <= level <= high:
        raise Skip(f"perf_event_paranoid is {level}; this is about {low} to {high}")


def as_nobody(tmp, *arguments, program="prof"):
    """Runs prof, copied to where nobody may execute it, in `tmp`."""
    open_to_nobody(tmp)
    copy = os.path.join(tmp, program)
    if not os.path.exists(copy):
        shutil.copy(PROF if program == "prof" else workload(program), copy)
        os.chmod(copy, 0o755)
    return unprivileged(copy, *arguments, cwd=tmp)


def refused(done, tmp, *words):
    check_equal(done.code, 1, f"exit code of:\n{done}")
    lines = done.err.strip().splitlines()
    check(2 <= len(lines) <= 4, f"a cause, a remedy, and what is possible, not {len(lines)} lines:\n"
          f"{done}")
    for word in words:
        check_in(word, done.err, "message")
    left = [name for name in os.listdir(tmp) if name.startswith("perf.data")]
    check(not left, f"left behind: {left}")


@test
def the_whole_machine_is_refused(tmp):
    require_paranoid(1)
    refused(as_nobody(tmp, "record", "-a", "--", "true"), tmp, "perf_event_paranoid")


@test
def a_cpu_is_refused(tmp):
    require_paranoid(1)
    refused(as_nobody(tmp, "record", "-C", "0", "--duration", "0.1"), tmp, "perf_event_paranoid")


@test
def a_process_of_another_user_is_refused(tmp):
    done = as_nobody(tmp, "record", "-p", "1", "--duration", "0.1")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check(done.err.strip(), "no message")
    check(not os.path.exists(f"{tmp}/perf.data"), "a file was left behind")


@test
def ones_own_command_is_recorded_in_user_space(tmp):
    require_paranoid(0, 2)
    shutil.copy(workload("shares"), f"{tmp}/shares")
    os.chmod(f"{tmp}/shares", 0o755)
    done = as_nobody(tmp, "record", "-F", "499", "-g", "--", "./shares", "0.5")
    check_equal(done.code, 0, f"exit code of:\n{done}")
    check_equal(os.stat(f"{tmp}/perf.data").st_mode & 0o777, 0o600, "mode")
    check_equal(os.stat(f"{tmp}/perf.data").st_uid, NOBODY, "owner")
    report = prof_ok("report", "--stdio", "--no-children", "-i", f"{tmp}/perf.data").out
    check_in("burn_50", report, "report")


@test
def a_recording_one_may_not_read_is_named(tmp):
    path = f"{tmp}/secret.data"
    prof_ok("record", "-o", path, "--", "true")
    for command in (["report", "--stdio"], ["script"], ["fold"], ["flamegraph"]):
        done = as_nobody(tmp, *command, "-i", path)
        check_equal(done.code, 1, f"exit code of:\n{done}")
        check_in(path, done.err, "message")
        check_in("ermission denied", done.err, "message")


@test
def a_folder_one_may_not_write_to_is_named(tmp):
    os.mkdir(f"{tmp}/locked", 0o755)
    shutil.copy(workload("shares"), f"{tmp}/shares")
    os.chmod(f"{tmp}/shares", 0o755)
    done = as_nobody(tmp, "record", "-o", "locked/perf.data", "--", "./shares", "0.1")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("locked/perf.data", done.err, "message")
    check_in("ermission denied", done.err, "message")


main(require_root, lambda: require_program("setpriv"))
