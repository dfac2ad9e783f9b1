"""Whole user stacks from stack copies: known chains, perf's chains, what was too small, portability."""

import os
import re
import shutil

from harness import *
from recordings import folded, frame_name, plain

START = ["__libc_start_call_main", "__libc_start_main", "_start"]


def record(tmp, *options, command, name="perf.data"):
    path = f"{tmp}/{name}"
    prof_ok("record", "-q", "-o", path, "-e", "cpu-clock", "-F", "997", *options, "--", *command)
    return path


def whole(frames, chain):
    """Whether `frames` are the entry, `chain`, and whatever spin() and the kernel have below."""
    names = [plain(frame) for frame in frames]
    if "start_thread" in names[:2]:
        begin = names.index("start_thread") + 1
    elif "main" in names[:4]:
        begin = names.index("main") + 1
    else:
        return False
    return names[begin:begin + len(chain)] == chain


CHAINS = {
    "deep": ["recurse"] * 200 + ["leaf_deep"],
    "realigned": ["realigned", "leaf_realigned"],
    "thread": ["thread_main", "leaf_thread"],
}


def check_frames(tmp, program):
    path = record(tmp, "--call-graph", "dwarf,32768",
                  command=[program if "/" in program else workload(program), "2.5"])
    stacks = folded(path, "--no-join-stacks")  # whether a neighbour has the rest is chance
    total = sum(count for _, count in stacks)
    check(total > 1000, f"{total} samples")
    seen = dict.fromkeys([*CHAINS, "signal", "altstack", "library"], 0)
    for frames, count in stacks:
        names = [plain(frame) for frame in frames]
        for kind, chain in CHAINS.items():
            if chain[-1] in names:
                check(whole(frames, chain), f"{program}: not the chain of {kind}: {frames}")
                seen[kind] += count
        if "leaf_signal" in names:
            # The interrupted code is raise(), which work_signal called.
            check("work_signal" in names and "main" in names[:names.index("work_signal")],
                  f"{program}: {frames}")
            check(names[-1] == "leaf_signal" or "handler" in names, f"{program}: {frames}")
            seen["signal"] += count
        if "leaf_altstack" in names:
            # The interrupted stack is elsewhere, and was not copied: all but its leaf is missing.
            check_equal(names[0], "[truncated stack]", f"{program}: {frames}")
            check("alt_handler" in names or names[-1] == "leaf_altstack", f"{program}: {frames}")
            seen["altstack"] += count
        if "compare" in names:
            check("qsort" in " ".join(names) and "library" in names and "main" in names,
                  f"{program}: {frames}")
            seen["library"] += count
    for kind, count in seen.items():
        check(count > total * 0.1, f"{program}: {count} of {total} samples in {kind}: {seen}")


def check_broken(tmp, program):
    """That nothing is known of the program's own stacks."""
    path = record(tmp, "--call-graph", "dwarf,32768", command=[program, "0.5"])
    whole_ones = sum(count for frames, count in folded(path) if len(frames) > 50)
    check_equal(whole_ones, 0, "deep stacks without unwinding information")


@test
def chains_are_true_however_a_program_was_built(tmp):
    for program in ("frames", "frames_O0", "frames_O1", "frames_O3", "frames_Os"):
        check_frames(tmp, program)


@test
def chains_are_true_in_static_programs(tmp):
    check_frames(tmp, "frames_static")


@test
def chains_are_true_by_the_debug_frames_of_a_separate_file(tmp):
    require_program("gcc")
    require_program("objcopy")
    for form in ("zlib", "zlib-gnu"):
        folder = f"{tmp}/{form}"
        os.mkdir(folder)
        program, debug = f"{folder}/program", f"{folder}/program.debug"
        source = SOURCE / "tests" / "workloads" / "frames.c"
        ok(run("gcc", "-g", "-O2", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables",
               "-fno-unwind-tables", "-fno-optimize-sibling-calls", "-fno-inline", "-pthread",
               source, "-o", program))
        ok(run("objcopy", "--only-keep-debug", f"--compress-debug-sections={form}", program, debug))
        ok(run("strip", program))
        check_broken(tmp, program)
        ok(run("objcopy", f"--add-gnu-debuglink={debug}", program))
        check_frames(tmp, program)


@test
def chains_are_true_in_programs_of_clang(tmp):
    if not os.path.exists(workload("frames_clang")):
        raise Skip("no clang to build the workload with")
    check_frames(tmp, "frames_clang")


@test
def a_stripped_program_has_whole_stacks_too(tmp):
    program = f"{tmp}/stripped"
    if run("strip", "-o", program, workload("frames")).code != 0:
        raise Skip("no strip")
    path = record(tmp, "--call-graph", "dwarf,32768", command=[program, "1"])
    lengths = [len(frames) for frames, count in folded(path)]
    check(max(lengths) > 200, f"the deepest stack has {max(lengths)} frames")
    # Not joined: whether a sample hit just before the signal came is chance.
    quality = prof_ok("report", "--stdio", "--stack-quality", "--no-join-stacks", "-i", path).out
    check_in("stripped is stripped", quality, "stack quality")
    check(" broken " not in quality, quality)
    told = re.search(r"# Stacks: (\d+) of (\d+) whole .*, (\d+) of them with frames without names",
                     quality)
    check(told, quality)
    reached, samples, unnamed = (int(number) for number in told.groups())
    check(samples > reached >= unnamed, quality)  # an alternate stack has no more than its own
    check(unnamed > samples / 2, quality)


