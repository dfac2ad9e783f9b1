"""Tracepoints and uprobes that are recorded hit by hit: perf reads prof's files, and prof perf's."""

import re

from harness import (PROF, check, check_equal, check_in, main, ok, perf_ok, prof, prof_ok,
                     require_perf, require_root, require_tracefs, require_uprobes, run, test,
                     workload)
from recordings import Differences, folded_stacks, recorded_samples

FIELDS = "comm,tid,time,event,ip,sym"
EXECS = ("sh", "-c", "for i in 1 2 3 4 5; do /bin/true; done")
CALLS = 100


def perf_says(*arguments):
    done = perf_ok(*arguments)
    check(not done.err.strip(), f"perf complains:\n{done}")
    return done.out


def the_same_samples(path, fields=FIELDS):
    """What perf prints of `path` is what prof prints."""
    wanted = perf_says("script", "-i", path, "-F", fields)
    offsets = perf_says("script", "-i", path, "-F", fields + ",symoff") if "sym" in fields else wanted
    done = prof_ok("script", "-i", path, "-F", fields)
    Differences().check(done.out, wanted, offsets, f"script -F {fields}")
    return wanted


def attributes(path):
    """{event: {what `perf evlist -v` says of it}}."""
    events = {}
    for line in perf_ok("evlist", "-v", "-i", path).out.splitlines():
        if line.startswith("#"):
            continue
        name, _, rest = line.partition(": type: ")
        parts = ("type: " + rest).replace("{ ", "").split(", ")
        events[name] = dict(part.split(": ", 1) for part in parts if ": " in part)
    return events


@test
def perf_reads_the_switches_of_the_system(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "-e", "sched:sched_switch", "-a", "-g", "-o", path, "--", "sleep", "0.3")
    samples = recorded_samples(done.err)
    check(samples > 0, "no switch in 0.3 s")
    the_same_samples(path)
    the_same_samples(path, "comm,pid,tid,cpu,time,period,event,ip,sym,dso")
    text = perf_says("script", "-i", path, "-G")
    check_equal(len(re.findall(r"sched:sched_switch: +prev_comm=.* prev_pid=\d+ .* next_prio=\d+",
                               text)), samples, "samples with their fields")
    check_in("of event 'sched:sched_switch'", perf_says("report", "--stdio", "-i", path), "report")
    perf_says("report", "--header-only", "-i", path)


