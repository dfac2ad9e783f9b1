"""prof script in its other forms: objects of JSON, tables, the dump; and the records besides samples
and the fields that perf's text has on demand."""

import csv
import io
import json
import os
import re

from harness import (check, check_equal, check_in, check_same_lines, main, perf_ok, prof, prof_ok,
                     require_perf, test, workload)

SIDEBAND = [f"--show-{kind}-events" for kind in
            ("mmap", "task", "switch", "lost", "namespace", "cgroup", "bpf")]


def record(tmp, *options):
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-F", "997", "-o", path, *options, "--", "sh", "-c",
            f"{workload('shares')} 0.3; ls -R /usr/include | wc -l")
    return path


def both(path, *options):
    theirs = perf_ok("script", "--no-inline", "-i", path, *options).out
    check_same_lines(prof_ok("script", "--no-inline", "-i", path, *options).out, theirs,
                     f"script {' '.join(options)}")
    return theirs


@test
def records_that_are_no_samples_are_told_as_perf_tells_them(tmp):
    path = record(tmp, "-g", "--switch-events", "--namespaces", "--all-cgroups", "-e", "cpu-clock")
    fields = "comm,pid,tid,misc,time,event,ip"
    for kind in SIDEBAND:
        text = both(path, "-F", fields, kind)
        word = {"task": "COMM", "bpf": "BPF", "switch": "SWITCH", "lost": "LOST"}.get(
            kind.split("-")[3], kind.split("-")[3].upper())
        if word not in ("BPF", "LOST"):
            check_in(f"_{word}", text, kind)
    both(path, "-F", fields, *SIDEBAND)
    # Where a round ends among the samples is the business of who sorts them.
    rounds = [tool("script", "-i", path, "--show-round-events").out.count("FINISHED_ROUND\n")
              for tool in (prof_ok, perf_ok)]
    check(rounds[0] > 0, "no rounds")
    check_equal(rounds[0], rounds[1], "rounds")


@test
def times_since_the_first_sample_and_since_the_one_before(tmp):
    path = record(tmp, "-g", "--switch-events")
    for options in (["--reltime"], ["--deltatime"], ["--deltatime", "--ns"],
                    ["--reltime", "--show-switch-events", "--show-task-events"]):
        both(path, "-F", "comm,tid,time,event,ip", *options)
    done = prof("script", "-i", path, "--reltime", "--deltatime")
    check_equal(done.code, 2, "exit code of both")


@test
def chains_are_cut_where_max_stack_says(tmp):
    path = record(tmp, "-g")
    for most in ("1", "3", "127"):
        both(path, "-F", "comm,tid,time,ip", "--max-stack", most)


@test
def fields_may_be_of_one_type_of_event(tmp):
    path = record(tmp, "-e", "cpu-clock", "-e", "page-faults", "-d")
    for options in (["-F", "comm,tid,time,ip,sym", "-F", "sw:+period"], ["-F", "sw:comm,time,addr"],
                    ["-F", "+misc", "-F", "+flags"]):
        both(path, *options)
    check_equal(prof_ok("script", "-i", path, "-F", "sw:").out, "", "lines without a field")
    done = prof("script", "-i", path, "-F", "software:comm")
    check_equal(done.code, 2, "exit code")
    check_in("types are hw, sw, trace", done.err)


