#!/usr/bin/env python3
"""`prof report --stdio` beside `perf report --stdio`: heads, rows and call graphs of one file are the
same text, option by option.

What is left out of the comparison, and who is right:
- rows and graphs with a PLT stub: perf 6.1 names many of them `_init` or not at all, prof says what
  the stub jumps to;
- _start of ld.so, whose last instruction is a call: perf looks the return address up, which is the next
  symbol's, _dl_start_user; prof the call;
- callers without a symbol: perf shows their address in the process in one place and in the file in
  another; prof shows the address in the file, so that equal code of two processes is one row;
- "[...] (inlined)": perf says of what a fractal graph leaves out that it was inlined, by a flag it
  never set;
- the order of rows of equal weight: perf's depends on which thread it met first;
- --ignore-callees and --parent where graphs begin with callers: perf 6.1 then forgets the callers,
  and takes the outermost function that matches; prof forgets the callees, and takes the innermost;
- the width of a last column of lines or files: perf 6.1 cuts the text of rows with a single sample,
  which it did not count; prof's column has room for it;
- Children of `-s time`: perf counts a sample once for each of its frames, prof once;
- lines of callers (-s srcline with children): perf 6.1 looks their addresses in the process up as
  such of the file, finds nothing, and shows the symbol with an offset of 2^46; prof shows the call's.
"""

import json
import os
import pathlib
import re

from harness import *

ROW = re.compile(r"^ {1,6}\d+\.\d+%|^  \[[.k]\] .* \d+\.\d+%")

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
    "-F overhead,sym -s sym --no-children -g none", "-F sym,overhead,sample -g none",
    "-F overhead,period,sample,overhead_sys,overhead_us -s comm,sym", "-F +period -s sym",
    "-F overhead_children,sym -s dso -g none", "-F overhead,comm",
    "-F overhead_children,overhead,sym",
    "-s +cpu --no-children -g none", "-s dso,overhead,sample -g none",
    "-s srcfile --no-children -g none", "-s srcfile,sym --no-children -n",
    "-s time --no-children -g none", "-s comm,time --time-quantum 1s --no-children -g none",
    "-s time,sym --ns --no-children -g none -n", "-s time --time-quantum 250us --no-children -n",
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
    text = text.replace(".", "_")  # as -t _ does the other way round
    return not re.search(r"@plt|_init\b|0x[0-9a-f]{6,}|0000000000|_dl_start_user|ld-linux.*\] _start\b", text)


def narrow(report, width):
    """A parsed report whose last column ends at `width`."""
    heads, rows = report
    return [head[:width].rstrip() if head.startswith(("# Overhead", "# ....")) else head for head in heads], \
        {row[:width].rstrip(): graph for row, graph in rows.items()}


def same_report(path, words):
    theirs = parse(perf_ok("report", "--stdio", "-i", path, *words.split()).out)
    ours = parse(prof_ok("report", "--stdio", "-i", path, *words.split()).out)
    where = f"report {words} on {path}: "
    if re.search("(srcline|srcfile)( |$)", words):
        width = max(len(head) for head in theirs[0] if re.fullmatch("[# .]*", head))
        ours, theirs = narrow(ours, width), narrow(theirs, width)
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


def same_text(path, words, order=list):
    """Every line, besides perf's tips and what perf cannot tell."""
    ours, theirs = ([line for line in done.out.splitlines()
                     if not re.search("[(]Tip:|# Whole stacks:|# Idle:", line)]
                    for done in (prof_ok("report", "--stdio", "-i", path, *words.split()),
                                 perf_ok("report", "--stdio", "-i", path, *words.split())))
    if any("_dl_start_user" in line for line in theirs):
        ours, theirs = ([line for line in lines if not re.search(r"_dl_start_user|\b_start\b", line)]
                        for lines in (ours, theirs))
    check_equal(order(ours), order(theirs), f"report {words} on {path}")


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


