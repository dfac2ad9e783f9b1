"""prof fold on the text of perf script, against what stackcollapse-perf.pl and inferno made of it.

Both strip arguments and quotes from names, and write blanks in commands as '_': what is compared is
without them. stackcollapse-perf.pl forgets a last stack that no blank line closes.
"""

import gzip
import os
import pathlib
import re

from harness import Skip, check, check_equal, check_in, main, prof_ok, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", "")) / "script"

# Frames without a name are "" to stackcollapse-perf.pl, and the file in brackets to prof.
NAMELESS = {"flamegraph-perf-vertx-stacks-01"}
# Other choices of stackcollapse-perf.pl.
KEPT_APART = ("-addrs.", "-pid.", "-tid.")


def require_corpus():
    if not CORPUS.is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")


def texts():
    for path in sorted(CORPUS.glob("*.txt*")):
        name = path.name.removesuffix(".gz").removesuffix(".txt")
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield name, data


def references(name):
    return [path for path in CORPUS.glob(f"{name}.*.folded")
            if not any(part in path.name for part in KEPT_APART)]


def tidy(frame, inferno):
    frame = re.sub(r"_\[[kji]\]$", "", frame).replace('"', "").replace("'", "")
    frame = re.sub(r"^\[\[(.*)\]\]$", r"[\1]", frame)
    if not re.search(r"\.\(.*\)\.", frame) and not inferno:
        frame = re.sub(r"\((?!anonymous namespace\)).*", "", frame)
    # What perf left mangled of Rust's generic names, inferno decodes.
    return re.sub(r"(<|\$LT\$).*", "<", frame) if inferno else frame


def stacks(text, inferno):
    found = {}
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        comm, *frames = stack.lstrip("\ufeff").split(";")
        java = comm.startswith("java")
        key = [comm.replace(" ", "_")]
        for frame in (tidy(frame, inferno) for frame in frames):
            key.append(frame[1:] if java and re.match("L.*/", frame) else frame)
        # stackcollapse-perf.pl takes what begins with a parenthesis for a process, and drops it.
        key = tuple(frame for frame in key
                    if frame and (inferno or not frame.startswith("(anonymous namespace)")))
        found[key] = found.get(key, 0) + int(count)
    return found


def last_stack_is_open(data):
    return not data.endswith((b"\n\n", b"\n\r\n"))


@test
def folded_as_others_fold_it():
    compared = 0
    for name, data in texts():
        if not data.strip():
            continue
        for reference in references(name):
            inferno = reference.name.count("inferno") > 1
            done = prof_ok("fold", "--weight", "period", "-i", "-", stdin=data)
            ours = stacks(done.out, inferno)
            theirs = stacks(reference.read_text(encoding="utf-8"), inferno)
            if name in NAMELESS:
                more = last_stack_is_open(data)
                check_equal(sum(ours.values()), sum(theirs.values()) + more, f"{name}: sum")
                check_equal(len(ours), len(theirs) + more, f"{name}: stacks")
                continue
            if last_stack_is_open(data):
                # The one that is forgotten is one sample of ours, of whatever weight.
                more = {key: count - theirs.get(key, 0) for key, count in ours.items()
                        if count != theirs.get(key, 0)}
                check(len(more) <= 1 and all(count > 0 for count in more.values()),
                      f"{reference.name}: {more}")
                ours = {key: count - more.get(key, 0) for key, count in ours.items()}
                ours = {key: count for key, count in ours.items() if count}
            check_equal(ours, theirs, reference.name)
            compared += 1
    check(compared >= 25, f"{compared} references were compared")


@test
def every_text_is_drawn_and_shown_as_a_table():
    for name, data in texts():
        if not data.strip():
            continue
        picture = prof_ok("flamegraph", "-i", "-", stdin=data).out
        check_in("</svg>", picture, name)
        table = prof_ok("report", "--stdio", "-i", "-", stdin=data).out
        check(re.search(r"^# Samples: \d", table, re.M), f"{name}:\n{table[:500]}")


if __name__ == "__main__":
    main(require_corpus)
