"""Runs a command and tells its CPU time, wall time and peak resident memory. Used by the benches."""

import os
import select
import subprocess
import time

POLL_MS = 5


class Cost:
    """One run: seconds of CPU (user+sys of the command and what it waited for), seconds of wall
    time, peak resident MiB, exit code."""

    def __init__(self, cpu, wall, rss, code):
        self.cpu = cpu
        self.wall = wall
        self.rss = rss
        self.code = code


def high_water(pid):
    """The peak resident memory of a running process so far, KiB; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def peak_until_exit(pid):
    """Follows the peak of a process until it ends, KiB.

    ru_maxrss alone does not tell: a child inherits the peak of the Python it was forked from, so
    that everything smaller looks as large as that."""
    poller, peak = select.poll(), 0
    descriptor = os.pidfd_open(pid)
    try:
        poller.register(descriptor, select.POLLIN)
        while not poller.poll(POLL_MS):
            peak = max(peak, high_water(pid))
    finally:
        os.close(descriptor)
    return peak


def measure(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=None, cwd=None):
    """`stdout`, `stderr`: open files. Raises RuntimeError when the command ends with a signal."""
    own_peak = high_water(os.getpid())
    started = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                               stdout=stdout, stderr=stderr, env={**os.environ, **(env or {})},
                               cwd=cwd)
    peak = peak_until_exit(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # reaped here, not by Popen
    if process.returncode < 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: killed by signal {-process.returncode}")
    if usage.ru_maxrss > own_peak:
        peak = max(peak, usage.ru_maxrss)
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak / 1024, process.returncode)


def best(command, runs, **options):
    """The run of least CPU time among `runs`; the peak memory is the largest of them all."""
    costs = [measure(command, **options) for _ in range(runs)]
    least = min(costs, key=lambda cost: cost.cpu)
    least.rss = max(cost.rss for cost in costs)
    return least


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def table(headings, rows):
    """The rows as aligned text; the first column is flush left."""
    cells = [headings] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headings))]
    lines = []
    for row in cells:
        first, rest = row[0].ljust(widths[0]), row[1:]
        lines.append("  ".join([first] + [cell.rjust(width) for cell, width in zip(rest, widths[1:])])
                     .rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
