#!/usr/bin/env python3
"""prof export: what each format says is what prof fold says."""

import collections
import csv
import gzip
import io
import json
import pathlib
import re

from harness import (check, check_equal, check_in, main, prof, prof_ok, test, workload)
from protobuf import Pprof

STACKS = """\
app;main;work;leaf 30
app;main;work 10
app;main;rec;rec;rec 6
app;main;rec;other 4
two;main;"quoted, name" 50
"""
TOTAL = 100


def folded(tmp, text=STACKS):
    path = pathlib.Path(tmp) / "in.folded"
    path.write_text(text)
    return path


def exported(path, form, *options):
    return prof_ok("export", "-i", path, "--format", form, *options).out


def pprof_of(path, tmp, *options):
    out = pathlib.Path(tmp) / "out.pb.gz"
    prof_ok("export", "-i", path, "-o", out, *options)
    return Pprof(gzip.decompress(out.read_bytes()))


def lines_of(stacks):
    return sorted(f"{';'.join(stack)} {count}" for stack, count in stacks.items())


def of_speedscope(text, with_thread):
    """The stacks of a file of speedscope's, and its profiles."""
    document = json.loads(text)
    check_equal(document["$schema"], "https://www.speedscope.app/file-format-schema.json")
    frames = [frame["name"] for frame in document["shared"]["frames"]]
    stacks = collections.Counter()
    for profile in document["profiles"]:
        check_equal(profile["type"], "sampled")
        check_equal(len(profile["samples"]), len(profile["weights"]), profile["name"])
        check_equal(profile["endValue"] - profile["startValue"], sum(profile["weights"]))
        comm = [re.sub(r" \(pid .*", "", profile["name"])] if with_thread else []
        for stack, weight in zip(profile["samples"], profile["weights"]):
            stacks[tuple(comm + [frames[i] for i in stack])] += weight
    return stacks, document["profiles"]


@test
def folded_stacks_go_to_speedscope_and_back(tmp):
    path = folded(tmp)
    stacks, profiles = of_speedscope(exported(path, "speedscope"), with_thread=False)
    check_equal(lines_of(stacks), sorted(STACKS.splitlines()))
    check_equal(len(profiles), 1, "profiles")
    check_equal(profiles[0]["unit"], "none")


@test
def folded_stacks_go_to_pprof(tmp):
    profile = pprof_of(folded(tmp), tmp)
    check_equal(profile.types, [("samples", "count")])
    stacks = collections.Counter()
    for sample in profile.samples:
        stacks[tuple(profile.stack(sample))] += sample[1][0]
    check_equal(lines_of(stacks), sorted(STACKS.splitlines()))


@test
def functions_are_counted_once_a_stack(tmp):
    path = folded(tmp)
    rows = list(csv.DictReader(io.StringIO(exported(path, "csv"))))
    totals = {row["function"]: (int(row["self"]), int(row["total"])) for row in rows}
    check_equal(totals, {"app": (0, 50), "two": (0, 50), "main": (0, 100), "work": (10, 40),
                         "leaf": (30, 30), "rec": (6, 10), "other": (4, 4),
                         '"quoted, name"': (50, 50)})
    document = json.loads(exported(path, "json"))
    check_equal(document["total"], TOTAL)
    check_equal(document["unit"], "samples")
    check_equal({f["name"]: (f["self"], f["total"]) for f in document["functions"]}, totals)


def callgrind_of(text):
    """Selfs of functions and totals of calls, and the summary."""
    names, selfs, calls, summary = {}, {}, {}, None
    function = callee = None
    lines = iter(text.splitlines())
    for line in lines:
        told = re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line)
        if told:
            if told[3] is not None:
                names[told[2]] = told[3]
            if told[1]:
                callee = names[told[2]]
            else:
                function = names[told[2]]
        elif line.startswith("calls="):
            calls[function, callee] = int(next(lines).split()[1])
        elif line.startswith(("summary: ", "totals: ")):
            summary = int(line.split()[1])
        elif re.match(r"\d+ \d+$", line):
            selfs[function] = int(line.split()[1])
    return selfs, calls, summary


@test
def functions_and_calls_go_to_callgrind(tmp):
    selfs, calls, summary = callgrind_of(exported(folded(tmp), "callgrind"))
    check_equal(summary, TOTAL)
    check_equal(sum(selfs.values()), TOTAL)
    check_equal(calls["main", "work"], 40)
    check_equal(calls["main", "rec"], 10)
    check_equal(calls["rec", "rec"], 6)  # the outer one of the two: not both
    check_equal(calls["app", "main"], 50)


@test
def the_tree_of_d3_has_all_weights(tmp):
    tree = json.loads(exported(folded(tmp), "d3"))
    check_equal((tree["name"], tree["value"]), ("all", TOTAL))

    def stacks(node, path):
        children = node.get("children", [])
        own = node["value"] - sum(child["value"] for child in children)
        if own:
            yield f"{';'.join(path)} {own}"
        for child in children:
            yield from stacks(child, path + [child["name"]])

    check_equal(sorted(stacks(tree, [])), sorted(STACKS.splitlines()))


@test
def folded_is_what_fold_prints(tmp):
    path = folded(tmp)
    check_equal(exported(path, "folded"), prof_ok("fold", "-i", path).out)


