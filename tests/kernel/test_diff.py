"""prof diff: recordings of a program that is the same, and of one that changed; every output, the
conditions of --fail-if, and report --ci."""

import csv
import io
import json
import os
import pty
import re
import xml.dom.minidom

from harness import *
from recordings import folded_stacks

SECONDS = 3  # of CPU time
FREQUENCY = 2999
FOLDED = os.path.join(os.environ.get("CORPUS", str(SOURCE.parent / "shared" / "corpus")), "folded")


def record(path, *arguments):
    prof_ok("record", "-g", "-F", FREQUENCY, "-o", path, "--", workload("shares"), SECONDS, *arguments)
    return path


def compared(*arguments):
    return json.loads(prof_ok("diff", "--json", *arguments).out)


def rows_of(result):
    return {row["sym"]: row for row in result["rows"]}


def text_file(path, text):
    with open(path, "w") as out:
        out.write(text)
    return path


@test
def recordings_of_one_program_do_not_differ(tmp):
    # Intervals are of 95 %, and what is sure of 5 %: one pair of some may have a row.
    sure = []
    for attempt in range(3):
        before, after = record(f"{tmp}/a.data"), record(f"{tmp}/b.data")
        result = compared(before, after)
        check_in("resampling", result["intervals"])
        # What the program does is the point; how long its start takes is another matter.
        sure = [row["sym"] for row in result["rows"]
                if row["sure"] and re.match(r"(burn|work)_", row["sym"] or "")]
        if not sure:
            return
    check(False, f"changed for sure: {sure}")


@test
def a_change_is_found_and_everything_else_with_it(tmp):
    before, after = record(f"{tmp}/a.data"), record(f"{tmp}/b.data", 3)
    result = compared(before, after)
    rows = rows_of(result)
    grown, shrunk = rows["burn_5"], rows["burn_50"]
    check(grown["self"]["sure"] and grown["total"]["sure"], grown)
    check_near(grown["self"]["delta"], 100 * 15 / 110 - 5, 3, "change of burn_5")
    check(shrunk["self"]["sure"], shrunk)
    check(rows["work_5"]["total"]["sure"], rows["work_5"])
    check(not rows["work_5"]["self"]["sure"], rows["work_5"])
    check(abs(rows["run_round"]["total"]["delta"]) < 2, rows["run_round"])
    check(rows["burn_5"]["dso"] == "shares", rows["burn_5"])
    first = result["rows"][0]["sym"]
    check_equal(first, "burn_5", "the first row")

    text = prof_ok("diff", before, after).out
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    check(lines[0].split()[-1] == "burn_5", lines[0])
    check_in("may have changed by chance only", text)
    check_in("# Changed for sure (*):", text)

    by_time = compared("--normalize", "time", before, after)
    check_equal(by_time["unit"], "ms/s")
    total = sum(row["self"]["after"] for row in by_time["rows"])
    side = by_time["after"]
    check_near(total * side["seconds"], side["weight"] / 1e6, side["weight"] / 1e8, "milliseconds in all")

    conditions(before, after)
    several_files(tmp, before, after)
    picture(tmp, before, after)
    as_folded(before, after)


def conditions(before, after):
    failed = prof("diff", "--fail-if", "self(burn_5) > +3pp", before, after)
    check_equal(failed.code, 1)
    check_in("self(burn_5) > +3pp: self of 'burn_5' in shares was", failed.err)
    check_in("burn_5", failed.out)
    passed = prof_ok("diff", "--fail-if", "self(burn_5) > +30pp", "--fail-if", "total(main) > +3%",
                     before, after)
    check(not passed.err, passed.err)
    several = prof("diff", "--fail-if", "total(main) > 5%", "--fail-if", "total(/^burn_[0-9]/) > 50%",
                   "-o", "/dev/null", before, after)
    check_equal(several.code, 1)
    check_equal(several.err.count("\n"), 1, several.err)


def several_files(tmp, before, after):
    result = compared("--before", before, "--before", before, "--after", after, "--after", after)
    check_equal(result["before"]["files"], [before, before])
    once = rows_of(compared(before, after))["burn_5"]["self"]
    twice = rows_of(result)["burn_5"]["self"]
    check_near(twice["delta"], once["delta"], 1e-6)
    check_equal(len(result["rows"]), len(compared(before, after)["rows"]), "functions")
    check(twice["ci"] < once["ci"], f"{twice} and {once}")
    runs = compared(*(word for path in (before,) * 3 for word in ("--before", path)),
                    *(word for path in (after,) * 3 for word in ("--after", path)))
    check_in("and files", runs["intervals"])