LAYOUTS = [
    "-t, --no-children -g none", "-t, -n -g none",
    "-t ; -n --no-children -g none --show-total-period",
    "-t _ -s comm,sym -g none", "-t, -g caller", "-w 10,5,8 --no-children -g none",
    "-w 0,4 -s comm,dso,sym --no-children -g none", "-w 9,9,20,7 -g none -n",
    "--percentage relative --comms shares --no-children -g none",
    "--percentage relative --symbol-filter burn --no-children -g none -n",
    "--percentage absolute --symbol-filter burn -g none", "--symbol-filter work_",
    "--percentage relative --dsos shares --no-children -g none",
    "--show-cpu-utilization -g none", "--show-cpu-utilization -n -s comm --no-children -g none",
    "-p work_50 --no-children -g none", "-p work_50 -g none -s parent,comm",
    "-p work_50 -x --no-children -g none -s parent,sym", "-p work_[35]0 -x -g none",
    "-q -n -g none", "-q -t, --no-children -g none", "-U -g none -n", "-U --no-children",
    "-I -m --demangle-kernel --skip-empty --no-children -g none",
    "-p work_50|run_round -s parent --no-children -g none", "--ignore-callees work_ -g callee",
    "--ignore-callees work_[35]0 -n --no-children",
]


@test
def layouts_are_perfs(tmp):
    path = record(tmp, "perf")
    for words in LAYOUTS:
        same_report(path, words)


@test
def levels_of_rows_are_perfs(tmp):
    path = record(tmp, "perf")
    for words in ("-g none", "", "-n -s comm,sym -g none", "-s dso -g none", "--percent-limit 3",
                  "--percent-limit 60 -g none -n", "-s sym,comm,dso -g none", "-s pid -g none",
                  "-s cpu,comm,dso,srcfile -g none --show-total-period --percent-limit 1"):
        same_text(path, "--hierarchy " + words)
    done = prof("report", "--stdio", "--hierarchy", "-F", "sym", "-i", path)
    check_equal(done.code, 2, done.err)


@test
def tasks_and_their_counts_are_perfs(tmp):
    path = os.path.join(tmp, "tasks.data")
    shell = f"{workload('shares')} 1 & {workload('threads')} 1; wait"
    perf_ok("record", "-q", "-s", "-e", "{cpu-clock,task-clock}", "-o", path, "--", "sh", "-c",
            shell)
    for words in ("--tasks", "--mmaps"):  # perf's order is that of a hash
        same_text(path, words, order=sorted)
    theirs = perf_ok("report", "--stdio", "-T", "-i", path).out
    ours = prof_ok("report", "--stdio", "-T", "-i", path).out
    table = re.search(r"^# +PID.*", theirs, re.M | re.S)
    check(table and ours.endswith(table[0]), f"counts of threads: {ours[-400:]}")
    perf_ok("record", "-q", "-o", path, "--", "true")
    check_in("record -s", prof_ok("report", "--stdio", "-T", "-i", path).err)


@test
def events_of_a_group_share_a_table(tmp):
    path = os.path.join(tmp, "group.data")
    perf_ok("record", "-q", "-e", "{cpu-clock,task-clock,page-faults}", "-c", "1000000", "-g", "-o",
            path, "--", workload("shares"), "1")
    for words in ("--no-children", "-n -g none", "--no-children -g none -t,", "-s comm -g none",
                  "--no-children -g none --group-sort-idx 1", "-F overhead,period,sym -g none",
                  "--no-children -g none --group-sort-idx 7", "--percent-limit 10",
                  "--show-cpu-utilization --no-children -g none"):
        same_report(path, words)
    alone = prof_ok("report", "--stdio", "--no-group", "-g", "none", "-i", path).out
    check_in("of event 'cpu-clock'", alone)
    check_in("of event 'task-clock'", alone)
    path = os.path.join(tmp, "two.data")
    perf_ok("record", "-q", "-e", "cpu-clock,task-clock", "-c", "1000000", "-o", path, "--",
            workload("shares"), "1")
    same_report(path, "--group --no-children -n")