@test
def prof_reads_the_switches_that_perf_recorded(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-e", "sched:sched_switch", "-a", "-g", "-o", path, "--", "sleep", "0.3")
    the_same_samples(path)
    the_same_samples(path, "comm,pid,tid,cpu,time,period,event,ip,sym,dso")


@test
def fields_are_printed_as_perf_prints_them(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    events = ("sched:sched_switch,sched:sched_process_exec,syscalls:sys_enter_openat,"
              "syscalls:sys_exit_openat,kmem:mm_page_alloc,kmem:kmalloc,block:block_rq_issue,"
              "irq:softirq_entry,timer:hrtimer_start")
    command = f"ls / > /dev/null; dd if=/dev/zero of={tmp}/x bs=4k count=20 conv=fsync status=none"
    for tool in (prof_ok, perf_ok):
        tool("record", "-q", "-e", events, "-a", "-o", path, "--", "sh", "-c", command)
        for fields in ((), ("-F", "trace"), ("-F", "+trace,-comm"), ("-F", "comm,time,event,trace")):
            wanted = perf_says_of_fields("script", "-i", path, *fields)
            done = prof_ok("script", "-i", path, *fields)
            check_equal(done.out.splitlines(), wanted.splitlines(), f"{tool} {fields}")
        check_in("filename=/usr/bin/ls", wanted, "exec")


def perf_says_of_fields(*arguments):
    """Without its notes that events of other types have no such field."""
    return perf_ok(*arguments).out


@test
def fields_are_columns_of_reports_as_in_perf(tmp):
    require_perf()
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-e", "sched:sched_switch,kmem:kmalloc", "-a", "-o", path, "--", "sh",
            "-c", "ls / > /dev/null; sleep 0.1")
    for keys in (("trace",), ("prev_comm,next_comm",), ("prev_comm",), ("sched_switch.next_pid",),
                 ("bytes_alloc,call_site",), ("trace_fields",), ("sched:sched_switch.*",),
                 ("prev_state/raw,next_comm",), ("trace", "--raw-trace"),
                 ("prev_state,bytes_alloc", "--raw-trace")):
        texts = [tool("report", "--stdio", "-i", path, "--sort", *keys).out.splitlines()
                 for tool in (prof_ok, perf_ok)]
        ours, theirs = [[line for line in text if not re.search("Tip:|# Idle:|# Stacks:", line)]
                        for text in texts]
        check_equal(ours, theirs, f"--sort {keys}")
    patterns = prof_ok("report", "--stdio", "-i", path, "--sort", "sched_*.next_*,*.ptr").out
    check(re.search(r"Overhead +next_comm +next_pid +next_prio\n", patterns), patterns)
    check(re.search(r"Overhead +ptr\n", patterns), patterns)
    done = prof("report", "-i", path, "--sort", "no*such")
    check_equal(done.code, 2, "exit code of a pattern without a match")
    check_in("matches 'no*such'", done.err, "errors")
    done = prof("report", "-i", path, "--sort", "nosuch")
    check_equal(done.code, 2, "exit code of an unknown field")
    check_in("bytes_alloc", done.err, "the fields there are")


@test
def numbers_that_tracepoints_say_are_weights(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-g", "-e", "kmem:kmalloc,syscalls:sys_exit_openat", "-a", "-o", path,
            "--", "sh", "-c", "ls / /nosuch > /dev/null 2>&1; cat /nosuch 2> /dev/null; true")
    texts = prof_ok("script", "-i", path, "-F", "trace").out
    total = sum(int(size) for size in re.findall(r"bytes_alloc=(\d+)", texts))
    done = prof_ok("fold", "-i", path, "--weight", "bytes_alloc")
    check_equal(sum(folded_stacks(done.out).values()), total, "bytes")
    check_in("no field 'bytes_alloc'", done.err, "the event without it")
    picture = prof_ok("flamegraph", "-i", path, "--weight", "bytes_alloc").out
    check_in(f"kmem:kmalloc, {total:,} bytes_alloc", picture, "subtitle")
    report = prof_ok("report", "-i", path, "--weight", "bytes_alloc").out
    check_in(f"# Sum of field 'bytes_alloc': {total}", report, "head")
    done = prof_ok("fold", "-i", path, "--weight", "ret")
    check_in("'ret' is negative", done.err, "errors")
    for field, told in (("nosuch", "no event of the recording has a field"), ("name", "no event")):
        done = prof("fold", "-i", path, "--weight", field)
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(told, done.err, field)


@test
def both_count_the_same_of_a_command(tmp):
    require_perf()
    for event in ("sched:sched_process_exec", "syscalls:sys_enter_execve",
                  "sched:sched_process_exec,syscalls:sys_exit_execve"):
        ours, theirs = f"{tmp}/ours", f"{tmp}/theirs"
        done = prof_ok("record", "-g", "-e", event, "-o", ours, "--", *EXECS)
        perf_ok("record", "-q", "-g", "-e", event, "-o", theirs, "--", *EXECS)
        texts = [perf_says("script", "-i", path, "-F", "event", "-G") for path in (ours, theirs)]
        check_equal(texts[0].split(), texts[1].split(), f"events of {event}")
        check_equal(recorded_samples(done.err), len(texts[0].split()), f"samples of {event}")
        for path in (ours, theirs):
            the_same_samples(path)


@test
def attributes_are_those_of_perf(tmp):
    require_perf()
    ours, theirs = f"{tmp}/ours", f"{tmp}/theirs"
    for options in (("-a",), ("-a", "-g"), ("-g",)):
        prof_ok("record", "-e", "sched:sched_process_exec", *options, "-o", ours, "--", "true")
        perf_ok("record", "-q", "-e", "sched:sched_process_exec", *options, "-o", theirs, "--", "true")
        own = attributes(ours)["sched:sched_process_exec"]
        other = attributes(theirs)["sched:sched_process_exec"]
        # Meant to differ: the clock, who tells of mappings, and guests, which no tracepoint knows.
        meant = {"use_clockid", "clockid", "exclude_guest", "build_id", "mmap", "mmap2", "comm",
                 "comm_exec", "task", "ksymbol", "bpf_event"}
        differing = {key for key in set(own) | set(other) if own.get(key) != other.get(key)} - meant
        if "-a" not in options:
            differing -= {"sample_type"}  # one event needs no IDENTIFIER
            bits = [set(each["sample_type"].split("|")) for each in (own, other)]
            check_equal((bits[0] ^ bits[1]) - {"IDENTIFIER", "ID"}, set(), "sample_type")
        check(not differing, f"{options}: {differing}: {own} {other}")


@test
def a_pipe_has_the_fields_too(tmp):
    require_perf()
    path = f"{tmp}/pipe"
    command = f"{PROF} record -e sched:sched_process_exec -o - -- /bin/true > {path}"
    ok(run("bash", "-c", command))
    check_in("filename=/bin/true", perf_says("script", "-i", path), "perf script")
    check_in("sched:sched_process_exec", prof_ok("script", "-i", path).out, "prof script")
    command = f"perf record -q -e sched:sched_process_exec -o - -- /bin/true > {path}"
    ok(run("bash", "-c", command))
    check_in("sched:sched_process_exec", prof_ok("script", "-i", path).out, "prof script")


@test
def every_sample_beside_others(tmp):
    """Events with and without raw data, in one file."""
    require_perf()
    path = f"{tmp}/perf.data"
    prof_ok("record", "-g", "-e", "cpu-clock,sched:sched_process_exec", "-o", path, "--", *EXECS)
    the_same_samples(path)
    found = folded_stacks(prof_ok("fold", "-i", path, "--event", "sched:sched_process_exec").out)
    check_equal(sum(found.values()), 6, "programs")


@test
def uprobes_are_recorded_and_read(tmp):
    require_uprobes()
    require_perf()
    path = f"{tmp}/perf.data"
    event = f"uprobe:{workload('hits')}:hit_me"
    done = prof_ok("record", "-g", "-e", event, "-o", path, "--", workload("hits"), CALLS)
    check_equal(recorded_samples(done.err), 3 * CALLS, "samples")
    the_same_samples(path)
    text = perf_says("script", "-i", path, "-F", "ip,sym", "-G")
    check_equal(text.count("hit_me"), 3 * CALLS, "samples in the function")
    # The file holds no address of our own memory.
    own = perf_says("evlist", "-v", "-i", path)
    check("config1" not in own and "bp_addr" not in own, f"a stray pointer: {own}")


@test
def a_program_with_a_uprobe_can_still_make_threads_and_children(tmp):
    require_uprobes()
    event = f"uprobe:{workload('hits')}:hit_me"
    command = ("-g", "-e", event, "-o", f"{tmp}/perf.data", "--", workload("hits"), CALLS, 2, 2)
    done = prof_ok("record", *command)  # with the program's own exit code
    check_equal(recorded_samples(done.err), 3 * CALLS, "samples of the first thread")
    check_in("--bpf and -a have no such limit", done.err, "what is left out")


@test
def a_library_is_found_by_its_bare_name(tmp):
    require_uprobes()
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "-e", "uprobe:libc:getppid", "-o", path, "--", "sh", "-c", "true")
    check(recorded_samples(done.err) > 0, "dash asks for its parent when it begins")