def script_of(tool, path):
    command = ["script", "--no-inline", "-i", path, "-F", "comm,tid,time,event,ip,sym"]
    if tool == "prof":
        return prof_ok(*command, "--no-join-stacks").out
    return perf_ok(*command).out


def compare_with_perf(path):
    """Sample by sample. perf shows a stack that was larger than its copy as one that ends, now and
    then after an address that is none."""
    require_perf()
    ours = script_of("prof", path).split("\n\n")
    theirs = script_of("perf", path).split("\n\n")
    check_equal(len(ours), len(theirs), "samples")
    different = []
    for mine, perfs in zip(ours, theirs):
        mine = mine.splitlines()
        perfs = perfs.splitlines()
        if mine and frame_name(mine[-1]) == "[truncated stack]":
            mine.pop()
            perfs = perfs[:len(mine)]
        if mine != perfs:
            different.append("\n".join([*mine, "-- perf:", *perfs]))
    check(len(different) <= len(ours) / 200,
          f"{len(different)} of {len(ours)} samples differ: {different[:2]}")
    return len(ours)


@test
def perf_unwinds_profs_recording_to_the_same_chains(tmp):
    path = record(tmp, "--call-graph", "dwarf", command=[workload("no_frame_pointers"), "1"])
    check(compare_with_perf(path) > 200, "too few samples")


@test
def prof_unwinds_perfs_recording_to_the_same_chains(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-o", path, "-F", "997", "--call-graph", "dwarf", "--",
            workload("no_frame_pointers"), "1")
    check(compare_with_perf(path) > 200, "too few samples")


@test
def a_copy_that_was_too_small_says_so(tmp):
    path = record(tmp, "--call-graph", "dwarf,512", command=[workload("frames"), "0.5"])
    stacks = folded(path, "--no-join-stacks")
    cut = sum(count for frames, count in stacks if frames[0] == "[truncated stack]")
    total = sum(count for _, count in stacks)
    check(cut > total * 0.15, f"{cut} of {total}")  # the deep ones at least
    report = prof_ok("report", "--stdio", "-g", "none", "--no-join-stacks", "-i", path).out
    check_in("record with --call-graph dwarf,1024", report, "the line below the report")


def record_stairs(tmp, *options):
    return record(tmp, "--call-graph", "dwarf,1024", *options, command=[workload("stairs"), "1.5"])


def check_stairs(frames):
    """Whether these frames, root first, are the program's entry and all steps down to one."""
    names = [plain(frame) for frame in frames if frame != JOINED]
    check_equal(names[:4], ["_start", "__libc_start_main", "__libc_start_call_main", "main"], frames)
    steps = [int(number) for number in re.findall(r"\bstep<(\d+)>", ";".join(names))]
    check_equal(steps, list(range(len(steps))), f"the steps of {frames}")
    check("step<" in names[4] and "step<" in names[3 + len(steps)], frames)
    return len(steps)


JOINED = "[joined stack]"


@test
def stacks_that_were_cut_are_joined_with_what_the_thread_had_before(tmp):
    path = record_stairs(tmp)
    stacks = [(frames, count) for frames, count in folded(path) if "step" in " ".join(frames)]
    joined = sum(count for frames, count in stacks if JOINED in frames)
    total = sum(count for _, count in stacks)
    check(joined > total * 0.8 > 800, f"{joined} of {total} joined")
    whole_ones = [(frames, count) for frames, count in stacks if frames[0] != "[truncated stack]"]
    check(sum(count for _, count in whole_ones) > total * 0.99, f"{total} samples")
    deepest = max(check_stairs(frames) for frames, _ in whole_ones)
    check_equal(deepest, 60, "steps of the deepest stack")
    for frames, _ in whole_ones:
        check(frames.count(JOINED) <= 1, frames)
    quality = prof_ok("report", "--stdio", "--stack-quality", "-g", "none", "-i", path).out
    told = re.search(r"# Stacks: (\d+) of them joined ", quality)
    check(told and int(told[1]) >= joined, quality)


@test
def stacks_are_not_joined_if_it_is_not_wanted(tmp):
    path = record_stairs(tmp)
    stacks = folded(path, "--no-join-stacks")
    cut = sum(count for frames, count in stacks if frames[0] == "[truncated stack]")
    check(cut > sum(count for _, count in stacks) * 0.8, f"{cut} are cut")
    for command in (["report", "--stdio"], ["script"], ["fold"], ["flamegraph"]):
        check_in(JOINED, prof_ok(*command, "-i", path).out, command[0])
        without = prof_ok(*command, "--no-join-stacks", "-i", path).out
        check(JOINED not in without and "[truncated stack]" in without, command[0])
    # What is cut off is all that differs.
    lines = {True: [], False: []}
    for option, samples in ((True, []), (False, ["--no-join-stacks"])):
        text = prof_ok("script", "-F", "time,ip,sym", "-i", path, *samples).out
        for sample in text.split("\n\n"):
            frames = sample.splitlines()
            ends = [i for i, line in enumerate(frames) if frame_name(line) in (JOINED, "[truncated stack]")]
            lines[option].append(frames[:ends[0]] if ends else frames)
    check(lines[True] == lines[False], "the frames that were copied differ")


