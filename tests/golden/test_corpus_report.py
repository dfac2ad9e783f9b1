"""prof report on recordings of other tools and machines, against the tables that perf 6.1 printed.

The references are the first 70 lines of `perf report --stdio -n --no-children -g none --sort
comm,dso,sym` without any binary to name symbols from. Each recording of the corpus that perf 6.1
reads must give its tables: what is said of each event, the heads of the columns, and the rows in
perf's order. What differs is named here, with who is right.
"""

import json
import os
import pathlib
import re

from harness import PROF, Skip, check, check_equal, main, run, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))
LINES = 70  # what a reference has at most

DIFFERENT = {
    "autofdo-etm-kernel.data": "perf makes samples of the trace, which prof does not decode",
    "quipper-etm-hw-index-5.15.data": "perf makes samples of the trace, which prof does not decode",
    "quipper-intel-pt-4.14.data": "perf makes events of the trace, which prof does not decode",
    "quipper-branch-4.14.data": "perf counts the branches of each sample; prof counts samples",
    "quipper-callgraph-branch-3.4.data": "perf counts branches; prof counts samples",
    "quipper-raw-callgraph-branch-3.4.data": "perf counts branches; prof counts samples",
    "simpleperf-jit-symbol.data": "prof knows simpleperf's files of compiled code for what they are",
    "simpleperf-unaligned-record.data": "perf gives up at a record that it does not know and shows "
                                        "nothing; prof shows the samples that are there",
}
# Of a thread whose name changed perf shows as much as the new name is long: "simplep" of
# "simpleperf", which became "sleep" or "t1", under the title "Command".
CUT_NAME = re.compile(r"\bsimpleperf\b|\bsimplep\b")
# Of the vdso, which perf does not look into under --symfs, prof takes the running one.
ELSEWHERE = re.compile(r"\[vdso\]")


def require_corpus():
    if not (CORPUS / "perfdata").is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")


def settled(text):
    """The tables' lines, besides those that only one of both has by design."""
    lines = []
    for line in text.splitlines():
        line = line.rstrip()
        if not line.strip("# ") or re.search(
                r"[(]Tip:|# Whole stacks:|# Idle:|# Lost events:|# To display", line):
            continue
        lines.append(line)
    return lines


def blocks(text):
    """For each event what is said of it, and its rows as (weight, words)."""
    found = []
    for line in settled(text):
        if line.startswith("# Samples:"):
            found.append(([], []))
        if not found or line.startswith("# ....") or line.startswith("# Total Lost"):
            continue
        heads, rows = found[-1]
        if line.startswith("#"):
            heads.append(" ".join(line.split()))
        elif not ELSEWHERE.search(line):
            words = CUT_NAME.sub("simpleperf", " ".join(line.split()))
            rows.append((float(words.split("%")[0]), words))
    return [block for block in found if block[1]]


def same_tables(path, ours, theirs):
    """perf's rows of equal weight come in an order that depends on who was met first, so that those
    of the last weight of a text that was cut may be others."""
    cut = len(theirs.splitlines()) >= LINES
    ours, theirs = blocks(ours), blocks(theirs)
    check(cut or len(ours) == len(theirs), f"{path.name}: {len(ours)} tables, not {len(theirs)}")
    for number, ((our_heads, our_rows), (heads, rows)) in enumerate(zip(ours, theirs)):
        where = f"{path.name}, table {number}"
        if path.name.startswith("simpleperf-"):  # which says its events' names where perf does not look
            our_heads, heads = ([re.sub(r"of event '.*'", "of event", head) for head in each]
                                for each in (our_heads, heads))
        check_equal(our_heads, heads, where + ": heads")
        last_is_cut = cut and number + 1 == len(theirs)
        floor = rows[-1][0] if last_is_cut else -1
        check_equal(sorted(row for row in our_rows if row[0] > floor),
                    sorted(row for row in rows if row[0] > floor), where + ": rows")
        check_equal([weight for weight, _ in our_rows][:len(rows)], [weight for weight, _ in rows],
                    where + ": order")
        ours_at_floor = {row for row in our_rows if row[0] == floor}
        for row in rows:
            check(row[0] > floor or row in ours_at_floor, f"{where}: no row {row[1]}")


@test
def tables_of_the_corpus_are_perfs(tmp):
    compared = 0
    for folder in ("perfdata", "own"):
        for path in sorted((CORPUS / folder).glob("*.data")):
            facts_path = path.with_name(path.name + ".perf61.json")
            if not facts_path.exists() or path.name in DIFFERENT:
                continue
            facts = json.loads(facts_path.read_text())
            wanted = path.with_name(path.name + ".perf61.report.txt").read_text(errors="replace")
            if wanted.startswith("[exit"):
                continue  # perf 6.1 does not read it
            with open(path, "rb") as file:
                done = run(PROF, "report", "--stdio", "-n", "--no-children", "-g", "none", "--sort",
                           "comm,dso,sym", "--symfs", tmp, "--kallsyms", "/dev/null",
                           "--no-embedded", "-i",
                           "-" if facts["pipe_format"] else path, stdin=file, timeout=60)
            check_equal(done.code, 0, f"{path.name}: {done.err}")
            same_tables(path, done.out, wanted)
            compared += 1
    check(compared >= 45, f"only {compared} recordings were compared")


main(require_corpus)
