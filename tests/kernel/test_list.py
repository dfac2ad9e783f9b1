"""`prof list`: the events there are, and which open here."""

import json
import os
import time

from harness import (PROF, check, check_equal, check_in, main, prof, prof_ok, require_root,
                     require_tracefs, run, test)


def events(*words):
    return json.loads(prof_ok("list", "--json", *words).out)["events"]


@test
def every_kind_is_listed_and_tried():
    listed = events()
    kinds = {event["kind"] for event in listed}
    check({"hardware", "cache", "software", "tracepoint"} <= kinds, f"kinds: {kinds}")
    opens = {event["name"]: event["opens"] for event in listed}
    for name in ("cpu-clock", "page-faults", "context-switches", "sched:sched_switch"):
        check_equal(opens.get(name), True, f"whether {name} opens")
    # What is said of an event is what recording it comes to.
    for name in ("instructions", "task-clock"):
        done = prof("record", "-e", name, "-o", "/dev/null", "--", "true")
        check_equal(opens[name], done.code == 0, f"whether {name} opens:\n{done}")


@test
def tracepoints_are_those_of_the_kernel():
    with open("/sys/kernel/tracing/available_events", encoding="ascii") as file:
        wanted = {line.strip() for line in file if not line.startswith("ftrace:")}
    listed = {event["name"] for event in events("tracepoint")}
    check_equal(listed ^ wanted, set(), "tracepoints")


@test
def details_are_fields():
    text = prof_ok("list", "-v", "sched:sched_switch").out
    check_in("      char prev_comm[16]\n", text, "a field")
    check_in("      int next_prio\n", text, "a field")


@test
def all_of_them_take_no_time():
    times = []
    for _ in range(3):
        begin = time.monotonic()
        prof_ok("list")
        times.append(time.monotonic() - begin)
    check(min(times) < 1.0, f"prof list took {times}")  # 0.3 s where nothing else runs


@test
def words_choose():
    names = [event["name"] for event in events("faults")]
    check("page-faults" in names and "cpu-clock" not in names, f"{names}")
    done = prof("list", "nosuchevent")
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("no such event", done.err, "message")


@test
def static_probes_of_a_file_and_a_process():
    libraries = [line.split()[-1] for line in open("/proc/self/maps", encoding="utf-8")
                 if "libc.so" in line]
    names = {event["name"] for event in events(f"usdt:{libraries[0]}")}
    of_process = {event["name"] for event in events("-p", os.getpid())}
    check(names <= of_process, f"not of the process: {sorted(names - of_process)[:3]}")
    for words, code in ((("usdt:/nosuch",), 1), (("-p", "nobody"), 2), (("-p", "999999999"), 1)):
        check_equal(prof("list", *words).code, code, f"exit code of {words}")


@test
def who_may_not_is_told():
    done = run("setpriv", "--reuid=65534", "--clear-groups", PROF, "list", "sched:sched_switch")
    check("not permitted" in done.out or "not permitted" in done.err, f"{done}")


main(require_root, require_tracefs)
