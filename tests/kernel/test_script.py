"""prof script prints perf's lines: filters, times, side-band records, header, live recordings."""

import re

from harness import (check, check_equal, check_in, check_same_lines, main, perf_ok, prof, prof_ok,
                     require_perf, test, workload)

# A frame, or a sample with its only frame behind it.
FRAME = re.compile(r"^(?P<before>.*?[0-9a-f]{1,16} )(?P<symbol>\S.*?)"
                   r"(?P<offset>\+0x[0-9a-f]+)?(?P<after> \(.*\))?$")


def names_settled(ours, theirs):
    """`ours` with perf's line wherever only the name differs and ours is known to be the better:

    - a return address belongs to the call before it, but perf names what begins there (+0x0);
    - where the call ends its function or its mapping and nothing follows, perf knows nothing of the
      caller, and shows the address by a mapping that begins there;
    - prof names the stubs of .plt.got and .plt.sec, and the head of .plt, for which perf has nothing
      or the function before them.
    """
    lines = ours.splitlines()
    before = ""
    for i, (mine, perfs) in enumerate(zip(lines, theirs.splitlines())):
        is_caller = before[:1] in ("\t", " ")
        before = perfs
        if mine == perfs:
            continue
        if is_caller and "[unknown]" in perfs and \
                (mine.split()[:1] == perfs.split()[:1] or "[unknown]" in mine):
            lines[i] = perfs
            continue
        a, b = FRAME.match(mine), FRAME.match(perfs)
        if not a or not b or (a["before"], a["after"]) != (b["before"], b["after"]):
            continue
        is_stub = re.search(r"(@|\.)plt$", a["symbol"]) and \
            b["symbol"].endswith(("[unknown]", "@plt", "_init"))
        if b["offset"] == "+0x0" or is_stub:
            lines[i] = perfs
    return "".join(line + "\n" for line in lines)


def record(tmp, *options, command=None):
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-o", path, *options, "--",
            *(command or ("sh", "-c", f"{workload('shares')} 0.3; ls -R /usr/include | sort | wc -l; "
                          f"{workload('threads')} 0.2")))
    return path


def check_same(path, *options):
    theirs = perf_ok("script", "--no-inline", "-i", path, *options)
    ours = prof_ok("script", "--no-inline", "-i", path, *options)
    check_same_lines(names_settled(ours.out, theirs.out), theirs.out, f"script {' '.join(options)}")
    return ours.out


@test
def the_default_is_perfs_on_one_event_and_on_several(tmp):
    for options in (["-F", "997", "-g"], ["-F", "997"], ["-F", "997", "-a", "-g"],
                    ["-F", "997", "-g", "-e", "cpu-clock,page-faults,context-switches"],
                    ["-F", "997", "-z", "-g"]):
        path = record(tmp, *options)
        check(check_same(path), f"no lines for {options}")
        check_same(path, "-G")
        check_same(path, "--ns")
        check_same(path, "-F", "+pid,-period")


