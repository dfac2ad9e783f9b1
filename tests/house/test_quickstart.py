"""scripts/quickstart goes from the clone to a flame graph of this machine."""

import os
import xml.etree.ElementTree as ET

from harness import SANITIZED, SOURCE, Skip, check, check_in, main, ok, require_root, run, test


def not_sanitized():
    if SANITIZED:
        raise Skip("it builds its own release, which is not sanitized")


@test
def it_records_reports_and_draws(tmp):
    done = ok(run(SOURCE / "scripts" / "quickstart", "2", cwd=tmp, timeout=550))
    check(os.path.exists(f"{tmp}/perf.data"), "no recording")
    check_in("# Samples: ", done.out, "head of the report")
    check_in("What to try next", done.out, "output")
    check_in("[ prof record: Captured and wrote", done.err, "closing line")
    tree = ET.parse(f"{tmp}/cpu.svg")
    titles = [title.text or "" for title in tree.iter("{http://www.w3.org/2000/svg}title")]
    for name in ("demo::parse_log", "demo::make_log"):
        check(any(name in title for title in titles), f"{name} of the demo is not in the picture")


@test
def a_wrong_number_of_seconds_is_refused(tmp):
    for word in ("0", "-1", "five", "1.5"):
        done = run(SOURCE / "scripts" / "quickstart", word, cwd=tmp)
        check(done.code == 2 and word in done.err, done)


main(not_sanitized, require_root)