@test
def what_is_mistyped_is_an_error_of_usage():
    for event, told in (("sched:sched_swich", "did you mean sched:sched_switch"),
                        ("shed:sched_switch", "did you mean sched:sched_switch"),
                        ("nosuch:event", "there is no tracepoint 'nosuch:event'"),
                        ("sched:sched_switch:q", "bad modifiers"),
                        ("sched:../sched/sched_switch", "there is no tracepoint"),
                        ("fexit:do_exit", "is not known here"),
                        ("cpu-clok", "did you mean cpu-clock"),
                        (f"uprobe:{workload('hits')}:hit_mee", "did you mean hit_me"),
                        (f"uprobe:{workload('hits')}:0x0", "there is no code"),
                        (f"uretprobe:{workload('hits')}:hit_me+0x4", "takes no offset"),
                        ("uprobe:hits", "does not say which function")):
        done = prof("record", "-e", event, "--", "true")
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in(told, done.err, event)


@test
def without_tracefs_the_remedy_is_told():
    command = ("mount --make-rprivate /; umount -l /sys/kernel/debug 2> /dev/null; "
               "umount -l /sys/kernel/tracing 2> /dev/null; "
               f"{PROF} record -e sched:sched_switch -a -- true")
    done = run("unshare", "-m", "sh", "-c", command)
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("tracefs is not mounted", done.err, "message")
    check_in("mount -t tracefs", done.err, "remedy")


main(require_root, require_tracefs)
