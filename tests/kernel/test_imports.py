#!/usr/bin/env python3
"""Files of other tools become profiles, and what prof export writes comes back as it was."""

import collections
import gzip
import json
import lzma
import pathlib

from firefox_format import complaints_about
from harness import check, check_equal, check_in, main, prof, prof_ok, test, workload

STACKS = """\
app;main;work;leaf 30
app;main;work 10
app;main;rec;rec;rec 6
app;main;rec;other 4
two;main;größe 50
two;[unknown];<&"> 7
"""

BPFTRACE = b"""Attaching 1 probe...

@[
    vfs_read+1
    ksys_read+2
, 
    read+16
    main+5
, cat]: 7
@[
    vfs_read+1
, 
    main+5
, sh]: 2
"""

BCC = b"""Sampling at 49 Hertz of all threads by user + kernel stack... Hit Ctrl-C to end.
    vfs_read_[k]
    main
    -                cat (12)
        7

"""

CPUPROFILE = json.dumps({
    "nodes": [{"id": 1, "callFrame": {"functionName": "(root)", "url": ""}, "children": [2]},
              {"id": 2, "callFrame": {"functionName": "f", "url": "file:///a.js", "lineNumber": 1}}],
    "startTime": 0, "endTime": 3000, "samples": [2, 2], "timeDeltas": [0, 1000]}).encode()

FORMATS = ("folded", "speedscope", "firefox", "pprof")


def write(tmp, name, data):
    path = pathlib.Path(tmp) / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def fold(path, *options):
    return prof_ok("fold", "-i", path, *options).out


def exported(path, tmp, form, *options):
    out = pathlib.Path(tmp) / f"out.{form}"
    prof_ok("export", "-i", path, "--format", form, "-o", out, *options)
    return out


def plain(text):
    """Stacks and counts. Marks of inlined calls are not names."""
    stacks = collections.Counter()
    for line in text.splitlines():
        stack, count = line.rsplit(" ", 1)
        stacks[stack] += int(count)
    return dict(stacks)


@test
def stacks_that_are_exported_come_back(tmp):
    path = write(tmp, "in.folded", STACKS)
    wanted = fold(path)
    for form in FORMATS:
        check_equal(fold(exported(path, tmp, form)), wanted, form)


