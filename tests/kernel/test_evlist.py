"""prof evlist and prof buildids list what perf evlist and perf buildid-list do."""

from harness import (check, check_equal, check_in, check_same_lines, main, perf_ok, prof, prof_ok,
                     require_perf, test, workload)


@test
def events_are_listed_as_perf_lists_them(tmp):
    path = f"{tmp}/perf.data"
    for events in (["-e", "cpu-clock"], ["-c", "10000", "-e", "{cpu-clock,page-faults}:u"],
                   ["-e", "task-clock,faults", "-e", "{cs,migrations}"],
                   ["-e", "sched:sched_switch", "-e", "cpu-clock"]):
        perf_ok("record", "-q", "-o", path, *events, "--", "true")
        for option in ([], ["-v"], ["-F"], ["-g"], ["--trace-fields"]):
            theirs = "".join(line + "\n" for line in
                             perf_ok("evlist", "-i", path, *option).out.splitlines()
                             if not line.startswith("# Tip"))
            check_same_lines(prof_ok("evlist", "-i", path, *option).out, theirs, f"{events} {option}")


@test
def build_ids_are_listed_as_perf_lists_them(tmp):
    path = f"{tmp}/perf.data"
    for options in (["-g"], ["-g", "--buildid-mmap"], ["-a"]):
        perf_ok("record", "-q", "-F", "997", "-o", path, *options, "--", "sh", "-c",
                f"{workload('shares')} 0.2; ls -R /usr/include | wc -l")
        for option in ([], ["-H"]):
            ours = sorted(prof_ok("buildids", "-i", path, *option).out.splitlines())
            theirs = sorted(line for line in
                            perf_ok("buildid-list", "-i", path, *option).out.splitlines()
                            if not line.startswith(" "))  # of files that have none
            # perf lists what its header has, which are the binaries that were hit. prof knows all
            # build ids that the recording has, those that mappings carry (--buildid-mmap) included.
            check(set(theirs) <= set(ours), f"{options} {option}: perf has {set(theirs) - set(ours)}")
            if option:  # perf gives the hits in the vdso to a DSO of its own making without build id
                ours = [line for line in ours if not line.endswith(" [vdso]")]
                theirs = [line for line in theirs if not line.endswith(" [vdso]")]
            if option or "--buildid-mmap" not in options:
                check_equal(ours, theirs, f"{options} {option}")
            else:
                check(len(ours) > len(theirs), f"{options}: {ours}")
    check_equal(prof_ok("buildids", "-k").out, perf_ok("buildid-list", "-k").out, "of the kernel")
    check_equal(prof_ok("buildid-list", "-i", path).out, prof_ok("buildids", "-i", path).out, "alias")


@test
def what_is_no_recording_is_an_error(tmp):
    for command in ("evlist", "buildids"):
        done = prof(command, "-i", f"{tmp}/none")
        check_equal(done.code, 1, command)
        check_in("cannot open", done.err)


main(require_perf)