@test
def filters_leave_the_lines_that_perf_leaves(tmp):
    path = record(tmp, "-F", "1997", "-a", "-g")
    fields = ["-F", "comm,pid,tid,cpu,time,event,ip,sym,symoff"]
    everything = check_same(path, *fields)
    heads = [re.match(r"^(\S+) +(\d+)/(\d+) +\[(\d+)\] +(\d+\.\d+):", line)
             for line in everything.splitlines()]
    heads = [head for head in heads if head]
    mine = next(head for head in heads if head[1] == "shares")
    middle = heads[len(heads) // 2][5]
    for options in (["--comms", "shares"], ["--comms", "shares,sort"], ["--pid", mine[2]],
                    ["--tid", mine[3]], ["--cpu", "0"], ["-C", mine[4]],
                    ["--time", f"{mine[5]},{middle}"], ["--time", f",{middle}"],
                    ["--time", f"{middle},"], ["--time", "10%-20%"], ["--time", "50%-100%"],
                    ["--time", "10%/2"], ["--time", "0%-10%,30%-40%"]):
        left = check_same(path, *fields, *options)
        check(0 < len(left) < len(everything), f"{options} leave {len(left)} characters")


@test
def nothing_is_left_for_a_command_that_did_not_run(tmp):
    path = record(tmp, "-F", "997")
    check_equal(prof_ok("script", "-i", path, "--comm", "no-such-command").out, "")


@test
def mappings_and_tasks_are_told_in_their_place(tmp):
    for options in (["-F", "997", "-g"], ["-F", "997"], ["-F", "997", "-a"],
                    ["-F", "997", "-g", "--buildid-mmap"]):
        path = record(tmp, *options)
        check_in("PERF_RECORD_MMAP2", check_same(path, "--show-mmap-events"))
        tasks = check_same(path, "--show-task-events")
        for word in ("PERF_RECORD_COMM exec: shares", "PERF_RECORD_FORK(", "PERF_RECORD_EXIT("):
            check_in(word, tasks)
        check_same(path, "--show-mmap-events", "--show-task-events", "--ns")


@test
def the_header_is_perfs(tmp):
    for options in (["-F", "997", "-g"], ["-F", "997", "-z"], ["-F", "997", "-k", "mono"],
                    ["-c", "100000", "-e", "{cpu-clock,page-faults}:u"]):
        path = record(tmp, *options, command=("sh", "-c", "echo 'quoted'"))
        check_same_lines(prof_ok("script", "--header-only", "-i", path).out,
                         perf_ok("script", "--header-only", "-i", path).out, f"header of {options}")
        check_same(path, "--header")


@test
def absolute_addresses_are_those_of_the_process(tmp):
    path = record(tmp, "-F", "997", "-g", command=(workload("shares"), "0.3"))
    chains = prof_ok("script", "-i", path, "-F", "ip", "--addr", "absolute").out.split()
    leaves = prof_ok("script", "-i", path, "-F", "ip", "-G").out.split()
    relative = prof_ok("script", "-i", path, "-F", "ip", "--addr", "relative").out.split()
    check(set(leaves) <= set(chains), "a sampled address is not the leaf of its own chain")
    check(not set(leaves) <= set(relative), "addresses relative to the file equal absolute ones")


@test
def what_cannot_be_shown_is_refused_with_the_reason(tmp):
    path = record(tmp, "-F", "997", command=("true",))
    for fields, word in (("cpu", "have no CPU"), ("brstackinsn", "have no branches"),
                         ("ipc,nonsense", "no field 'nonsense'"), ("ip,symoff", "needs 'sym'"),
                         ("comm,+pid", "begin with + or -")):
        done = prof("script", "-i", path, "-F", fields)
        check_equal(done.code, 2, f"exit code for -F {fields}")
        check_equal(done.out, "")
        check_in(word, done.err)


@test
def the_line_of_a_sample_is_that_of_the_innermost_inlined_call(tmp):
    path = f"{tmp}/flat.data"
    prof_ok("record", "-q", "-e", "cpu-clock", "-F", "499", "-o", path, "--",
            workload("no_frame_pointers"), "0.5")
    fields = ("script", "-i", path, "--comm", "no_frame_pointe", "-F", "ip,sym,srcline")
    # Where there is no line perf prints the file and the address, which prof leaves out; and it does
    # not name all stubs.
    theirs = re.sub(r"^  (\S+(\[[0-9a-f]+\]|\+\d+)|\?\?:0)\n", "", perf_ok(*fields).out, flags=re.M)
    ours, theirs = (re.sub(r" \S*@plt$", " @plt", text, flags=re.M)
                    for text in (prof_ok(*fields).out, theirs))
    check_same_lines(ours, theirs, "lines without call chains")


main(lambda: require_perf((6, 1)))
