"""prof script on recordings of other tools and machines, against what perf 6.1 printed for them.

The references are the first 200 lines of perf script without any binary to name symbols from. All
recordings of the corpus must be read without a crash; those in perfdata/ that perf 6.1 reads must
give its lines, besides the ones named here with the reason.
"""

import json
import os
import pathlib
import re

from harness import PROF, Skip, check, check_same_lines, main, run, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))

DIFFERENT = {
    "kdab-vector-static-gcc-lbr.data": "where a branch stack is empty, perf reads behind it",
    "quipper-intel-pt-4.14.data": "perf makes up events from the trace, which we do not decode",
}
# perf does not look into the vdso under --symfs; prof takes the running one.
VDSO_NAME = re.compile(r"\S+ \(\[vdso\]\)$")


def require_corpus():
    if not (CORPUS / "perfdata").is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")


def script(path, tmp, *options, pipe=False):
    command = [PROF, "script", "--symfs", tmp, "--kallsyms", "/dev/null", "--no-embedded", *options,
               "-i", "-" if pipe else path]
    if not pipe:
        return run(*command, timeout=60)
    with open(path, "rb") as file:
        return run(*command, stdin=file, timeout=60)


def reference_of(path):
    """perf's lines and facts; None where perf 6.1 does not read the file."""
    facts = json.loads(path.with_name(path.name + ".perf61.json").read_text())
    text = path.with_name(path.name + ".perf61.script.txt").read_text(errors="replace")
    return None if text.startswith("[exit") else (facts, text)


def later_reference_of(path):
    """The same of perf 7.3, for what perf 6.1 does not read; None where that does not, either."""
    facts = path.with_name(path.name + ".perf73.json")
    if not facts.exists():
        return None
    text = path.with_name(path.name + ".perf73.script.txt").read_text(errors="replace")
    return None if text.startswith("[exit") else (json.loads(facts.read_text()), text)


def as_of_any_perf(text):
    """Without what perf 7.3 prints otherwise: columns are wider, and addresses in call chains those
    of the process."""
    lines = []
    for line in VDSO_NAME.sub("([vdso])", text).splitlines()[:200]:
        line = re.sub(r"^\t\s+[0-9a-f]+ ", "\t", line)
        lines.append(re.sub(r"[ \t]+", " ", line).strip())
    return "\n".join(lines)


def without_event_names(path, text):
    """simpleperf says how it calls an event where perf does not look."""
    if not path.name.startswith("simpleperf-"):
        return text
    return re.sub(r"(\d\.\d{6}:) +[a-z][^ ]*:( |$)", r"\1 EVENT:", text, flags=re.M)


def without_vdso_names(text):
    return "\n".join(VDSO_NAME.sub("([vdso])", line) for line in text.splitlines()[:200])


def has_stack_copies(path):
    """The binaries whose tables would unwind them are not here: perf 6.1 then shows no frame at all,
    prof the one that was sampled. The other lines of such recordings are compared."""
    header = run(PROF, "report", "--header-only", "-i", path).out
    return "sample_stack_user" in header


def without_frames(text):
    return "\n".join(line for line in text.splitlines() if not line.startswith("\t"))


@test
def recordings_of_the_corpus_read_as_perf_reads_them(tmp):
    compared = 0
    for path in sorted((CORPUS / "perfdata").glob("*.data")):
        reference = reference_of(path)
        if reference is None or path.name in DIFFERENT:
            continue
        facts, wanted = reference
        done = script(path, tmp, "-F", ",".join(facts["script"]["fields"]), "--show-mmap-events",
                      pipe=facts["pipe_format"])
        check(done.code == 0, f"{path.name}: exit code {done.code}: {done.err}")
        ours, theirs = done.out, wanted
        if has_stack_copies(path):
            ours, theirs = without_frames(ours), without_frames(theirs)
            shorter = min(len(ours.splitlines()), len(theirs.splitlines()))
            check(shorter > 20, f"{path.name}: {shorter} lines")
            ours, theirs = ("\n".join(text.splitlines()[:shorter]) for text in (ours, theirs))
        ours, theirs = (without_event_names(path, without_vdso_names(text))
                        for text in (ours, theirs))
        check_same_lines(ours, theirs, path.name)
        compared += 1
    check(compared >= 40, f"only {compared} recordings were compared")


@test
def recordings_of_other_machines_read_as_they_did_there(tmp):
    for path in sorted((CORPUS / "own").glob("*.data")):
        facts, wanted = reference_of(path)
        # perf of the machine that made it, which knows all names, reads all of it.
        native = path.with_name(path.name + ".native61.script.txt")
        if native.exists():
            wanted = native.read_text(errors="replace")
        done = script(path, tmp, "-F", ",".join(facts["script"]["fields"]), "--show-mmap-events")
        check(done.code == 0, f"{path.name}: exit code {done.code}: {done.err}")
        ours, theirs = ("\n".join(re.sub(r"^(\t +[0-9a-f]+) .* (\(.*\))$", r"\1 \2", line)
                                  for line in text.splitlines()[:200])
                        for text in (done.out, wanted))
        check_same_lines(ours, theirs, path.name)


@test
def call_stacks_of_branches_are_those_of_perf(tmp):
    path = CORPUS / "perfdata" / "kdab-vector-static-gcc-lbr.data"
    facts, wanted = reference_of(path)
    done = script(path, tmp, "-F", ",".join(facts["script"]["fields"]), "--show-mmap-events")
    ours, theirs = (without_vdso_names(text).split("\n\n") for text in (done.out, wanted))
    same = 0
    for one, other in zip(ours, theirs[:-1]):
        if one != other:
            # The last frame of perf's is the begin of the next record; ours is what the kernel found.
            check(one.splitlines()[:-1] == other.splitlines()[:-1], f"{one}\n{other}")
        same += one == other
    check(same >= 5, f"{same} of {len(theirs)} stacks are the same")


@test
def what_perf_6_1_does_not_read_reads_as_perf_7_3_reads_it(tmp):
    compared = 0
    for path in sorted((CORPUS / "perfdata").glob("*.data")):
        if reference_of(path) is not None or path.name in DIFFERENT:
            continue
        reference = later_reference_of(path)
        if reference is None:
            continue
        facts, wanted = reference
        done = script(path, tmp, "-F", ",".join(facts["script"]["fields"]), "--show-mmap-events",
                      pipe=facts["pipe_format"])
        check(done.code == 0, f"{path.name}: exit code {done.code}: {done.err}")
        ours, theirs = (without_event_names(path, as_of_any_perf(text))
                        for text in (done.out, wanted))
        check_same_lines(ours, theirs, path.name)
        compared += 1
    check(compared >= 4, f"only {compared} recordings were compared")


@test
def no_recording_of_the_corpus_crashes_it_or_hangs_it(tmp):
    for folder in ("perfdata", "own", "malformed"):
        for path in sorted((CORPUS / folder).iterdir()):
            if path.suffix in (".txt", ".json", ".gz"):
                continue
            done = script(path, tmp, "--show-mmap-events", "--show-task-events", "--header")
            check(done.code in (0, 1, 2), f"{path}: exit code {done.code}: {done.err}")
            check(done.code == 0 or done.err.startswith("prof: "), f"{path}: {done.err}")


main(require_corpus)
