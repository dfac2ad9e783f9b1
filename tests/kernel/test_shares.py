"""CPU shares that are known beforehand come out of record, report and fold."""

from harness import (check, check_near, main, prof_ok, require_root, test,
                     workload)
from recordings import folded_stacks, recorded_samples, report_rows, shares_by_symbol

SHARES = {50: 50.0, 30: 30.0, 15: 15.0, 5: 5.0}
TOLERANCE = 2.7  # points: 5 standard deviations of 9,000 samples
FREQUENCY = 2999
SECONDS = 3  # of CPU time


def record(tmp, *options):
    path = f"{tmp}/perf.data"
    done = prof_ok("record", "-F", FREQUENCY, *options, "-o", path, "--", workload("shares"), SECONDS)
    check(recorded_samples(done.err) > SECONDS * FREQUENCY * 0.9, f"too few samples:\n{done.err}")
    return path


@test
def the_flat_report_shows_the_shares(tmp):
    path = record(tmp)
    shares = shares_by_symbol(prof_ok("report", "--stdio", "-i", path).out)
    for share, percent in SHARES.items():
        check_near(shares.get(f"burn_{share}", 0.0), percent, TOLERANCE, f"burn_{share}")


@test
def callers_have_the_share_of_what_they_call(tmp):
    path = record(tmp, "-g")
    text = prof_ok("report", "--stdio", "-g", "none", "--sort", "sym", "-i", path).out
    children = {row.rest.split("] ")[-1]: (row.children, row.self) for row in report_rows(text)}
    for share, percent in SHARES.items():
        total, own = children[f"work_{share}"]
        check_near(total, percent, TOLERANCE, f"children of work_{share}")
        check(own < 1.0, f"work_{share} does nothing itself, but has {own} %")
    for name in ("run_round", "main"):
        check_near(children[name][0], 100.0, TOLERANCE, f"children of {name}")


@test
def nearly_every_stack_reaches_main_by_the_known_chain(tmp):
    stacks = folded_stacks(prof_ok("fold", "-i", record(tmp, "-g")).out)
    total = sum(stacks.values())
    for share, percent in SHARES.items():
        chain = ("main", "run_round", f"work_{share}", f"burn_{share}")
        found = sum(count for stack, count in stacks.items() if chain_in(chain, stack))
        check_near(100.0 * found / total, percent, TOLERANCE, "share of " + ";".join(chain))
    rooted = sum(count for stack, count in stacks.items()
                 if stack[0] == "shares" and "main" in stack)
    check(rooted >= 0.99 * total, f"only {rooted} of {total} samples reach main")


def chain_in(chain, stack):
    return any(stack[i:i + len(chain)] == chain for i in range(len(stack) - len(chain) + 1))


@test
def a_recording_of_the_whole_machine_has_the_same_shares(tmp):
    require_root()
    path = record(tmp, "-a", "-g")
    stacks = folded_stacks(prof_ok("fold", "--comm", "shares", "-i", path).out)
    burning = {name: sum(count for stack, count in stacks.items() if f"burn_{name}" in stack)
               for name in SHARES}
    total = sum(burning.values())
    for share, percent in SHARES.items():
        check_near(100.0 * burning[share] / total, percent, TOLERANCE, f"burn_{share}")


main()
