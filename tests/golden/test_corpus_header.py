"""prof report --header-only -I on recordings of other tools and machines, against perf 6.1.

The whole text must be the same, besides the lines that are left out here, each for a reason.
"""

import json
import os
import pathlib
import re

from harness import PROF, Skip, check, check_same_lines, main, run, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))

DIFFERENT = {
    "quipper-armv7-perf3.14.data": "perf gives up at a string it finds too short, with (null)",
    "wild-slas-unfinished.data": "perf takes the size that the recorder did not write",
}
LEFT_OUT = (
    r"# captured on ",  # the file's time
    r"# CPU \d+: |# .*ID information is not available$",  # perf drops numbers above that of the CPUs
)
# perf prints what only a file has of a pipe, too, as zeros.
LEFT_OUT_OF_PIPES = (r"# header version|# data offset|# data size|# feat offset|# ========|#$",)
# What simpleperf says of itself, perf does not read.
LEFT_OUT_OF_SIMPLEPERF = (r"# (?!captured)[a-z_]+ : ",)


def require_corpus():
    if not CORPUS.is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")


def wanted_lines(text, left_out):
    return "\n".join(line for line in text.splitlines()
                     if not any(re.match(pattern, line) for pattern in left_out))


def keys(text):
    return {line.split(" : ")[0] for line in text.splitlines()}


@test
def headers_of_the_corpus_read_as_perf_reads_them():
    compared = 0
    for path in sorted(CORPUS.glob("*/*.data")):
        reference = path.with_name(path.name + ".perf61.header.txt")
        if not reference.exists() or path.name in DIFFERENT:
            continue
        theirs = reference.read_text(errors="replace")
        if theirs.startswith("[exit"):
            continue
        facts = json.loads(path.with_name(path.name + ".perf61.json").read_text())
        command = [PROF, "report", "--header-only", "-I", "-i"]
        left_out = LEFT_OUT
        if facts.get("pipe_format"):
            left_out += LEFT_OUT_OF_PIPES
            with open(path, "rb") as file:
                done = run(*command, "-", stdin=file)
        else:
            done = run(*command, path)
        check(done.code == 0, f"{path.name}: exit code {done.code}: {done.err}")
        ours = done.out
        if path.name.startswith("simpleperf-"):
            # Those that perf has, too, are compared.
            known = keys(theirs)
            ours = "\n".join(line for line in ours.splitlines()
                             if not re.match(LEFT_OUT_OF_SIMPLEPERF[0], line)
                             or line.split(" : ")[0] in known)
        check_same_lines(wanted_lines(ours, left_out), wanted_lines(theirs, left_out), path.name)
        compared += 1
    check(compared >= 48, f"only {compared} recordings were compared")


@test
def without_i_the_header_says_that_there_is_more():
    path = CORPUS / "perfdata" / "autofdo-ro-sample.data"
    out = run(PROF, "report", "--header-only", "-i", path).out
    check("# CPU_TOPOLOGY info available, use -I to display" in out, out)


main(require_corpus)
