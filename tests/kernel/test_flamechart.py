#!/usr/bin/env python3
"""prof flamegraph --flamechart: from left to right as samples were taken."""

import pathlib
import re

from harness import check, check_equal, check_in, main, prof, prof_ok, test, workload

LINES = "a;b 1\na;c 2\na;b 3\na;b 1\nd 1\na;b 1\n"


def frames(svg):
    """(name, count, left edge, width in shares of the whole) of each frame, from left to right."""
    found = []
    for group in re.findall(r"<g\b[^>]*>\s*<title>.*?</g>", svg, re.S):
        told = re.search(r"<title>(.*) \(([\d,]+) samples?, ", group)
        rect = re.search(r'<rect[^>]* x="([\d.]+)%?"[^>]* width="([\d.]+)%?"', group)
        if told and rect:
            found.append((told[1], int(told[2].replace(",", "")), float(rect[1]), float(rect[2])))
    (left, width), = [(x, width) for name, _, x, width in found if name == "all"]
    return sorted((round((x - left) / width, 4), name, count)
                  for name, count, x, _ in found if name != "all")


def chart(path, *options):
    return prof_ok("flamegraph", "--flamechart", "-i", path, *options).out


def write(tmp, text):
    path = pathlib.Path(tmp) / "in"
    path.write_text(text)
    return path


@test
def folded_stacks_are_drawn_in_the_order_of_their_lines(tmp):
    svg = chart(write(tmp, LINES))
    check_in("Flame Chart", svg)
    check_equal(frames(svg), [(0, "a", 7), (0, "b", 1), (round(1 / 9, 4), "c", 2),
                              (round(3 / 9, 4), "b", 4), (round(7 / 9, 4), "d", 1),
                              (round(8 / 9, 4), "a", 1), (round(8 / 9, 4), "b", 1)])
    # Without it equal stacks are one.
    plain = prof_ok("flamegraph", "-i", write(tmp, LINES)).out
    check_equal([frame for frame in frames(plain) if frame[1] == "b"], [(0, "b", 6)])


@test
def threads_stand_beside_each_other_in_the_order_of_time(tmp):
    text = "".join(f"t 1/{tid} {time}.0: 1 cycles: \n\t1 {name} (x)\n\n" for tid, time, name in
                   ((2, 3, "late"), (1, 1, "f"), (2, 2, "early"), (1, 4, "f")))
    check_equal(frames(chart(write(tmp, text))),
                [(0, "f", 2), (0, "t-1/1", 2), (0.5, "early", 1), (0.5, "t-1/2", 2),
                 (0.75, "late", 1)])


@test
def recordings_have_a_chart_for_each_thread(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-F", "499", "-g", "-o", path, "--", workload("threads"), "0.6")
    svg = chart(path, "--weight", "samples")
    shown = frames(svg)
    threads = {name: count for _, name, count in shown if re.search(r"-\d+/\d+$", name)}
    total = sum(int(line.rsplit(" ", 1)[1]) for line in
                prof_ok("fold", "-i", path).out.splitlines())
    check(len(threads) > 2, f"threads: {threads}")
    check_equal(sum(threads.values()), total, "samples of all threads")


@test
def the_order_survives_an_export(tmp):
    path = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-F", "499", "-g", "-o", path, "--", workload("shares"), "0.4")
    for form in ("firefox", "speedscope"):
        out = f"{tmp}/x.{form}.json"
        prof_ok("export", "-i", path, "-o", out, "--weight", "samples")
        check_equal(frames(chart(out, "--weight", "samples")),
                    frames(chart(path, "--weight", "samples")), form)


@test
def what_has_no_order_is_refused(tmp):
    path = write(tmp, "@[\n    f+1\n, sh]: 3\n")
    done = prof("flamegraph", "--flamechart", "-i", path)
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("does not say when samples were taken", done.err)
    for options in (("--reverse",), ("--base", "b"), ("--skip-after", "b"), ("--html",)):
        done = prof("flamegraph", "--flamechart", *options, "-i", write(tmp, LINES))
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check_in("--flamechart", done.err)
    done = prof("flamegraph", "--flamechart", "-i", write(tmp, "nothing\n"))
    check_equal(done.code, 2, f"exit code of:\n{done}")


main()
