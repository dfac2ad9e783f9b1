"""prof repair on recordings of other tools and machines: perf 6.1 reads what it writes, without a
word, and finds the samples that prof found in the original."""

import os
import pathlib
import re

from harness import (PROF, Skip, check, check_equal, check_same_lines, main, require_perf, run, test)

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))


def requirements():
    require_perf((6, 1))
    if not (CORPUS / "perfdata").is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")


def script(path, tmp):
    return run(PROF, "script", "--symfs", tmp, "--kallsyms", "/dev/null", "--show-mmap-events",
               "--show-task-events", "-i", path, timeout=60)


def without_fields(text):
    """A tracepoint that came without a description has one in the repaired file, without fields."""
    return re.sub(r" (\[unknown\])?$", "", text, flags=re.M)


# What perf says of files that are sound, and that is no complaint about them.
EXPECTED = re.compile(
    r"^(?:.*(?:kernel symbols|kallsyms|vmlinux|interpreting (?:bpf_prog_info|btf)|"
    r"No kallsyms|addr2line|build-id|kptr_restrict|relocation|restricted|module file|"
    r"lost \d+ (?:chunks|samples)|CPU overload|Couldn't record|samples resolved|"
    r"cannot be resolved|Processed \d+ events).*|)$")


def recordings():
    for folder in ("perfdata", "own"):
        yield from sorted((CORPUS / folder).glob("*.data"))


@test
def what_is_written_reads_as_what_was_read(tmp):
    repaired = 0
    for path in recordings():
        out = f"{tmp}/{path.name}"
        done = run(PROF, "repair", path, out, timeout=60)
        if done.code != 0:
            original = script(path, tmp)
            check(original.code != 0, f"{path.name}: script reads it, but repair says {done.err}")
            check(not os.path.exists(out), f"{path.name}: an output is left behind")
            continue
        repaired += 1
        original, again = script(path, tmp), script(out, tmp)
        check_equal(again.code, original.code, f"{path.name}: exit code")
        check_same_lines(without_fields(again.out), without_fields(original.out), path.name)
        kept = int(re.search(r"(\d+) of them samples", done.err)[1])
        # perf's own words, and no header of a file that is not whole.
        theirs = run("perf", "report", "--stats", "--symfs", tmp, "--kallsyms", "/dev/null", "-i",
                     out, timeout=60)
        check_equal(theirs.code, 0, f"{path.name}: perf report: {theirs.err}")
        words = [line for line in theirs.err.splitlines() if not EXPECTED.match(line)]
        check_equal(words, [], f"{path.name}: what perf says")
        found = re.search(r"SAMPLE events: +(\d+)", theirs.out)
        check_equal(int(found[1]) if found else 0, kept, f"{path.name}: samples perf finds")
    check(repaired >= 50, f"only {repaired} recordings were repaired")


@test
def what_is_cut_keeps_all_whole_records(tmp):
    for path in recordings():
        size = path.stat().st_size
        if size > 3_000_000 or not script(path, tmp).out:
            continue
        cut, out = f"{tmp}/cut.data", f"{tmp}/out.data"
        with open(path, "rb") as whole, open(cut, "wb") as part:
            part.write(whole.read()[:size * 6 // 10])
        done = run(PROF, "repair", "-f", cut, out, timeout=60)
        if done.code != 0:
            check(done.code == 1 and "offset" in done.err, f"{path.name}: {done.err}")
            continue
        check_same_lines(without_fields(script(out, tmp).out), without_fields(script(cut, tmp).out),
                         path.name)
        theirs = run("perf", "report", "--stats", "--symfs", tmp, "--kallsyms", "/dev/null", "-i",
                     out, timeout=60)
        check_equal(theirs.code, 0, f"{path.name}: perf report: {theirs.err}")


@test
def nothing_is_written_over(tmp):
    path = next(recordings())
    out = f"{tmp}/there"
    open(out, "w").write("mine")
    done = run(PROF, "repair", path, out)
    check_equal((done.code, open(out).read()), (2, "mine"), "an output that is there")
    check("-f writes over it" in done.err, done.err)
    done = run(PROF, "repair", "-f", path, path)
    check_equal(done.code, 2, "the input as output")
    check_equal(run(PROF, "repair", "-f", path, out).code, 0, "with -f")


main(requirements)