def picture(tmp, before, after):
    svg = prof_ok("diff", "--flamegraph", before, after).out
    xml.dom.minidom.parseString(svg)
    title = re.search(r"<title>burn_5 \((before [\d.]+%, after [\d.]+%, [+-][\d.]+% ± [\d.]+%)\)"
                      r"</title><rect [^>]*fill=\"#(\w\w)(\w\w)(\w\w)\"", svg)
    check(title, "no frame burn_5")
    red, blue = int(title[2], 16), int(title[4], 16)
    check(red > blue + 10, f"burn_5 is not red: {title[0]}")
    negated = prof_ok("diff", "--flamegraph", "--negate", "--color-by", "self", before, after).out
    check(negated != svg, "--negate changes nothing")
    reverse = prof_ok("diff", "--flamegraph", "--reverse", before, after).out
    check_in("<title>burn_5 (", reverse)
    check_in("leaf first", reverse)
    path = f"{tmp}/diff.svg"
    prof_ok("diff", "--flamegraph", "-o", path, before, after)
    with open(path) as file:
        check_equal(file.read(), svg, "what -o writes")


def as_folded(before, after):
    lines = prof_ok("diff", "--folded", before, after).out.splitlines()
    sides = [folded_stacks(prof_ok("fold", "-i", path).out) for path in (before, after)]
    check_equal(len(lines), len(set(sides[0]) | set(sides[1])), "stacks")
    for line in lines:
        stack, first, second = line.rsplit(" ", 2)
        key = tuple(stack.split(";"))
        check_equal((int(first), int(second)), (sides[0].get(key, 0), sides[1].get(key, 0)), stack)


@test
def folded_stacks_are_compared_as_by_difffolded(tmp):
    before, after = (os.path.join(FOLDED, f"inferno-diff-{name}.txt") for name in ("before", "after"))
    if not os.path.exists(before):
        raise Skip("there is no corpus")
    with open(os.path.join(FOLDED, "inferno-diff-result.txt")) as file:
        wanted = sorted(file.read().splitlines())
    check_equal(sorted(prof_ok("diff", "--folded", before, after).out.splitlines()), wanted)

    totals = [sum(int(line.rsplit(" ", 1)[1]) for line in open(path)) for path in (before, after)]
    scaled = []
    for line in wanted:
        stack, first, second = line.rsplit(" ", 2)
        scaled.append(f"{stack} {int(int(first) * totals[1] / totals[0])} {second}")
    check_equal(sorted(prof_ok("diff", "--folded", "-n", before, after).out.splitlines()), scaled)

    stripped = prof_ok("diff", "--folded", "-s", before, after).out
    check_in("dd;[unknown];0x...;system_call_[k];0x... 1 0\n", stripped)


@test
def one_file_with_two_counts_is_a_comparison(tmp):
    path = text_file(f"{tmp}/both.folded", "a;b 100 400\na;gone 300 0\n")
    rows = rows_of(compared(path))
    check_near(rows["b"]["self"]["delta"], 75, 1e-9)
    check_equal(prof_ok("diff", "--folded", path).out, "a;b 100 400\na;gone 300 0\n")
    svg = prof_ok("flamegraph", path)
    check(not [line for line in svg.err.splitlines() if "two counts" in line], svg.err)
    check_in("<title>b (before 25.00%, after 100.00%, +75.00%)</title>", svg.out)
    check_in("Vanished: stacks that are only before, 75.00%", svg.out)
    check(prof_ok("flamegraph", "--negate", path).out != svg.out, "--negate changes nothing")
    check_in("two counts", prof_ok("report", "--stdio", "-i", path).err)
    check_equal(prof_ok("fold", path).out, "a;b 400\n")


@test
def separated_values_can_be_read(tmp):
    before = text_file(f"{tmp}/before.folded", "a;b 100\na;c 100\n")
    after = text_file(f"{tmp}/after.folded", "a;b 150\na;c 50\n")
    text = prof_ok("diff", "-t,", before, after).out
    table = list(csv.reader(io.StringIO("".join(
        line for line in text.splitlines(True) if not line.startswith("#")))))
    check_equal(len(table), 3, "rows")
    check_equal(table[0][:3], ["50.00%", "75.00%", "+25.00%"])
    check_equal(table[0][4], "sure")


@test
def what_cannot_be_compared_is_told(tmp):
    one = text_file(f"{tmp}/one.folded", "a;b 1000\n")
    empty = text_file(f"{tmp}/empty.folded", "# nothing\n")

    def refused(message, *arguments):
        done = prof("diff", *arguments)
        check_equal(done.code, 2, f"exit code of {arguments}: {done.err}")
        check_in(message, done.err)
        check(not done.out, done.out)

    refused("no stacks found", one, empty)
    refused("no stacks found", empty, one)
    refused("what is compared with", one)
    refused("more than two files", one, one, one)
    refused("--after is missing", "--before", one)
    refused("--before is missing", "--after", one)
    refused("with and without", "--before", one, one)
    refused("nothing says when", "--normalize", "time", one, one)
    refused("only one file can be standard input", "-", "-")
    refused("cannot read --fail-if 'total(b' at character", "--fail-if", "total(b", one, one)
    refused("--normalize", "--normalize", "percent", one, one)
    refused("--json", "--json", "--folded", one, one)
    refused("cannot read --minwidth", "--minwidth", "wide", one, one)
    unknown = prof("diff", "--fail-if", "total(nobody) > 1%", one, one)
    check_equal(unknown.code, 2)
    check_in("no function 'nobody' in either side", unknown.err)
    points = prof("diff", "--fail-if", "total(b) > 1pp", "--normalize", "none", one, one)
    check_equal(points.code, 2)
    missing = prof("diff", one, f"{tmp}/missing")
    check_equal(missing.code, 1)
    check_in("missing", missing.err)
    few = text_file(f"{tmp}/few.folded", "a;b 3\n")
    check_in("only 3 samples", prof_ok("diff", few, one).err)


