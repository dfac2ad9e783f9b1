"""What the end-to-end tests share: running prof, perf and the workloads, skipping, checking.

A test is a script; it gets the binary and the workloads' folder by environment (PROF, WORKLOADS, as
CTest sets them), exits 0 when all its checks hold, 1 when one does not, 77 when it cannot run here.

    from harness import *

    @test
    def a_sentence_that_is_true(tmp):       # tmp: an empty folder of its own
        check_equal(prof("--version").code, 0)

    main()
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

import perf_home

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
PROF = os.environ.get("PROF", str(SOURCE / "build" / "dev" / "prof"))
WORKLOADS = os.environ.get("WORKLOADS", str(SOURCE / "build" / "dev" / "tests" / "workloads"))
SANITIZED = os.environ.get("PROF_SANITIZED") == "1"
NOBODY = 65534
CLONE_NEWNS = 0x20000
DEFAULT_TIMEOUT = 120  # seconds; a hang is a failure, not a stuck test run

SKIP_EXIT_CODE = 77
SANITIZER_EXIT_CODE = 99  # as scripts/run_tests.py sets it

perf_home.make()


class Skip(Exception):
    """This test, or the whole script, cannot run here; says why."""


class Failure(Exception):
    """A check did not hold."""


class Run:
    """A finished process: exit code (negative: minus the signal), stdout and stderr as text."""

    def __init__(self, command, code, out, err):
        self.command = command
        self.code = code
        self.out_bytes = out
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    def __str__(self):
        return (f"$ {' '.join(self.command)}\nexit code {self.code}\n"
                f"--- stdout\n{clip(self.out)}\n--- stderr\n{clip(self.err)}")


def clip(text, limit=4000):
    return text if len(text) <= limit else text[:limit] + f"… ({len(text)} characters)"


# Running -------------------------------------------------------------------------------------

def run(*command, stdin=None, env=None, cwd=None, timeout=DEFAULT_TIMEOUT, stdout=None):
    """Runs `command`. `stdin` is bytes, or an open file. `stdout`: a file instead of capture."""
    command = [str(word) for word in command]
    given = stdin if isinstance(stdin, bytes) else None
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE if given is not None else stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
        env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        out, err = process.communicate(given, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise Failure(f"hung for {timeout} s:\n"
                      + str(Run(command, None, out or b"", err or b""))) from None
    done = Run(command, process.returncode, out or b"", err or b"")
    if done.code == SANITIZER_EXIT_CODE or "runtime error:" in done.err \
            or "AddressSanitizer" in done.err or "LeakSanitizer" in done.err:
        raise Failure(f"a sanitizer spoke:\n{done}")
    return done


def prof(*arguments, **options):
    return run(PROF, *arguments, **options)


def prof_ok(*arguments, **options):
    """prof, which must succeed."""
    return ok(prof(*arguments, **options))


def perf(*arguments, **options):
    return run("perf", *arguments, **options)


def perf_ok(*arguments, **options):
    return ok(perf(*arguments, **options))


def ok(done):
    if done.code != 0:
        raise Failure(f"expected success:\n{done}")
    return done


def workload(name):
    """The path of a workload program."""
    path = os.path.join(WORKLOADS, name)
    if not os.path.exists(path):
        raise Failure(f"the workload {path} is not built")
    return path


def unprivileged(*command, **options):
    """Runs `command` as nobody, without any capability or group."""
    return run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
               "--inh-caps=-all", "--bounding-set=-all", *command, **options)


def open_to_nobody(tmp):
    """Lets the unprivileged user write to `tmp`, and search its parents."""
    os.chmod(tmp, 0o777)
    return tmp


# Where a test can run ------------------------------------------------------------------------

def require_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


def require_program(name):
    if shutil.which(name) is None:
        raise Skip(f"{name} is not installed")


def require_tracefs():
    """Tracepoints to be seen: where tracefs is not mounted, it is mounted for this test alone."""
    require_root()
    places = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
    if any(os.path.isdir(f"{place}/events") for place in places):
        return
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Skip("tracefs is not mounted")
    done = run("mount", "--make-rprivate", "/")
    if done.code == 0:
        done = run("mount", "-t", "tracefs", "nodev", places[0])
    if done.code != 0:
        raise Skip(f"tracefs is not mounted, and cannot be: {done.err.strip()}")


def require_bpf():
    if "without BPF" in prof_ok("--version").out:
        raise Skip("this prof was built without BPF")
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        raise Skip("this kernel has no BTF")
    require_root()


def require_uprobes():
    if not os.path.exists("/sys/bus/event_source/devices/uprobe/type"):
        raise Skip("this kernel has no uprobes")
    require_root()


def perf_version():
    """(major, minor) of the installed perf."""
    require_program("perf")
    words = run("perf", "--version").out.split()
    try:
        major, minor = words[-1].split(".")[:2]
        return int(major), int(minor)
    except (IndexError, ValueError):
        raise Skip(f"perf does not tell its version: {' '.join(words)}") from None


def require_perf(exactly=None):
    """`exactly`: the version whose text the test compares with, (6, 1) for instance."""
    version = perf_version()
    if exactly is not None and version != exactly:
        raise Skip(f"compares with perf {exactly[0]}.{exactly[1]}; this is {version[0]}.{version[1]}")


# Checking ------------------------------------------------------------------------------------

def check(condition, message):
    if not condition:
        raise Failure(str(message))


def check_equal(got, wanted, what="value"):
    if got != wanted:
        raise Failure(f"{what}: expected {wanted!r}, got {got!r}")


def check_near(got, wanted, tolerance, what="value"):
    if abs(got - wanted) > tolerance:
        raise Failure(f"{what}: expected {wanted} ± {tolerance}, got {got}")


def check_in(part, whole, what="text"):
    if part not in whole:
        raise Failure(f"{what}: {part!r} is not in\n{clip(str(whole))}")


def check_same_lines(got, wanted, what="text"):
    """Equal line by line; on failure shows the first that differ."""
    got_lines, wanted_lines = got.splitlines(), wanted.splitlines()
    for number, (a, b) in enumerate(zip(got_lines, wanted_lines), 1):
        if a != b:
            before = "".join(f"      {line}\n" for line in got_lines[max(0, number - 4):number - 1])
            raise Failure(f"{what}: line {number} differs\n{before}  got {a!r}\n want {b!r}")
    if len(got_lines) != len(wanted_lines):
        longer, name = (got_lines, "got") if len(got_lines) > len(wanted_lines) \
            else (wanted_lines, "wanted")
        first = longer[min(len(got_lines), len(wanted_lines))]
        raise Failure(f"{what}: got {len(got_lines)} lines, wanted {len(wanted_lines)}; "
                      f"the first that only {name} has: {first!r}")


# The tests of a script -----------------------------------------------------------------------

_tests = []


def test(function):
    """Registers a test; its name is its sentence. It may take a parameter `tmp`."""
    _tests.append(function)
    return function


def main(*requirements):
    """Runs all tests of the script, or those whose names contain an argument of the command line.
    `requirements`: functions that raise Skip where the whole script cannot run."""
    if not os.access(PROF, os.X_OK):
        print(f"FAILED: there is no program {PROF} (set PROF)")
        sys.exit(1)
    try:
        for requirement in requirements:
            requirement()
    except Skip as skip:
        print(f"skipped: {skip}")
        sys.exit(SKIP_EXIT_CODE)
    wanted = [f for f in _tests if not sys.argv[1:] or any(a in f.__name__ for a in sys.argv[1:])]
    failed, skipped = 0, []
    for function in wanted:
        name = function.__name__.replace("_", " ")
        tmp = tempfile.mkdtemp(prefix="prof-test-")
        try:
            function(*([tmp] if function.__code__.co_argcount else []))
            print(f"ok: {name}", flush=True)
        except Skip as skip:
            skipped.append(str(skip))
            print(f"skipped: {name}: {skip}", flush=True)
        except Exception as error:  # whatever it is, the other tests still run
            failed += 1
            detail = str(error) if isinstance(error, Failure) else traceback.format_exc()
            print(f"FAILED: {name}\n{detail}", flush=True)
        finally:
            shutil.rmtree(tmp, ignore_errors=True)
    if failed:
        sys.exit(1)
    sys.exit(SKIP_EXIT_CODE if wanted and len(skipped) == len(wanted) else 0)
