"""A part of what tests/fuzz/damage.py does, in every test run: each recording of the corpus is cut and
changed at some places, and prof must end by itself, soon, in bounded memory, and with a word."""

import os
import pathlib
import sys

from harness import PROF, SOURCE, Skip, check, main, run, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))
SLOW = "PROF_SANITIZED" in os.environ


def require_corpus():
    if not (CORPUS / "perfdata").is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")
    if SLOW:
        raise Skip("sanitizers take memory of their own; their part are the fuzzers' seeds")


@test
def damaged_recordings_end_with_a_word(tmp):
    files = sorted(path for folder in ("perfdata", "own")
                   for path in (CORPUS / folder).glob("*.data"))
    check(len(files) > 50, f"only {len(files)} recordings")
    done = run(sys.executable, SOURCE / "tests" / "fuzz" / "damage.py", "--prof", PROF, "--cuts", "3",
               "--flips", "7", "--keep", f"{tmp}/kept", *files, timeout=300)
    check(done.code == 0, done.out + done.err)


main(require_corpus)