@test
def a_change_that_may_be_chance_does_not_fail(tmp):
    before = text_file(f"{tmp}/before.folded", "a;b 20\na;c 180\n")
    after = text_file(f"{tmp}/after.folded", "a;b 24\na;c 176\n")
    done = prof_ok("diff", "--fail-if", "total(b) > +3%", before, after)
    check_in("not sure, and no failure: total(b) > +3%", done.err)


@test
def a_terminal_has_colours_unless_they_are_not_wanted(tmp):
    before = text_file(f"{tmp}/before.folded", "a;grown 100\na;c 1000\n")
    after = text_file(f"{tmp}/after.folded", "a;grown 500\na;c 1000\n")

    def shown(**env):
        terminal, end = pty.openpty()
        done = run(PROF, "diff", before, after, stdout=end, env=env)
        os.close(end)
        ok(done)
        text = b""
        try:
            while chunk := os.read(terminal, 65536):
                text += chunk
        except OSError:  # nobody writes to it any more
            pass
        os.close(terminal)
        return text.decode()

    check_in("\033[31m+24.24%*\033[0m", shown(NO_COLOR=""))
    check_in("\033[34m", shown(NO_COLOR=""))
    check("\033" not in shown(NO_COLOR="1"), "NO_COLOR is set")
    check("\033" not in prof_ok("diff", before, after).out, "a pipe has colours")


@test
def different_events_are_told(tmp):
    sides = []
    for event in ("cpu-clock", "page-faults"):
        path = f"{tmp}/{event}.data"
        prof_ok("record", "-g", "-e", event, "-c", 1000 if event == "cpu-clock" else 1, "-o", path, "--",
                workload("shares"), 0.2)
        sides.append(path)
    done = prof_ok("diff", *sides)
    check_in("different events are compared: 'cpu-clock' and 'page-faults'", done.err)
    refused = prof("diff", "--normalize", "time", *sides)
    check_equal(refused.code, 2)
    check_in("do not stand for a known time", refused.err)


@test
def one_side_may_come_from_a_pipe(tmp):
    before = text_file(f"{tmp}/before.folded", "a;b 100\na;c 100\n")
    done = prof_ok("diff", "--folded", before, "-", stdin=b"a;b 5\n")
    check_equal(done.out, "a;b 100 5\na;c 100 0\n")


@test
def percentages_of_a_report_have_intervals(tmp):
    path = record(f"{tmp}/a.data")
    tables = json.loads(prof_ok("report", "--json", "--ci", "--sort", "sym", "-i", path).out)["tables"]
    rows = {row["sym"]: row for row in tables[0]["rows"]}
    samples = tables[0]["events"][0]["samples"]
    for share in (50, 30, 15, 5):
        own = rows[f"burn_{share}"]["self"]
        counted = 196 * (share / 100 * (1 - share / 100) / samples) ** 0.5
        check(0.8 * counted < own["ci"] < 12 * counted, f"burn_{share}: {own}, by counts {counted}")
        # Four times wider than what holds 19 times of 20.
        check_near(own["percent"], share, 4 * own["ci"], f"burn_{share}")
    check(rows["main"]["children"]["ci"] < 1, rows["main"])

    text = prof_ok("report", "--stdio", "--ci", "--sort", "sym", "-g", "none", "-i", path).out
    check_in("# +-: 95% interval", text)
    check(re.search(r"^ +[\d.]+% +\+-[\d.]+% +[\d.]+% +\+-[\d.]+%  \[\.\] burn_50$", text, re.M), text)
    separated = prof_ok("report", "--ci", "--sort", "sym", "--no-children", "-t,", "-g", "none",
                        "-i", path).out
    check_in("# Overhead,+-,Symbol", separated)
    check(re.search(r"^ [\d.]+% *, [\d.]+%,\[\.\] burn_50$", separated, re.M), separated)
    check_equal(prof("report", "--ci", "--hierarchy", "-i", path).code, 2)
    folded = text_file(f"{tmp}/some.folded", "a;b 50\na;c 50\n")
    table = prof_ok("report", "--ci", "--stdio", "-i", folded).out
    check(re.search(r"50\.00% +\+-\d", table), table)


main()