@test
def recordings_that_are_exported_come_back(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-F", "999", "-g", "-o", path, "--", workload("threads"), "0.6")
    by_thread = fold(path, "--show-tid")
    # What a thread is called is its last name there.
    wanted = collections.Counter()
    for stack, count in plain(by_thread).items():
        root, *frames = stack.split(";")
        wanted[(root.rsplit("-", 1)[1], *frames)] += count
    for form in ("speedscope", "firefox", "pprof"):
        for weight in ("samples", "period"):
            out = exported(path, tmp, form, "--weight", weight)
            again = collections.Counter()
            for stack, count in plain(fold(out, "--show-tid", "--weight", weight)).items():
                root, *frames = stack.split(";")
                again[(root.rsplit("-", 1)[1], *frames)] += count
            if weight == "samples":
                check_equal(again, wanted, f"{form}, {weight}")
            check_equal(sum(again.values()), sum(plain(fold(path, "--weight", weight)).values()),
                        f"{form}, total {weight}")


@test
def times_survive_where_the_format_has_them(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-F", "999", "-g", "-o", path, "--", workload("threads"), "0.6")
    half = prof_ok("fold", "-i", path, "--time", "0%-50%").out
    out = exported(path, tmp, "firefox", "--weight", "samples")
    count = sum(plain(half).values())
    again = sum(plain(fold(out, "--time", "0%-50%")).values())
    check(abs(count - again) <= 1, f"{again} samples in the first half, not {count}")
    trace = json.loads(exported(out, tmp, "chrome").read_text())
    check(any(event["ph"] == "X" for event in trace["traceEvents"]), "no span")


@test
def firefox_profiles_are_as_their_types_say(tmp):
    folded = write(tmp, "in.folded", STACKS)
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-F", "999", "-g", "-o", path, "--", workload("threads"), "0.4")
    for source in (folded, path):
        document = json.loads(exported(source, tmp, "firefox").read_text())
        check_equal(complaints_about(document), [], str(source))
    check(len(document["threads"]) > 1, "one thread only")
    check(any(thread["isMainThread"] for thread in document["threads"]), "no main thread")
    libs = {lib["path"]: lib for lib in document["libs"]}
    ids = dict(line.split()[::-1] for line in prof_ok("buildids", "-i", path).out.splitlines())
    ours = libs[workload("threads")]
    check_equal(ours["codeId"], ids[workload("threads")], "build id")
    check_equal(len(ours["breakpadId"]), 33, "length of the breakpad id")
    names = document["shared"]["stringArray"]
    check_in("Kernel", [category["name"] for category in document["meta"]["categories"]])
    check(any("main" in names[thread["funcTable"]["name"][0]] or thread["funcTable"]["length"] > 1
              for thread in document["threads"]), "no functions")


@test
def formats_are_told_by_content_packed_or_not(tmp):
    inputs = {"bpftrace": (BPFTRACE, "cat;main;read;ksys_read;vfs_read 7\nsh;main;vfs_read 2\n"),
              "bcc": (BCC, "cat;main;vfs_read 7\n"),
              "cpuprofile": (CPUPROFILE, "f 3000000\n")}
    folded = write(tmp, "in.folded", STACKS)
    for form in FORMATS:
        inputs[form] = (exported(folded, tmp, form).read_bytes(), fold(folded))
    # Usually gzipped, but not twice.
    inputs["pprof"] = (gzip.decompress(inputs["pprof"][0]), inputs["pprof"][1])
    for form, (data, wanted) in inputs.items():
        for ending, pack in (("", lambda data: data), (".gz", gzip.compress), (".xz", lzma.compress)):
            path = write(tmp, f"input{ending}", pack(data))
            check_equal(fold(path), wanted, form + ending)
            check_equal(fold(path, "--input-format", form), wanted, form + ending)
        check_equal(prof_ok("fold", "-i", "-", stdin=data).out, wanted, f"{form}, piped")
        check_in("<svg", prof_ok("flamegraph", "-i", path).out, form)
        check_in("\n", prof_ok("report", "--stdio", "-i", path).out, form)
        check_in("%", prof_ok("report", "--stdio", "-i", path, "-s", "comm,dso,sym").out, form)


@test
def reports_have_the_columns_that_there_are(tmp):
    report = prof_ok("report", "--stdio", "-i", write(tmp, "b", BPFTRACE)).out
    check_in("Command", report)
    check("Shared Object" not in report, report)
    check_in("vfs_read", report)
    rows = [line.split() for line in report.splitlines() if line.strip().endswith("vfs_read")]
    check(any("77.78%" in row for row in rows), report)
    # A function that nobody calls is a function, not a command.
    report = prof_ok("report", "--stdio", "--no-children", "-i",
                     write(tmp, "c", b"@[\n    main+1\n]: 3\n")).out
    check_in("main", report)
    check_in("100.00%", report)


@test
def what_is_no_stacks_is_refused(tmp):
    cases = (
        (b'{"a": [1, 2]}', 2, "JSON of a kind that has no stacks"),
        (b'{"a": [1, 2', 1, "no JSON from byte"),
        (b"[" * 100 + b'{"a":1}', 2, "no stacks"),
        (b"It was a dark\nand stormy\nnight 7\n", 2, "most of its lines are no stacks"),
        (b'[{"a":' + b"[" * 5000, 1, "nested deeper than 512"),
        (b'{"shared":{"frames":[{"name":"f"}]},"profiles":[{"type":"sampled","unit":"none",'
         b'"samples":[[1]],"weights":[1]}]}', 1, "profiles[0].samples[0]: there is no frame 1"),
        (b"@[bash]: 5\n", 2, "no map of bpftrace has stacks"),
    )
    for data, code, message in cases:
        path = write(tmp, "input", data)
        for command in (("fold",), ("report", "--stdio"), ("flamegraph",),
                        ("export", "--format", "csv")):
            done = prof(*command, "-i", path)
            check_equal(done.code, code, f"exit code of:\n{done}")
            check_in(message, done.err)
            check_in("input", done.err)
    # A large packed file of nothing is refused for what it is, not believed.
    path = write(tmp, "bomb.gz", gzip.compress(b'{"a":' + b"[" * 500 + b"0," * 3_000_000))
    done = prof("fold", "-i", path)
    check_equal(done.code, 1, f"exit code of:\n{done}")
    done = prof("fold", "-i", write(tmp, "x", b"a;b 1\n"), "--input-format", "gif")
    check_equal(done.code, 2)
    check_in("no input format 'gif'", done.err)
    check_in("speedscope, firefox", done.err)


@test
def a_format_that_is_given_is_believed(tmp):
    path = write(tmp, "x", "It was a dark\nand stormy\nnight 7\n")
    check_equal(fold(path, "--input-format", "folded"), "night 7\n")
    done = prof("fold", "-i", path, "--input-format", "perf")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    done = prof("fold", "-i", path, "--input-format", "pprof")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("the message at byte", done.err)


@test
def samples_of_other_files_are_chosen_as_those_of_recordings(tmp):
    path = write(tmp, "b", BPFTRACE)
    check_equal(fold(path, "--comm", "sh"), "sh;main;vfs_read 2\n")
    check_equal(fold(path, "--where", "stack.sym == ksys_read"),
                "cat;main;read;ksys_read;vfs_read 7\n")
    done = prof("fold", "-i", path, "--where", "dso == x")
    check_equal(done.code, 2)
    check_in("maps of bpftrace have no dso", done.err)
    done = prof("fold", "-i", path, "--time", "1,2")
    check_equal(done.code, 2)
    check_in("--time of an input without times", done.err)
    check_equal(fold(path, "--max-stack", "1"), "cat;vfs_read 7\nsh;vfs_read 2\n")


main()
