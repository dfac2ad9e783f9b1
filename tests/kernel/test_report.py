#!/usr/bin/env python3
"""`prof report --stdio` beside `perf report --stdio`: heads, rows and call graphs of one file are the
same text, option by option.

What is left out of the comparison, and who is right:
- rows and graphs with a PLT stub: perf 6.1 names many of them `_init` or not at all, prof says what
  the stub jumps to;
- callers without a symbol: perf shows their address in the process in one place and in the file in
  another; prof shows the address in the file, so that equal code of two processes is one row;
- "[...] (inlined)": perf says of what a fractal graph leaves out that it was inlined, by a flag it
  never set;
- the order of rows of equal weight: perf's depends on which thread it met first;
- lines of callers (-s srcline with children): perf 6.1 looks their addresses in the process up as
  such of the file, finds nothing, and shows the symbol with an offset of 2^46; prof shows the call's.
"""

import os
import pathlib
import re

from harness import *

ROW = re.compile(r"^ {1,6}\d+\.\d+%")

OPTIONS = [
    "", "-n", "--no-children", "--no-children -g none", "--children -g none", "-g folded",
    "-g graph,0.5,caller", "-g callee", "-G", "--no-children -G", "-g fractal",
    "--no-children -g fractal", "--no-children -g flat", "-g caller,0.01",
    "-g folded,0,caller,count --no-children", "-g graph,0.5,callee,function,period",
    "--show-total-period", "--percent-limit 5", "-s comm", "-s dso", "-s sym", "-s dso,sym",
    "-s comm,sym -n", "--comms shares", "--no-children --dsos shares",
    "--no-children --symbols burn_50 -g none", "--time 10%-40% --no-children",
    "--no-children -s srcline", "--no-children -s dso,srcline -g none",
    "--no-children -s comm,srcline -n", "--no-children -s srcline,sym -g none", "--stats",
]


def parse(text):
    """The `#` lines, and each row with the lines of its call graph."""
    heads, rows, row = [], {}, None
    for line in text.replace("[...] (inlined)", "[...]").splitlines():
        if line.startswith("#"):
            if not re.search("[(]Tip:|# Whole stacks:|# Idle:", line):  # which perf cannot tell
                heads.append(line)
        elif ROW.match(line):
            row = rows.setdefault(line.rstrip(), [])
        elif row is not None and line.strip():
            row.append(line.rstrip())
        elif line.strip():
            heads.append(line)
    return heads, rows


def settled(text):
    """Whether perf is right about it, as far as names go."""
    return not re.search(r"@plt|_init\b|0x[0-9a-f]{6,}|0000000000", text)


def same_report(path, words):
    theirs = parse(perf_ok("report", "--stdio", "-i", path, *words.split()).out)
    ours = parse(prof_ok("report", "--stdio", "-i", path, *words.split()).out)
    where = f"report {words} on {path}: "
    wide = all(settled(row) for row in list(ours[1]) + list(theirs[1]))
    if wide:  # else a column may be as wide as a name that differs
        check_equal(ours[0], theirs[0], where + "heads")
    rows = {row for row in theirs[1] if settled(row)}
    check(rows or "--stats" in words, where + "perf shows no rows")
    if wide:
        check_equal(sorted(ours[1]), sorted(theirs[1]), where + "rows")
        weights = [row.split("%")[0] for row in theirs[1]]
        check_equal([row.split("%")[0] for row in ours[1]], weights, where + "order")
    else:
        squeezed = {" ".join(row.split()) for row in ours[1]}
        for row in rows:
            check(" ".join(row.split()) in squeezed, where + f"no row {row}")
    for row in rows & set(ours[1]):
        theirs_graph, ours_graph = theirs[1][row], ours[1][row]
        if all(settled(line) for line in theirs_graph + ours_graph):
            # Branches of equal weight may change places: compared without the lines drawn.
            check_equal(sorted(line.strip(" |-") for line in ours_graph),
                        sorted(line.strip(" |-") for line in theirs_graph),
                        where + "call graph of " + row)


