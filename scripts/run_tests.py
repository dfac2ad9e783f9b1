#!/usr/bin/env python3
"""Builds prof and runs its tests in each build; called by scripts/test.

One part is one build preset: configure, build, ctest. A build that fails counts as one failed test.
The last line sums up all parts: "N passed, N failed, N skipped".
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOG_TAIL_LINES = 60
OUTPUT_LIMIT = "1000000"  # bytes of a test's output that ctest keeps

# Not instrumented, so running them once is enough: checks of the tree itself.
TREE_TESTS = "^house: "

SANITIZER_ENVIRONMENT = {
    # Both stop at the first finding; the exit code is one that no command of prof has.
    "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
    "LSAN_OPTIONS": "exitcode=99",
    "PROF_SANITIZED": "1",
}


class Totals:
    """What was counted so far, over all parts."""

    def __init__(self):
        self.passed = 0
        self.failed = []  # names
        self.skipped = []  # (name, reason)

    def line(self):
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def say(text):
    print(text, flush=True)


def tail(text):
    lines = text.splitlines()
    return "\n".join(lines[-LOG_TAIL_LINES:])


def run_quietly(command):
    """Runs a build step; its output is only shown when it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    if done.returncode != 0:
        say(tail(done.stdout))
        say(f"failed: {' '.join(command)}")
    return done.returncode == 0


def build(preset, totals):
    configure = ["cmake", "--preset", preset]
    if shutil.which("ccache"):
        configure += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
    started = time.monotonic()
    if run_quietly(configure) and run_quietly(["cmake", "--build", "--preset", preset]):
        say(f"{preset}: built in {time.monotonic() - started:.0f} s")
        return True
    totals.failed.append(f"{preset}: build")
    return False


def parts(output):
    """The results of the single tests of a script that uses tests/support/harness.py: a list of
    (status, name or reason); empty for other tests."""
    found = []
    for line in output.splitlines():
        for status in ("ok", "skipped", "FAILED"):
            if line.startswith(status + ": "):
                found.append((status, line[len(status) + 2:]))
    return found


def what_failed(output):
    """The failed parts of a script's output with what they say, or the end of another test's."""
    kept, failing = [], False
    for line in output.splitlines():
        if line.startswith(("ok: ", "skipped: ", "FAILED: ")):
            failing = line.startswith("FAILED: ")
        if failing:
            kept.append(line)
    return tail("\n".join(kept) or output)


def count_script(name, results, totals):
    for status, text in results:
        if status == "ok":
            totals.passed += 1
        elif status == "skipped":
            test, _, reason = text.partition(": ")  # the whole script if there is no reason
            totals.skipped.append((f"{name}: {test}", reason) if reason else (name, test))
        else:
            totals.failed.append(f"{name}: {text}")


def count(junit, preset, totals):
    """Adds the results of one ctest run: scripts by their single tests, the others as one each.
    Tests that could not be run count as failed. Says what those that failed printed, names first."""
    found = False
    failures = []  # (name, what it printed)
    for case in ET.parse(junit).getroot().iter("testcase"):
        found = True
        name = f"{preset}: {case.get('name')}"
        status = case.get("status")
        results = parts(case.findtext("system-out") or "")
        skipped = case.find("skipped")
        told = {result for result, _ in results}
        failed_before = len(totals.failed)
        if status == "run" and not told:
            totals.passed += 1
        elif status == "run" or "FAILED" in told:
            count_script(name, results, totals)
        elif status == "notrun" and skipped is not None and \
                skipped.get("message", "").startswith("SKIP_"):
            count_script(name, results or [("skipped", "no reason given")], totals)
        else:
            totals.failed.append(name)
        if len(totals.failed) > failed_before:
            seconds = float(case.get("time") or 0)
            failures.append((f"{name}, after {seconds:.0f} s", what_failed(case.findtext("system-out") or "")))
    for name, _ in failures:
        say(f"failed: {name}")
    for name, output in failures:
        say(f"--- {name}\n{output}")
    return found


def second_attempts(output):
    """The tests that failed and then passed in a run of ctest: {name: what failed at first}."""
    failed, passed = {}, set()
    current = None
    for line in output.splitlines():
        test = re.search(r"Test +#\d+: (.*?) \.*(\*\*\*| +Passed)", line)
        if test and test[2] == "***":
            current = failed.setdefault(test[1], [])
        elif test:
            passed.add(test[1])
        elif current is not None and line.startswith("FAILED: "):
            current.append(line.removeprefix("FAILED: "))
    return {name: what for name, what in failed.items() if name in passed}


def ctest(preset, environment, totals, excluded=None):
    with tempfile.TemporaryDirectory(prefix="prof-test-") as scratch:
        junit = os.path.join(scratch, "junit.xml")
        command = ["ctest", "--test-dir", str(ROOT / "build" / preset), "--output-junit", junit,
                   "--output-on-failure", "--no-tests=error",
                   "--test-output-size-passed", OUTPUT_LIMIT, "--test-output-size-failed",
                   OUTPUT_LIMIT, "-j", str(os.cpu_count() or 1),
                   # Tests that sample live processes are statistics, and share the machine with
                   # whatever else runs: what fails gets a second attempt, and is named.
                   "--repeat", "until-pass:2"]
        if excluded:
            command += ["-E", excluded]
        started = time.monotonic()
        # A cache that an earlier build filled would hide what this one does.
        environment = {**os.environ, "PROF_CACHE_DIR": os.path.join(scratch, "cache"), **environment}
        done = subprocess.run(command, cwd=ROOT, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        failed_before = len(totals.failed)
        try:
            counted = count(junit, preset, totals)
        except (OSError, ET.ParseError) as error:
            say(f"{preset}: ctest left no readable results: {error}")
            counted = False
        if not counted:
            totals.failed.append(f"{preset}: ctest")
        for name, what in second_attempts(done.stdout).items():
            say(f"{preset}: at the second attempt only: {name}: {'; '.join(what)}")
        if done.returncode != 0 and len(totals.failed) == failed_before:
            say(tail(done.stdout))  # ctest knows of a failure that junit does not
            totals.failed.append(f"{preset}: ctest")
        say(f"{preset}: tested in {time.monotonic() - started:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="the dev build only")
    arguments = parser.parse_args()

    totals = Totals()
    if build("dev", totals):
        ctest("dev", {}, totals)
    if not arguments.fast and build("asan", totals):
        ctest("asan", SANITIZER_ENVIRONMENT, totals, excluded=TREE_TESTS)

    for name, reason in totals.skipped:
        say(f"skipped: {name}: {reason}")
    for name in totals.failed:
        say(f"FAILED: {name}")
    say(totals.line())
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
