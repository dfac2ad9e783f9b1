"""perf reads prof's recordings and prof reads perf's, sample for sample, line for line."""

import re

from harness import (PROF, check, check_equal, check_same_lines, main, ok, perf, perf_ok, prof,
                     prof_ok, require_perf, require_root, run, test, workload)
from recordings import Differences, recorded_samples, report_rows

# Everything `script -F` can show of a software event, in several orders of magnitude of detail.
FIELD_LISTS = [
    "comm,tid,time,ip",
    "comm,pid,tid,time,event,ip,sym",
    "comm,pid,time,period,event,ip,sym,symoff,dso",
    "time,ip,sym",
    "tid,time,event",
    "comm,time,period",
    "event,ip,dso",
    "ip",
    "ip,sym,symoff",
    "comm,tid,pid,time,event,ip,sym,dso,period,symoff",
]


def fields_for(options):
    """The lists above, with the CPU where the recording has it."""
    has_cpu = "-a" in options or "-C" in options
    return FIELD_LISTS + (["comm,pid,tid,cpu,time,event,ip,sym,dso", "cpu,time,ip"]
                          if has_cpu else [])


def prof_record(tmp, *options, command=None):
    path = f"{tmp}/prof.data"
    done = prof_ok("record", "-o", path, *options, "--", *(command or (workload("shares"), 1)))
    return path, recorded_samples(done.err)


def perf_record(tmp, *options, command=None):
    path = f"{tmp}/perf.data"
    perf_ok("record", "-o", path, *options, "--", *(command or (workload("shares"), 1)))
    return path


def same_script(path, fields, *options, differences=None):
    whole = ["--max-stack", "1024"]  # perf cuts at 127 frames
    wanted = perf_ok("script", "-i", path, "-F", fields, *whole, *options).out
    got = prof_ok("script", "-i", path, "-F", fields, *options).out
    offsets = wanted
    if "sym" in fields.split(",") and "symoff" not in fields and got != wanted:
        offsets = perf_ok("script", "-i", path, "-F", fields + ",symoff", *whole, *options).out
    (differences or Differences()).check(got, wanted, offsets,
                                         f"script -F {fields} {' '.join(options)}")
    return wanted


def reads_without_a_word(path):
    """perf takes the file in every reader of its own and has nothing to say about it."""
    for command in (["report", "--stdio"], ["report", "--stdio", "--no-children", "-g", "none"],
                    ["script"], ["evlist", "-v"], ["report", "--header-only"],
                    ["report", "--stats"], ["buildid-list"]):
        done = perf_ok(*command, "-i", path)
        check_equal(done.err, "", f"stderr of perf {' '.join(command)}")


def count_samples(path):
    return len(perf_ok("script", "-i", path, "-F", "time", "-G").out.splitlines())


def both_ways(path, options, samples=None):
    if samples is not None:
        check_equal(count_samples(path), samples, "samples perf finds")
    for fields in fields_for(options):
        same_script(path, fields)
    same_script(path, "comm,tid,time,event,ip,sym", "--ns")


# perf reads prof -----------------------------------------------------------------------------

PROF_OPTIONS = [
    ["-F", "499"],
    ["-F", "499", "-g"],
    ["-F", "499", "-g", "--no-compress"],
    ["-F", "499", "-e", "cpu-clock", "-e", "task-clock", "-g"],
    ["-c", "2000000", "-e", "cpu-clock:u", "-g"],
]


@test
def perf_reads_recordings_of_a_command(tmp):
    for options in PROF_OPTIONS:
        path, samples = prof_record(tmp, *options)
        reads_without_a_word(path)
        both_ways(path, options, samples)


@test
def perf_reads_a_recording_of_the_whole_machine(tmp):
    require_root()
    options = ["-F", "499", "-a", "-g"]
    path, samples = prof_record(tmp, *options)
    reads_without_a_word(path)
    both_ways(path, options, samples)


@test
def perf_reads_a_pipe(tmp):
    for options in (["-g"], ["-g", "--no-compress"]):
        path = f"{tmp}/pipe.data"
        with open(path, "wb") as file:
            ok(run_record_to(file, options))
        same_script_of_pipe(path, "comm,tid,time,event,ip,sym")


def same_script_of_pipe(path, fields):
    texts = []
    for command, shown in ((prof, fields), (perf, fields), (perf, fields + ",symoff")):
        with open(path, "rb") as file:
            done = ok(command("script", "-i", "-", "-F", shown, stdin=file))
        check_equal(done.err, "", f"stderr of {command.__name__} script")
        texts.append(done.out)
    check(texts[1], "perf finds no samples in the pipe")
    Differences().check(*texts, f"script -i - -F {fields}")


def run_record_to(file, options):
    return run(PROF, "record", "-F", "499", *options, "-o", "-", "--", workload("shares"), 1,
               stdout=file)


@test
def perf_reads_the_header(tmp):
    path, _ = prof_record(tmp, "-g")
    text = perf_ok("report", "--header-only", "-i", path).out
    for line in ("# hostname : ", "# os release : ", "# perf version : ", "# arch : ",
                 "# nrcpus online : ", "# nrcpus avail : ", "# cpudesc : ", "# cpuid : ",
                 "# total memory : ", "# cmdline : ", "# event : name = ", "# sample duration : ",
                 "# time of first sample : "):
        check(line in text, f"{line!r} is not in the header:\n{text}")
    ours = prof_ok("report", "--header-only", "-i", path).out
    check_same_lines(ours, text, "header")


# prof reads perf -----------------------------------------------------------------------------

PERF_OPTIONS = [
    ["-F", "499"],
    ["-F", "499", "-g"],
    ["-F", "499", "-z"],
    ["-F", "499", "-g", "-z"],
    ["-F", "499", "-e", "cpu-clock,task-clock,page-faults", "-g"],
    ["-e", "context-switches,page-faults", "-c", "1", "-g"],
    ["-F", "499", "-g", "-s", "--buildid-mmap"],
]


