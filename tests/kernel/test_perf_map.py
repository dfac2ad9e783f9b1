"""Names of generated code come from /tmp/perf-PID.map."""

import os

from harness import (Skip, check, check_near, main, prof, prof_ok, run, test,
                     workload)
from recordings import folded_stacks

NAMES = ("jit_plain", "jit with spaces(int, char const*)", "jit_fresh")


def record(tmp):
    """Records the jit workload; gives the recording and the path of its map."""
    path = f"{tmp}/jit.data"
    done = prof("record", "-F", 997, "-g", "-o", path, "--", workload("jit"), 1.5)
    if done.code == 77:
        raise Skip("the jit workload knows no code for this machine")
    check(done.code == 0, done)
    return path, f"/tmp/perf-{int(done.out)}.map"


@test
def plain_prefixed_and_replaced_entries_are_found(tmp):
    path, map_path = record(tmp)
    try:
        stacks = folded_stacks(prof_ok("fold", "-i", path).out)
        script = prof_ok("script", "-i", path, "-F", "ip,sym,symoff,dso").out
    finally:
        os.unlink(map_path)
    total = sum(stacks.values())
    for name in NAMES:
        share = 100.0 * sum(n for stack, n in stacks.items() if stack[-1] == name) / total
        check_near(share, 33.3, 6.0, f"{name}: share")
        # A sample before the frame is set up, or after it is gone, misses the caller.
        alone = sum(n for stack, n in stacks.items() if stack[-1] == name and "run_jit" not in stack)
        check(alone < 0.02 * total, f"{name} has no caller in {alone} of {total} samples")
        check(any(f"{name}+0x" in line and f"({map_path})" in line for line in script.splitlines()),
              f"{name} of {map_path} is not in the script")
    check(not any("jit_stale" in frame for stack in stacks for frame in stack),
          "an entry that was replaced is shown")


@test
def without_the_map_the_frames_are_unknown_and_it_is_said(tmp):
    path, map_path = record(tmp)
    os.unlink(map_path)
    done = prof_ok("report", "--stdio", "--no-children", "-g", "none", "-i", path)
    check("jit_plain" not in done.out, "a name from a map that is gone")
    check(map_path in done.err or map_path in done.out, f"the missing map is not named:\n{done}")


@test
def a_hostile_map_does_not_harm(tmp):
    path, map_path = record(tmp)
    os.unlink(map_path)
    for content in (b"", b"\0" * 4096, b"zz qq name\n", b"10 20\n", b"ffffffffffffffff 2 x\n" * 3,
                    b"0 ffffffffffffffff everything\n", b"7f" * 100000, os.urandom(20000)):
        with open(map_path, "wb") as file:
            file.write(content)
        try:
            done = prof("report", "--stdio", "-i", path)
        finally:
            os.unlink(map_path)
        check(done.code == 0, f"{content[:40]!r}:\n{done}")


main()