@test
def a_trace_needs_times(tmp):
    done = prof("export", "-i", folded(tmp), "--format", "chrome")
    check_equal(done.code, 1)
    check_in("when samples were taken", done.err)


@test
def formats_are_chosen_by_name(tmp):
    path = folded(tmp)
    out = pathlib.Path(tmp) / "x.d3.json"
    prof_ok("export", "-i", path, "-o", out)
    check_equal(out.read_text(), exported(path, "d3"))
    for options, word in ((("--format", "gif"), "no format 'gif'"), ((), "which format?")):
        done = prof("export", "-i", path, *options)
        check_equal(done.code, 2)
        check_in(word, done.err)
        check_in("speedscope, firefox, pprof", done.err)
    done = prof("export", "-i", "-", "--format", "csv", stdin=b"# nothing\n")
    check_equal(done.code, 2)


@test
def any_name_passes_through(tmp):
    names = ['a "quote"', "back\\slash", "größe", "tab\there", "<&>", "(1) number"]
    path = folded(tmp, "".join(f"root;{name} 1\n" for name in names))
    expected = sorted(names + ["root"])
    stacks, _ = of_speedscope(exported(path, "speedscope"), with_thread=False)
    check_equal(sorted({name for stack in stacks for name in stack}), expected)
    check_equal(sorted(f["name"] for f in json.loads(exported(path, "json"))["functions"]), expected)
    rows = csv.DictReader(io.StringIO(exported(path, "csv")))
    check_equal(sorted(row["function"] for row in rows), expected)
    check_equal(sorted(pprof_of(path, tmp).functions.values()), expected)


def record(tmp, *options):
    path = f"{tmp}/perf.data"
    prof_ok("record", "-F", "999", "-g", *options, "-o", path, "--", workload("threads"), "0.6")
    return path


def folds(path):
    """By threads' last names: one renames itself."""
    stacks = collections.Counter()
    for line in prof_ok("fold", "-i", path).out.splitlines():
        stack, count = line.rsplit(" ", 1)
        comm, *frames = stack.split(";")
        stacks[("main-renamed" if comm == "threads" else comm, *frames)] += int(count)
    return stacks


@test
def a_recording_has_threads_in_the_order_of_time(tmp):
    path = record(tmp)
    stacks, profiles = of_speedscope(exported(path, "speedscope", "--weight", "samples"), True)
    check_equal(stacks, folds(path), "stacks")
    threads = collections.Counter(
        line.split()[0] for line in
        prof_ok("script", "-i", path, "-F", "tid,time", "-G").out.splitlines() if line.strip())
    told = {re.search(r"tid (\d+)", profile["name"])[1]: sum(profile["weights"])
            for profile in profiles}
    check_equal(told, dict(threads), "samples of threads")
    check(len(profiles) > 1, "one thread only")
    weights = [sum(profile["weights"]) for profile in profiles]
    check_equal(weights, sorted(weights, reverse=True), "the busiest first")


@test
def pprof_knows_build_ids_and_threads(tmp):
    path = record(tmp)
    profile = pprof_of(path, tmp, "--weight", "period")
    check_equal(profile.types, [("samples", "count"), ("time", "nanoseconds")])
    stacks = collections.Counter()
    for sample in profile.samples:
        check_equal(sorted(sample[2]), ["pid", "thread", "tid"])
        stacks[(sample[2]["thread"], *profile.stack(sample))] += sample[1][0]
    plain = collections.Counter()
    for stack, count in folds(path).items():
        plain[tuple(name.removesuffix(" (inlined)") for name in stack)] += count
    check_equal(stacks, plain)
    ids = dict(line.split()[::-1] for line in prof_ok("buildids", "-i", path).out.splitlines())
    binaries = {name: build_id for name, build_id in profile.mappings.values()}
    check_in(workload("threads"), binaries)
    for name, build_id in binaries.items():
        if name in ids:
            check_equal(build_id, ids[name], name)


@test
def spans_of_a_trace_nest_and_last_as_long_as_their_samples(tmp):
    path = record(tmp)
    document = json.loads(exported(path, "chrome"))
    threads = collections.defaultdict(list)
    names = {}
    for event in document["traceEvents"]:
        if event["ph"] == "M":
            names[event["tid"]] = event["args"]["name"]
        else:
            check_equal(event["ph"], "X")
            begin = round(event["ts"] * 1000)
            threads[event["tid"]].append((begin, begin + round(event["dur"] * 1000), event["name"]))
    check(len(threads) > 1, "one thread only")
    check(set(threads) <= set(names), "threads without a name")
    samples = json.loads(exported(path, "speedscope", "--weight", "samples"))
    counts = {int(re.search(r"tid (\d+)", p["name"])[1]): len(p["samples"])
              for p in samples["profiles"]}
    for tid, spans in threads.items():
        open_ends = []
        outermost = 0
        for begin, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
            while open_ends and open_ends[-1] <= begin:
                open_ends.pop()
            check(not open_ends or end <= open_ends[-1], f"{name} ends after its caller")
            if not open_ends:
                outermost += end - begin
            open_ends.append(end)
        share = outermost / (counts[tid] * 1e9 / 999)  # more where others ran in between
        check(counts[tid] < 50 or share > 0.6, f"{share} of the samples' time in {tid}")


main()