def record(tmp, tool, *options):
    path = os.path.join(tmp, f"{tool}.data")
    ok(run(PROF if tool == "prof" else "perf", "record", "-F", "997", "-g", "-o", path, *options,
           "--", workload("shares"), "2"))
    return path


@test
def reports_of_perfs_recording_are_perfs(tmp):
    path = record(tmp, "perf")
    for words in OPTIONS:
        same_report(path, words)


@test
def reports_of_profs_recording_are_perfs(tmp):
    path = record(tmp, "prof", "-e", "cpu-clock")
    for words in OPTIONS:
        if words != "--stats":  # perf counts its own COMPRESSED records, prof what is in them
            same_report(path, words)


@test
def callers_have_the_line_of_their_call(tmp):
    path = record(tmp, "prof", "-e", "cpu-clock")
    with open(os.path.join(SOURCE, "tests/workloads/shares.c")) as file:
        lines = file.read().splitlines()
    call = next(number for number, line in enumerate(lines, 1) if line.strip() == "work_50();")
    out = prof_ok("report", "--stdio", "-s", "sym,srcline", "-g", "none", "-i", path).out
    check(re.search(rf"\[\.\] run_round +shares\.c:{call}$", out, re.M), out)
    kernel = [line for line in out.splitlines() if "[k]" in line]
    check(kernel and all(re.search(r"\S+\+\d+$", line) for line in kernel), out)
    folded = os.path.join(tmp, "stacks.folded")
    pathlib.Path(folded).write_text("main;work 1\n")
    check_in("??:0", prof_ok("report", "--stdio", "-s", "srcline", "-i", folded).out)


@test
def several_events_have_a_table_each(tmp):
    path = os.path.join(tmp, "two.data")
    perf_ok("record", "-q", "-e", "cpu-clock,page-faults", "-c", "100000", "-o", path, "--",
            workload("shares"), "1")
    same_report(path, "--no-children")
    only = prof_ok("report", "--stdio", "--event", "cpu-clock", "-i", path).out
    check("of event 'cpu-clock'" in only, "the event asked for is shown")
    check("page-faults" not in only, "the other is not")
    wrong = prof("report", "--stdio", "--event", "cycles", "-i", path)
    check_equal(wrong.code, 2, "an event that is not there is a usage error")
    check("cpu-clock, page-faults" in wrong.err, "and those there are are named")


@test
def call_graphs_of_a_recording_without_them_are_refused(tmp):
    path = os.path.join(tmp, "flat.data")
    perf_ok("record", "-q", "-F", "99", "-o", path, "--", workload("shares"), "1")
    done = prof("report", "--stdio", "-g", "folded", "-i", path)
    check_equal(done.code, 1, "exit code")
    check("no call chains" in done.err and "record with -g" in done.err, done.err)
    same_report(path, "")


@test
def words_that_make_no_sense_are_usage_errors(tmp):
    path = record(tmp, "prof")
    for words in ("-s nonsense", "-g nonsense", "--time 3,2", "--percent-limit x", "-C 1-"):
        done = prof("report", "--stdio", "-i", path, *words.split())
        check_equal(done.code, 2, words)
        check(done.err.startswith("prof: "), done.err)


@test
def folded_stacks_are_a_report_too(tmp):
    stacks = os.path.join(tmp, "stacks.folded")
    pathlib.Path(stacks).write_text("main;work;leaf 70\nmain;work 20\nmain;idle 10\n")
    out = prof_ok("report", "--stdio", "-i", stacks).out
    for row in ("100.00%     0.00%  [.] main", "90.00%    20.00%  [.] work",
                "70.00%    70.00%  [.] leaf", "--70.00%--leaf"):
        check(row in out, f"no {row} in\n{out}")


main(require_perf)