@test
def prof_reads_recordings_of_a_command(tmp):
    for options in PERF_OPTIONS:
        both_ways(perf_record(tmp, *options), options)


@test
def prof_reads_a_recording_of_the_whole_machine(tmp):
    require_root()
    for options in (["-F", "499", "-a", "-g"], ["-F", "499", "-a", "-g", "-z"]):
        both_ways(perf_record(tmp, *options), options)


@test
def prof_reads_a_pipe_of_perf(tmp):
    for options in (["-g"], ["-z"], ["-e", "cpu-clock,task-clock"]):
        path = f"{tmp}/pipe.data"
        with open(path, "wb") as file:
            ok(run("perf", "record", "-F", "499", *options, "-o", "-", "--",
                   workload("shares"), 1, stdout=file))
        # From a pipe perf 6.1 prints ip and sym, asked for or not.
        for fields in (f for f in FIELD_LISTS if "ip" in f.split(",") and "sym" in f.split(",")):
            same_script_of_pipe(path, fields)
        same_script(path, "comm,time,ip,sym")


@test
def default_lines_are_equal(tmp):
    for options in (["-F", "499"], ["-F", "499", "-g"],
                    ["-F", "499", "-g", "-e", "cpu-clock,page-faults"]):
        path = perf_record(tmp, *options)
        theirs = perf_ok("script", "-i", path).out  # symoff is among the default fields
        Differences().check(prof_ok("script", "-i", path).out, theirs, theirs,
                            f"script of record {' '.join(options)}")


@test
def filters_let_the_same_samples_through(tmp):
    path = perf_record(tmp, "-F", "999", "-g", command=(workload("threads"), 1))
    tid = perf_ok("script", "-i", path, "-F", "tid", "-G").out.split()[-1]
    for options in (["--comm", "alpha"], ["--comm", "alpha,late"], ["--tid", tid],
                    ["--time", "10%-20%"], ["--time", "0%-50%"]):
        wanted = same_script(path, "comm,tid,time,ip,sym", *options)
        check(wanted, f"{options}: perf lets nothing through, so nothing is compared")


# report --------------------------------------------------------------------------------------

FLAT = ["--no-children", "-g", "none"]
REPORT_OPTIONS = [
    FLAT,
    FLAT + ["-n"],
    ["--children", "-g", "none"],
    FLAT + ["--sort", "comm"],
    FLAT + ["--sort", "dso"],
    FLAT + ["--sort", "sym"],
    FLAT + ["--sort", "pid,comm,dso"],
    FLAT + ["--sort", "pid,sym"],
]


def for_prof(options):
    """perf's key "pid" tells threads apart and shows their tids; prof calls that "tid"."""
    return [word.replace("pid", "tid") for word in options]


def comparable(text, names, options):
    """The rows in one order and one notation. Left out are callers that perf takes for the next
    function (`names`), and PLT stubs that perf calls "@plt" and prof by the function they lead to.
    perf's column "Pid:Command" shows a thread's last name in every row, prof's that of the row;
    for an address without a mapping perf's level is that of whatever it looked at before. Callers
    without a symbol are rows of their own in perf for each place the file was mapped at and each
    such level, in prof for each place in the file, so with children they are left out, and so are
    addresses without a symbol where the column of their file is missing."""
    rows = []
    ambiguous = "--children" in options or \
        ("--sort" in options and "dso" not in options[options.index("--sort") + 1])
    for row in report_rows(text):
        rest = re.sub(r"^(\d+):\S+ ", r"\1 ", row.rest)
        rest = re.sub(r"\[unknown\] \[.\] (0x)?0*", "[unknown] ", rest)
        symbol = rest.split("] ")[-1]
        if ambiguous and re.search(r"(^|\[unknown\] )(0x)?[0-9a-f]+$", symbol):
            continue
        if not symbol.endswith("@plt") and symbol not in names:
            rows.append((row.children, row.self, rest))
    return "\n".join(map(str, sorted(rows, key=lambda r: (-(r[0] or 0.0), -r[1], r[2]))))


def same_report(path, options, names):
    theirs = perf_ok("report", "--stdio", "-i", path, *options).out
    ours = prof_ok("report", "--stdio", "-i", path, *for_prof(options)).out
    check(report_rows(theirs), f"no rows in perf report {options}")
    check_same_lines(comparable(ours, names, options), comparable(theirs, names, options),
                     f"rows of report {' '.join(options)}")


def names_that_differ(path):
    differences = Differences()
    same_script(path, "comm,tid,time,event,ip,sym", differences=differences)
    return differences.names


@test
def report_percentages_are_equal(tmp):
    for recorded in (perf_record(tmp, "-F", "499", "-g", command=(workload("threads"), 1)),
                     prof_record(tmp, "-F", "499", "-g", command=(workload("threads"), 1))[0],
                     perf_record(tmp, "-F", "999", "-e", "cpu-clock,task-clock", "-g",
                                 command=(workload("cpp_names"), 1))):
        names = names_that_differ(recorded)
        for options in REPORT_OPTIONS:
            same_report(recorded, options, names)


@test
def report_percentages_of_the_whole_machine_are_equal(tmp):
    require_root()
    path = perf_record(tmp, "-F", "499", "-a", "-g", command=(workload("threads"), 1))
    names = names_that_differ(path)
    # Without children: whatever else runs has callers without frame pointers, which is not names
    # but noise, and the rule of whose name it gets differs.
    for options in REPORT_OPTIONS:
        if "--children" not in options:
            same_report(path, options, names)


main(lambda: require_perf(exactly=(6, 1)))