@test
def what_samples_have_besides_is_columns(tmp):
    path = os.path.join(tmp, "data.data")
    perf_ok("record", "-q", "-F", "997", "-d", "-W", "--sample-cpu", "--code-page-size",
            "--all-cgroups", "-e", "cpu-clock", "-o", path, "--", workload("shares"), "1")
    for words in ("-s weight,local_weight,sym", "-s addr,comm", "-s comm,addr", "-s ins_lat,sym",
                  "-s local_ins_lat,comm", "-s code_page_size,dso", "-s cpu,cgroup,comm",
                  "-s socket,comm", "-s comm,socket,sym",
                  "-s weight", "-s cgroup_id,comm"):
        same_text(path, words + " --no-children")
    out = prof_ok("report", "--stdio", "-s", "event,comm", "-i", path).out
    check(re.search(r"^ +100.00%  cpu-clock  shares$", out.replace(" \n", "\n"), re.M), out)


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
def options_of_perf_that_are_not_here_say_what_is(tmp):
    for words in ("-b", "--branch-history", "--itrace=i10us", "-D",
                  "--percent-type local-hits"):
        done = prof("report", *words.split(), "-i", "none.data")
        check_equal(done.code, 2, words)
        check_in("prof report has no --", done.err)
    ok(prof("report", "-v", "-I", "-i", record(tmp, "prof")))
    check("--itrace" not in prof_ok("report", "--help").out, "they are not offered")


def hexadecimal(address):
    """As JSON has it: without leading zeros."""
    return "0x" if address[0].startswith("0x") else ".] 0x0"


@test
def json_has_what_the_tables_have(tmp):
    path = record(tmp, "perf")
    whole = json.loads(prof_ok("report", "--json", "-g", "caller", "-i", path).out)
    check_equal(whole["header"]["cmdline"][0].split("/")[-1], "perf", "the header")
    (table,) = whole["tables"]
    (event,) = table["events"]
    text = prof_ok("report", "--stdio", "-q", "-g", "none", "-n", "-i", path).out.strip()
    rows = [f"{row['children']['percent']:.2f}% {row['self']['percent']:.2f}% "
            f"{row['self']['samples']} {row['comm']} {row['dso'] or '[unknown]'} "
            f"[{row['level']}] {row['sym'] or row['address']}" for row in table["rows"]]
    # Without graphs, equal rows are not ordered by who calls whom.
    wanted = [re.sub(r"0x0*|[.]\] 0{16}$", hexadecimal, " ".join(line.split()))
              for line in text.splitlines()]
    check_equal(sorted(rows), sorted(wanted), "rows")
    check_equal(sum(row["self"]["period"] for row in table["rows"]), event["period"], "periods")
    main_row = next(row for row in table["rows"] if row["sym"] == "main")
    chain = main_row["callchain"][0]
    check(chain["samples"] > 0.99 * main_row["children"]["samples"], main_row)
    # main alone where it branches, as into the clock, else with what it calls.
    if chain["frames"] == ["main"]:
        chain = chain["branches"][0]
        check_equal(chain["frames"], ["run_round"], "its graph")
    else:
        check_equal(chain["frames"], ["main", "run_round"], "its graph")
    check_equal(chain["branches"][0]["frames"], ["work_50", "burn_50"], "nested")
    keys = json.loads(prof_ok("report", "--json", "-s", "pid,tid,cpu,time,local_weight,srcfile",
                              "--no-children", "-i", path).out)["tables"][0]["rows"][0]
    check(isinstance(keys["pid"], int) and isinstance(keys["tid"], int), keys)
    check(keys["local_weight"] == 0 and "children" not in keys and "callchain" not in keys, keys)
    stacks = os.path.join(tmp, "odd.folded")
    pathlib.Path(stacks).write_bytes(b'a\xff"b\\;\x01c 3\n')
    odd = json.loads(prof_ok("report", "--json", "-i", stacks).out)
    names = {row["sym"] for row in odd["tables"][0]["rows"]}
    check_equal(names, {'a\ufffd"b\\', "\x01c"}, "names that are no UTF-8, or no text")


@test
def folded_stacks_are_a_report_too(tmp):
    stacks = os.path.join(tmp, "stacks.folded")
    pathlib.Path(stacks).write_text("main;work;leaf 70\nmain;work 20\nmain;idle 10\n")
    out = prof_ok("report", "--stdio", "-i", stacks).out
    for row in ("100.00%     0.00%  [.] main", "90.00%    20.00%  [.] work",
                "70.00%    70.00%  [.] leaf", "--70.00%--leaf"):
        check(row in out, f"no {row} in\n{out}")


main(require_perf)