@test
def json_has_an_object_for_each_sample_that_says_what_the_text_does(tmp):
    path = record(tmp, "-g", "-a", "--switch-events")
    objects = [json.loads(line) for line in prof_ok("script", "-i", path, "--json").out.splitlines()]
    blocks = prof_ok("script", "-i", path, "--ns", "-F", "+pid", "--addr", "absolute").out
    blocks = blocks.strip("\n").split("\n\n")
    check_equal(len(objects), len(blocks), "samples")
    check(len(objects) > 100, f"only {len(objects)} samples")
    for found, block in zip(objects, blocks):
        head, *frames = block.splitlines()
        seconds, ns = divmod(found["time_ns"], 10 ** 9)
        wanted = (f"{found['comm']} {found['pid']:5}/{found['tid']:<5} [{found['cpu']:03}] "
                  f"{seconds:5}.{ns:09}: {found['period']:10} {found['event']}: ")
        check_equal(head, wanted, "first line")
        lines = []
        for frame in found["stack"]:
            name = frame["sym"] or "[unknown]"
            if "symoff" in frame:
                name += f"+0x{frame['symoff']:x}"
            lines.append(f"\t{frame['ip'][2:]:>16} {name} ({frame['dso'] or '[unknown]'})")
        # Of a chain that makes no sense the text has nothing, as perf's.
        check_equal(lines if frames or len(lines) != 1 else [], frames, "frames")
    switches = [json.loads(line) for line in
                prof_ok("script", "-i", path, "--json", "--show-switch-events").out.splitlines()]
    switches = [each for each in switches if "record" in each]
    check(switches and switches[0]["record"] == "SWITCH_CPU_WIDE", f"{switches[:1]}")


@test
def tracepoints_have_their_fields_as_values(tmp):
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-o", path, "-e", "sched:sched_switch", "-e",
            "sched:sched_process_exec", "--", "sh", "-c", "ls; ls")
    found = [json.loads(line) for line in prof_ok("script", "-i", path, "--json").out.splitlines()]
    execs = [each for each in found if each["event"] == "sched:sched_process_exec"]
    check_equal([each["fields"]["filename"] for each in execs[-2:]], ["/usr/bin/ls"] * 2, "files")
    for each in execs:
        check_equal(each["fields"]["pid"], each["pid"], "pid")
        check_in(f"filename={each['fields']['filename']}", each["trace"])


@test
def a_table_has_a_row_for_each_sample(tmp):
    path = record(tmp, "-g", "-e", "cpu-clock", "-e", "page-faults")
    objects = [json.loads(line) for line in prof_ok("script", "-i", path, "--json").out.splitlines()]
    for options in (["--csv"], ["-x", ";"], ["-x", "\t"]):
        text = prof_ok("script", "-i", path, *options).out
        separator = {"--csv": ","}.get(options[0], options[-1])
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
        check_equal(len(rows), len(objects), "rows")
        for row, found in zip(rows, objects):
            check(None not in row and None not in row.values(), f"cells of {row}")
            check_equal((row["comm"], row["pid"], row["event"], row["period"]),
                        (found["comm"], str(found["pid"]), found["event"], str(found["period"])),
                        "row")
            names = [frame["sym"] or "[unknown]" for frame in reversed(found["stack"])]
            check_equal(row["stack"], ";".join(names), "stack")
            check_equal(row["time"].replace(".", ""), str(found["time_ns"]), "time")
    check_equal(prof("script", "-i", path, "--csv", "--json").code, 2, "exit code of both")


@test
def the_dump_has_every_record_at_its_offset(tmp):
    head = re.compile(r"^(0x[0-9a-f]+)(?:@\S+)? (\[0x[0-9a-f]+\]: event: \d+)$", re.M)
    bytes_of = re.compile(r"^\.  [0-9a-f]{4}: .*$", re.M)
    path = record(tmp, "-g", "--switch-events", "--namespaces")
    theirs = perf_ok("script", "-D", "-i", path).out
    for option in ("--dump", "-D"):
        ours = prof_ok("script", option, "-i", path).out
        check_equal(sorted(head.findall(ours)), sorted(head.findall(theirs)), "records")
        check_equal(sorted(bytes_of.findall(ours)), sorted(bytes_of.findall(theirs)), "bytes")
    samples = re.compile(r"PERF_RECORD_SAMPLE\(.*?addr: ", re.M)
    check_equal(sorted(samples.findall(ours)), sorted(samples.findall(theirs)), "samples")
    sideband = re.compile(r"PERF_RECORD_(?:MMAP2|COMM|FORK|EXIT|SWITCH).*", re.M)
    check_equal(sorted(sideband.findall(ours)), sorted(sideband.findall(theirs)), "others")