@test
def joined_stacks_do_not_depend_on_what_is_shown(tmp):
    path = record_stairs(tmp, "-e", "page-faults")
    whole_text = prof_ok("script", "-F", "comm,time,event,ip,sym", "-i", path).out.split("\n\n")
    part = prof_ok("script", "-F", "comm,time,event,ip,sym", "--time", "40%-60%", "-i", path).out
    part = [sample for sample in part.split("\n\n") if sample]
    check(len(part) > 100, f"{len(part)} samples")
    check(set(part) <= set(whole_text), "a stack is another in a part of the recording")
    later = prof_ok("fold", "--time", "40%-60%", "-i", path).out
    check("[truncated stack]" not in later, later)
    embedded = f"{tmp}/embedded.data"
    prof_ok("embed", "-i", path, "-o", embedded)
    os.mkdir(f"{tmp}/root")
    without = ["--symfs", f"{tmp}/root", "--kallsyms", "/dev/null", "--no-cache"]
    for command in (["report", "--stdio"], ["script"], ["fold"], ["flamegraph"],
                    ["fold", "--no-join-stacks"], ["script", "--no-join-stacks"],
                    ["report", "--stdio", "--stack-quality", "--time", "40%-60%"]):
        here = prof_ok(*command, "-i", path).out
        check(prof_ok(*command, "-i", embedded, *without).out == here, f"{command} differs")


@test
def stacks_without_frame_pointers_are_told_of(tmp):
    path = record(tmp, "--call-graph", "fp", command=[workload("no_frame_pointers"), "0.5"])
    report = prof_ok("report", "--stdio", "-g", "none", "-i", path).out
    check_in("no_frame_pointers is built without frame pointers: record with --call-graph dwarf",
             report, "the line below the report")


@test
def the_kernels_part_and_the_users_are_one_chain(tmp):
    path = record(tmp, "-a", "--call-graph", "dwarf",
                  command=["sh", "-c", "dd if=/dev/zero of=/dev/null bs=1M count=20000"])
    joined = [frames for frames, _ in folded(path, "--comm", "dd", "--marks")
              if any(frame.endswith("_[k]") for frame in frames) and len(frames) > 4]
    check(joined, "no sample of dd in the kernel")
    whole_ones = [frames for frames in joined if "main" in " ".join(frames[:4]) or
                  frames[0].startswith(("_start", "[dd]"))]
    check(len(whole_ones) > len(joined) / 2, f"{joined[:3]}")


@test
def an_embedded_recording_needs_no_binaries(tmp):
    elsewhere = f"{tmp}/root"
    os.mkdir(elsewhere)
    for options in (["--call-graph", "dwarf"], ["-a", "-g"]):
        path = record(tmp, *options, command=[workload("no_frame_pointers"), "0.5"])
        embedded = f"{tmp}/embedded.data"
        prof_ok("embed", "-i", path, "-o", embedded)
        without = ["--symfs", elsewhere, "--kallsyms", "/dev/null", "--no-cache"]
        for command in (["report", "--stdio"], ["report", "--stdio", "--no-children", "-g", "none"],
                        ["script"], ["script", "-F", "comm,ip,sym,srcline"], ["flamegraph"],
                        ["fold", "--demangle", "full"]):
            here = prof_ok(*command, "-i", path).out
            there = prof_ok(*command, "-i", embedded, *without).out
            check(here == there, f"{' '.join(command)} differs for {options}")
        done = perf_ok("report", "--stdio", "--no-inline", "-g", "none", "-i", embedded)
        check_equal(done.err.strip(), "", "what perf says of an embedded recording")


@test
def record_embeds(tmp):
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "--embed", "-g", "-o", path, "--", workload("shares"), "0.3")
    check_in("Embedded", done.err, "message")
    os.mkdir(f"{tmp}/root")
    out = prof_ok("report", "--stdio", "-i", path, "--symfs", f"{tmp}/root").out
    check_in("burn_50", out, "report")
    piped = prof("record", "--embed", "-o", "-", "--", "true")
    check_equal(piped.code, 2, "exit code for a pipe")


@test
def embedding_what_cannot_be_is_an_error(tmp):
    garbage = f"{tmp}/garbage"
    with open(garbage, "wb") as file:
        file.write(b"not a recording" * 100)
    check_equal(prof("embed", "-i", garbage).code, 1, "exit code for garbage")
    check_equal(prof("embed", "-i", f"{tmp}/missing").code, 1, "exit code for no file")
    check_equal(prof("embed", "-i", "-").code, 2, "exit code for standard input")
    check_equal(sorted(os.listdir(tmp)), ["garbage"], "files left")


main()
