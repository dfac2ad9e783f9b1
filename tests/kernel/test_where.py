"""--where chooses the same samples in every command and every kind of input."""

import json
import re

from harness import (check, check_equal, check_in, check_same_lines, main, perf_ok, prof, prof_ok, require_perf, test,
                     workload)


def record(tmp, whom="-a"):
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-F", "1997", whom, "-g", "-o", path, "--", "sh", "-c",
            f"{workload('shares')} 0.5; ls -R /usr/include | wc -l")
    return path


def objects(path, *options):
    return [json.loads(line) for line in prof_ok("script", "-i", path, "--json", "-F", "+misc",
                                                 *options).out.splitlines()]


# A condition, and the same of an object of script --json.
CONDITIONS = [
    ("comm == shares", lambda s: s["comm"] == "shares"),
    ("comm != shares && cpu == 1", lambda s: s["comm"] != "shares" and s["cpu"] == 1),
    ("comm in {ls, wc} || pid == 0", lambda s: s["comm"] in ("ls", "wc") or s["pid"] == 0),
    ("mode == kernel", lambda s: s["mode"] == "kernel"),
    ("dso =~ /libc\\.so/", lambda s: "libc.so" in (s["stack"][0]["dso"] or "")),
    ("stack.sym == main", lambda s: any(f["sym"] == "main" for f in s["stack"])),
    ("stack.sym !~ /^[ma]/", lambda s: not any((f["sym"] or "[unknown]")[0] in "ma"
                                               for f in s["stack"])),
    ("stack.depth > 8", lambda s: len(s["stack"]) > 8),
]


@test
def script_shows_the_samples_for_which_it_holds(tmp):
    path = record(tmp)
    everything = objects(path)
    for condition, holds in CONDITIONS:
        wanted = [each for each in everything if holds(each)]
        check(0 < len(wanted) < len(everything), f"'{condition}' holds for {len(wanted)}")
        check_equal(objects(path, "--where", condition), wanted, condition)
    first = everything[0]["time_ns"]
    for condition, begin, end in (("time in 100ms..200ms", 100e6, 200e6),
                                  (f"clock <= {(first + 10 ** 8) / 1e9:.9f}", 0, 1e8)):
        wanted = [each for each in everything if begin <= each["time_ns"] - first <= end]
        check(wanted, condition)
        check_equal(objects(path, "--where", condition), wanted, condition)


@test
def tables_stacks_and_pictures_are_of_the_same_samples(tmp):
    path = record(tmp)
    for condition, _ in CONDITIONS:
        count = len(objects(path, "--where", condition))
        table = prof_ok("report", "-i", path, "--where", condition, "-n", "-g", "none",
                        "--no-children").out
        shares = re.findall(r"^ +([\d.]+)% +(\d+)  ", table, re.M)
        check_equal(sum(int(samples) for _, samples in shares), count, f"samples of '{condition}'")
        check(abs(sum(float(share) for share, _ in shares) - 100) < 0.5 + 0.01 * len(shares), condition)
        folded = prof_ok("fold", "-i", path, "--where", condition).out.splitlines()
        check_equal(sum(int(line.rsplit(" ", 1)[1]) for line in folded), count, condition)
    picture = prof_ok("flamegraph", "-i", path, "--where", "comm == shares").out
    check_in("shares", picture)
    check("wc" not in re.findall(r"<title>(\w+)", picture), "another command in the picture")


@test
def texts_are_chosen_from_alike(tmp):
    # Not of the whole machine: a text has no frame of a chain that leads astray, as those of compilers
    # do, and the fold of the recording has the sampled one.
    path = record(tmp, "--sample-cpu")
    text, folded = f"{tmp}/text", f"{tmp}/folded"
    open(text, "w").write(prof_ok("script", "-i", path, "-F", "+pid").out)
    open(folded, "w").write(prof_ok("fold", "-i", path).out)
    compared = 0
    for condition, _ in CONDITIONS:
        if not objects(path, "--where", condition):
            continue  # of one command not all hold every time
        compared += 1
        # A text does not tell a removed file from one that is named so.
        wanted = prof_ok("fold", "-i", path, "--where", condition).out
        settled = wanted.replace(" (deleted)", "")
        ours = prof_ok("fold", "-i", text, "--where", condition).out
        check_same_lines(ours, settled, condition)
        if not re.search("cpu|pid|mode|dso|depth", condition):
            ours = prof_ok("fold", "-i", folded, "--where", condition).out
            check_same_lines(ours, wanted, condition)
    check(compared > 4, f"only {compared} conditions were compared")
    done = prof("fold", "-i", folded, "--where", "pid == 1")
    check_equal(done.code, 2, "exit code")
    check_in("folded stacks have no pid", done.err)


@test
def fields_of_tracepoints_are_compared(tmp):
    path = f"{tmp}/perf.data"
    perf_ok("record", "-q", "-o", path, "-e", "sched:sched_process_exec", "-e", "sched:sched_switch",
            "--", "sh", "-c", "ls; wc -l /etc/passwd")
    found = objects(path, "--where", "filename =~ /wc$/")
    check_equal([each["fields"]["filename"] for each in found], ["/usr/bin/wc"], "files")
    everything = [each for each in objects(path) if "prev_state" in each["fields"]]
    wanted = [each for each in everything if each["fields"]["prev_state"] > 0]
    check_equal(objects(path, "--where", "prev_state > 0"), wanted, "switches")
    done = prof("script", "-i", path, "--where", "filname == 1")
    check_equal(done.code, 2, "exit code")
    check_in("samples have no 'filname'", done.err)
    check_in("filename", done.err)


@test
def what_is_no_condition_is_told_before_anything_is_read(tmp):
    for command in ("report", "script", "fold", "flamegraph"):
        done = prof(command, "-i", f"{tmp}/none", "--where", "comm = ls")
        check_equal(done.code, 2, f"exit code of {command}")
        check_in("--where: 'comm = ls': expected ==", done.err)
        check_in("at column 6", done.err)


main(require_perf)