@test
def chains_end_at_the_functions_of_stop_bt(tmp):
    path = record(tmp, "-g", "-e", "cpu-clock")

    def stacks(tool, *options):
        text = tool("script", "--no-inline", "-i", path, "-F", "comm,tid,time,event,ip,sym",
                    *options).out
        return text.split("\n\n")

    # Callers whose call is their last instruction have other names in perf.
    compared = [i for i, (ours, theirs) in enumerate(zip(stacks(prof_ok), stacks(perf_ok)))
                if ours == theirs]
    whole = "\n\n".join(stacks(prof_ok))
    check(len(compared) > 50, f"only {len(compared)} stacks are the same without the option")

    def size(stop):
        ours, theirs = stacks(prof_ok, "--stop-bt", stop), stacks(perf_ok, "--stop-bt", stop)
        check_equal(len(ours), len(theirs), f"stacks with {stop}")
        for i in compared:
            check_equal(ours[i], theirs[i], f"stack up to {stop}")
        return len("\n\n".join(ours))
    functions = re.findall(r"^\t +[0-9a-f]+ (\S+)$", whole, re.M)
    check(len(set(functions)) > 5, f"functions: {set(functions)}")
    often = sorted(set(functions) - {"[unknown]"}, key=lambda name: (-functions.count(name), name))
    sizes = [size(stop) for stop in (often[0], ",".join(often[:5]), "no_such_function",
                                     ",".join(often[-2:]))]
    check(sizes[1] < len(whole), f"nothing ends at {often[:5]}")
    check_equal(sizes[2], len(whole), "size without such a function")
    frames = [json.loads(line)["stack"] for line in
              prof_ok("script", "--json", "-i", path, "--stop-bt", often[0]).out.splitlines()]
    stops = [[frame.get("sym") == often[0] for frame in stack] for stack in frames]
    check(any(any(stack) for stack in stops), "none stops")
    check(all(not any(stack[:-1]) for stack in stops), "a chain goes on")
    rows = csv.DictReader(io.StringIO(prof_ok("script", "--csv", "-i", path, "--stop-bt",
                                              often[0]).out))
    check(all(often[0] not in row["stack"].split(";")[1:] for row in rows), "a row goes on")


@test
def the_samples_of_each_event_go_to_a_dump_of_their_own(tmp):
    path = record(tmp, "-g", "-e", "cpu-clock", "-e", "page-faults", "-e", "dummy")
    dumps = [f"{path}.{name}.dump" for name in ("cpu-clock", "page-faults", "dummy")]
    for options in (["-F", "comm,tid,time,period,event,ip"],
                    ["-F", "comm,pid,misc,time,ip", "--show-task-events"]):
        told, texts = [], []
        for tool in (perf_ok, prof_ok):
            told.append(tool("script", "--per-event-dump", "-i", path, *options).out)
            texts.append([open(dump, encoding="utf-8", errors="replace").read() for dump in dumps])
            for dump in dumps:
                os.remove(dump)
        # perf says what a file has before it writes the rest to it.
        told = [re.sub(r"p..f (script: Wrote) [0-9.]+", r"\1", each) for each in told]
        check_same_lines(told[1], told[0], "told")
        check(all(texts[0][:2]), "empty dumps")
        for ours, theirs in zip(texts[1], texts[0]):
            check_same_lines(ours, theirs, "dump")
    prof_ok("script", "--csv", "--per-event-dump", "-i", path)
    for dump in dumps:
        check(open(dump, encoding="utf-8").read().startswith("comm,"), f"{dump} has no columns")
        os.remove(dump)
    os.mkdir(dumps[1])
    done = prof("script", "--per-event-dump", "-i", path)
    check_equal(done.code, 1, "exit code where a dump cannot be written")
    check_in("page-faults.dump", done.err)


main(require_perf)
