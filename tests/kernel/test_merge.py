"""prof merge joins recordings into one that perf reads, with every sample of each, by time."""

import os
import pathlib
import re
import struct

from harness import (Skip, check, check_equal, check_in, check_same_lines, main, perf_ok, prof,
                     prof_ok, require_perf, test, workload)

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))


def record(path, *options, seconds="0.3"):
    perf_ok("record", "-q", "-o", path, *options, "--", "sh", "-c",
            f"{workload('shares')} {seconds}; ls -R /usr/include | wc -l")
    return path


def rename_host(path, out, name):
    """The same recording, as if another host had made it."""
    content = bytearray(open(path, "rb").read())
    data, size = struct.unpack_from("<QQ", content, 40)
    bits = struct.unpack_from("<4Q", content, 72)
    entry = data + size
    for bit in range(256):
        if bits[bit // 64] >> bit % 64 & 1:
            at, length = struct.unpack_from("<QQ", content, entry)
            entry += 16
            if bit == 3:
                content[at + 4:at + length] = name.encode().ljust(length - 4, b"\0")
    open(out, "wb").write(content)
    return out


def blocks(tool, path, *options):
    """Time and text of each sample. A recording alone pads the names of its events as it needs."""
    text = tool("script", "--no-inline", "-i", path, "--ns", "-F",
                "comm,pid,tid,time,event,ip,sym,dso", *options).out
    found = [re.sub(r"(: ) +(\S+: \n)", r"\1\2", each + "\n") for each in text.split("\n\n") if each]
    found = [re.sub(r":  +(?=\S+:)", ": ", each) for each in found]
    return sorted((re.search(r"(\d+\.\d{9}):", each)[1].rjust(20), each.strip("\n"))
                  for each in found)


@test
def every_sample_is_there_at_its_time(tmp):
    one = record(f"{tmp}/one", "-F", "997", "-g")
    two = record(f"{tmp}/two", "-F", "499", "-g", "-e", "cpu-clock,page-faults", "-a")
    three = record(f"{tmp}/three", "-F", "997", "-g", "-z")
    out = f"{tmp}/out"
    done = prof_ok("merge", one, two, three, "-o", out)
    check_in("[ prof merge: ", done.err)
    for tool in (perf_ok, prof_ok):
        wanted = sorted(blocks(tool, one) + blocks(tool, two) + blocks(tool, three))
        found = blocks(tool, out)
        check(len(found) > 500, f"{len(found)} samples")
        check_same_lines("\n".join(text for _, text in found),
                         "\n".join(text for _, text in wanted), "samples")
    # They lie in the file by their times.
    times = [float(time) for time in re.findall(
        r"(\d+\.\d+):", prof_ok("script", "-i", out, "-F", "time,event", "-G").out)]
    check_equal(times, sorted(times), "times")


@test
def equal_events_are_one(tmp):
    one = record(f"{tmp}/one", "-F", "997", "-e", "cpu-clock")
    two = record(f"{tmp}/two", "-F", "997", "-e", "cpu-clock")
    three = record(f"{tmp}/three", "-F", "99", "-e", "cpu-clock")
    out = f"{tmp}/out"
    prof_ok("merge", "-o", out, one, two)
    check_equal(prof_ok("evlist", "-i", out).out, "cpu-clock\n", "events")
    prof_ok("merge", "-f", "-o", out, one, two, three)
    check_equal(prof_ok("evlist", "-F", "-i", out).out,
                "cpu-clock: sample_freq=997\ncpu-clock: sample_freq=99\n", "events")


@test
def tracepoints_keep_their_fields(tmp):
    one, two, out = f"{tmp}/one", f"{tmp}/two", f"{tmp}/out"
    perf_ok("record", "-q", "-o", one, "-e", "sched:sched_process_exec", "--", "sh", "-c", "ls; ls")
    perf_ok("record", "-q", "-o", two, "-e", "sched:sched_process_exit", "-e",
            "sched:sched_process_exec", "--", "sh", "-c", "wc -l /etc/passwd; ls")
    # Another kernel, in which the numbers of two tracepoints are changed about.
    content = open(two, "rb").read()
    ids = [int(each) for each in re.findall(rb"\nID: (\d+)\n", content)]
    check(len(ids) == 2 and len({len(str(each)) for each in ids}) == 1, f"numbers {ids}")
    prof_ok("merge", "-o", out, one, two)
    fields = ("-F", "comm,tid,time,event,trace", "--ns")
    for tool in (perf_ok, prof_ok):
        wanted = sorted(re.sub(r" +", " ", line) for path in (one, two)
                        for line in tool("script", "-i", path, *fields).out.splitlines())
        found = sorted(re.sub(r" +", " ", line)
                       for line in tool("script", "-i", out, *fields).out.splitlines())
        check_same_lines("\n".join(found), "\n".join(wanted), "fields")


@test
def hosts_are_told_apart(tmp):
    one = record(f"{tmp}/one", "-F", "997", "-g")
    two = rename_host(record(f"{tmp}/two", "-F", "997", "-g"), f"{tmp}/renamed", "web2")
    out = f"{tmp}/out"
    done = prof_ok("merge", one, two, "-o", out)
    check_in("web2", done.err)
    mine = os.uname().nodename
    for path, host in ((one, mine), (two, "web2")):
        before = prof_ok("fold", "-i", path).out
        wanted = re.sub(r"^([^; ]+)", rf"\1@{host}", before, flags=re.M)
        after = prof_ok("fold", "-i", out, "--where", f"comm =~ /@{host}$/").out
        check_same_lines(after, wanted, f"stacks of {host}")
    pids = {int(each) for each in re.findall(r"shares@web2 +(\d+)/", prof_ok(
        "script", "-i", out, "-F", "comm,pid,tid,time", "--show-task-events").out)}
    check(pids and all(each >> 22 == 1 for each in pids), f"process ids {pids}")
    check_in("shares@web2", perf_ok("script", "-i", out, "-F", "comm,tid,time").out)


@test
def another_kernel_lends_no_names(tmp):
    foreign = CORPUS / "perfdata" / "simpleperf-generated-by-linux-perf.data"
    if not foreign.is_file():
        raise Skip("the shared corpus is not here (set CORPUS)")
    one = record(f"{tmp}/one", "-F", "997", "-g", "-a")
    out = f"{tmp}/out"
    done = prof_ok("merge", one, foreign, "-o", out)
    check_in("made with another kernel", done.err)
    text = prof_ok("script", "-i", out, "-F", "comm,tid,time,ip,sym,dso").out
    samples = [each for each in text.split("\n\n") if "kernel" in each]
    check(any("([kernel.kallsyms])" in each for each in samples), "no kernel of this machine")
    mine = os.uname().nodename
    strangers = [each for each in samples if f"@{mine} " not in each
                 and "swapper" not in each and not each.startswith(":-1 ")]
    check(strangers, "no kernel samples of the other machine")
    for each in strangers:
        check("[kernel.kallsyms]" not in each, f"names of another kernel: {each}")
    perf_ok("report", "--stats", "-i", out)


def embedded(path):
    prof_ok("embed", "-i", path)
    return path


def without_binaries(tool, path, tmp, *options):
    return tool(*options, "-i", path, "--symfs", f"{tmp}/nothing", "--kallsyms", "/dev/null").out


def no_sample_ids(path, out):
    """The same recording as kernels before 3.0 made it: only samples say whose they are and when."""
    content = open(path, "rb").read()
    header_size, attr_size, attrs, attrs_size, data, size = struct.unpack_from("<6Q", content, 8)
    check_equal(attrs_size, attr_size, "size of one attribute")
    sample_type, = struct.unpack_from("<Q", content, attrs + 24)
    # TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER
    fields = (1 << 1, 1 << 2, 1 << 6, 1 << 9, 1 << 7, 1 << 16)
    tail = 8 * sum(bool(sample_type & field) for field in fields)
    records, at = bytearray(), data
    while at < data + size:
        kind, misc, length = struct.unpack_from("<IHH", content, at)
        cut = tail if kind < 64 and kind != 9 else 0
        records += struct.pack("<IHH", kind, misc, length - cut) + content[at + 8:at + length - cut]
        at += length
    head = bytearray(content[:data])
    flags, = struct.unpack_from("<Q", head, attrs + 40)
    struct.pack_into("<Q", head, attrs + 40, flags & ~(1 << 18))
    struct.pack_into("<Q", head, 48, len(records))
    struct.pack_into("<4Q", head, 72, 0, 0, 0, 0)  # no features
    open(out, "wb").write(bytes(head + records))
    return out


@test
def records_that_do_not_say_whose_they_are_are_kept(tmp):
    one = record(f"{tmp}/one", "-F", "997", "-g", "-e", "cpu-clock")
    two = no_sample_ids(record(f"{tmp}/two", "-F", "499", "-g", "-e", "cpu-clock:u", "-B"),
                        f"{tmp}/old")
    out = f"{tmp}/out"
    prof_ok("merge", one, two, "-o", out)
    host = os.uname().nodename
    for tool in (perf_ok, prof_ok):
        wanted = [re.sub(r"^(\S+)", r"\1@old", text) for _, text in blocks(tool, two)]
        check(any("burn_50" in each for each in wanted), f"no names in {wanted[:3]}")
        found = [re.sub(r"^(\S+) +(\S+) +", r"\1 \2 ", text) for _, text in blocks(tool, out)
                 if f"@{host}" not in text.split("\n")[0]]
        # Process ids of another host are in a range of their own.
        found = [re.sub(r"^(\S+) (\d+)/(\d+)", lambda m: f"{m[1]} {int(m[2]) & 0x3fffff}/"
                                                         f"{int(m[3]) & 0x3fffff}", each)
                 for each in found]
        wanted = [re.sub(r"^(\S+) +(\S+) +", r"\1 \2 ", each) for each in wanted]
        if tool is perf_ok:
            # It takes new names and mappings that have no time before all samples that wait to be
            # sorted, those that came before included.
            found, wanted = ([re.sub(r"^\S+", "", each.split("\n")[0]) for each in texts]
                             for texts in (found, wanted))
        check_same_lines("\n".join(sorted(found)), "\n".join(sorted(wanted)), "samples")


@test
def embedded_names_come_along(tmp):
    one = embedded(record(f"{tmp}/one", "-F", "997", "-g", "--call-graph", "dwarf"))
    two = embedded(rename_host(record(f"{tmp}/two", "-F", "997", "-g"), f"{tmp}/renamed", "web2"))
    out = f"{tmp}/out"
    done = prof_ok("merge", one, two, "-o", out)
    check("left out" not in done.err, done.err)
    host = os.uname().nodename
    for path, name in ((one, host), (two, "web2")):
        before = without_binaries(prof_ok, path, tmp, "fold", "--no-inline")
        check_in("burn_50", before)
        wanted = re.sub(r"^([^; ]+)", rf"\1@{name}", before, flags=re.M)
        after = without_binaries(prof_ok, out, tmp, "fold", "--no-inline",
                                 "--where", f"comm =~ /@{name}$/")
        check_same_lines(after, wanted, f"stacks of {name}")


@test
def files_of_one_name_are_told_apart(tmp):
    one = record(f"{tmp}/one", "-F", "997", "-g")
    two = rename_host(record(f"{tmp}/two", "-F", "997", "-g"), f"{tmp}/renamed", "web2")
    # As if the other host had another build of the program.
    listed = prof_ok("buildids", "-i", two).out
    own = re.search(r"^(\w{40}) .*/shares$", listed, re.M)[1]
    content = open(two, "rb").read()
    check_equal(content.count(bytes.fromhex(own)), 1, "places with the build id")
    other = own[:-2] + ("00" if own[-2:] != "00" else "01")
    open(two, "wb").write(content.replace(bytes.fromhex(own), bytes.fromhex(other)))
    out = f"{tmp}/out"
    prof_ok("merge", one, two, "-o", out)
    host = os.uname().nodename
    check_in("burn_50", prof_ok("fold", "-i", out, "--where", f"comm == 'shares@{host}'").out)
    strangers = prof_ok("fold", "-i", out, "--where", "comm == shares@web2").out
    check(strangers and "burn_50" not in strangers, strangers)
    for tool in (prof_ok, perf_ok):
        mappings = tool("script", "-i", out, "--show-mmap-events").out
        check(re.search(rf"PERF_RECORD_MMAP2 .*{other}.*/shares$", mappings, re.M), mappings)


@test
def embedded_names_of_another_file_are_left_out(tmp):
    """Of one name, and no build id that tells the files apart."""
    one = record(f"{tmp}/one", "-F", "997", "-g", "-B")
    two = rename_host(record(f"{tmp}/two", "-F", "997", "-g", "-B"), f"{tmp}/renamed", "web2")
    # Without build ids, as they would be of two builds of one program.
    for path in (one, two):
        content = bytearray(open(path, "rb").read())
        bits, = struct.unpack_from("<Q", content, 72)
        check(bits & 1 << 2 == 0, "there are build ids")
    embedded(one)
    out = f"{tmp}/out"
    done = prof_ok("merge", one, two, "-o", out)
    check_in("embedded names are left out", done.err)
    check_in("/shares", done.err)
    text = without_binaries(prof_ok, out, tmp, "fold")
    check("burn_50" not in text, text)


@test
def what_cannot_be_merged_is_said(tmp):
    one = record(f"{tmp}/one", "-F", "99", seconds="0.1")
    for arguments, code, word in (((one, "-o", one), 2, "one of the recordings"),
                                  ((one, f"{tmp}/none", "-o", f"{tmp}/out"), 1, "cannot open"),
                                  ((one, CORPUS / "perfdata/quipper-callgraph-3.4.data", "-o",
                                    f"{tmp}/out"), 1, "does not say where in memory"),
                                  ((one, CORPUS / "own/own-be-fp.data", "-o", f"{tmp}/out"), 1,
                                   "the other byte order"),
                                  ((one,), 2, "--output")):
        if any(isinstance(each, pathlib.Path) and not each.is_file() for each in arguments):
            continue
        done = prof("merge", *arguments)
        check_equal(done.code, code, f"exit code of {arguments}")
        check_in(word, done.err)
        check(not os.path.exists(f"{tmp}/out"), "an output is left behind")


main(require_perf)
