"""What samples have besides whose, when and where they are: script prints it as perf 6.1 does."""

import os
import pathlib
import re

from harness import Skip, check, check_equal, main, perf, prof, prof_ok, require_perf, test

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))
BRANCHES = ("quipper-branch-4.14", "quipper-etm-hw-index-5.15", "quipper-callgraph-branch-3.4",
            "quipper-raw-callgraph-branch-3.4")


def both(path, fields):
    options = ("script", "--kallsyms", "/dev/null", "--symfs", "/nonexistent", "-i", path, "-F",
               fields)
    return prof(*options).out.splitlines(), perf(*options).out.splitlines()


def check_same(ours, theirs, what):
    check_equal(len(ours), len(theirs), f"{what}: lines")
    for our_line, their_line in zip(ours, theirs):
        check_equal(our_line, their_line, what)


@test
def branches_are_those_of_perf():
    require_perf(exactly=(6, 1))
    if not (CORPUS / "perfdata").is_dir():
        raise Skip("the shared corpus is not here (set CORPUS)")
    for name in BRANCHES:
        path = CORPUS / "perfdata" / f"{name}.data"
        for fields in ("brstack", "brstacksym", "brstack,dso", "comm,tid,time,brstacksym,dso"):
            ours, theirs = both(path, fields)
            check(len(ours) > 3, f"{name}: {len(ours)} lines")
            # perf takes the kernel for the DSO of user space where the sample is in the kernel.
            if "callgraph" in name and "dso" in fields:
                ours, theirs = ([re.sub(r"\([^)]*\)", "()", line) for line in lines]
                                for lines in (ours, theirs))
            check_same(ours, theirs, f"{name}: {fields}")
    ours, theirs = both(CORPUS / "perfdata" / f"{BRANCHES[1]}.data", "brstackoff,dso")
    check_same(ours, theirs, "offsets")


@test
def contents_are_those_of_perf(tmp):
    require_perf(exactly=(6, 1))
    for chains in ((), ("-g",)):
        path = f"{tmp}/file"
        prof_ok("record", *chains, "-d", "-W", "--phys-data", "--data-page-size",
                "--code-page-size", "-I", "--user-regs=ip,sp", "-e", "page-faults", "-c", "1", "-o",
                path, "--", "true")
        for fields in ("comm,addr", "addr,dso,event", "weight,ins_lat", "iregs,uregs", "phys_addr",
                       "data_page_size,code_page_size,time", "tod,time,comm,pid,tid",
                       "ip,iregs,phys_addr", "addr,data_src,weight,phys_addr,period,event"):
            ours, theirs = (done.out.splitlines() for done in (
                prof("script", "-i", path, "-F", fields), perf("script", "-i", path, "-F", fields)))
            check(len(ours) > 20, f"{fields}: {len(ours)} lines")
            check_same(ours, theirs, f"{chains} {fields}")
        ours, theirs = (done.out for done in (prof("script", "--ns", "-i", path, "-F", "tod"),
                                              perf("script", "--ns", "-i", path, "-F", "tod")))
        check_equal(ours, theirs, "time of day in nanoseconds")


@test
def what_is_not_recorded_is_told(tmp):
    prof_ok("record", "-e", "cpu-clock", "-o", f"{tmp}/file", "--", "true")
    for field in ("addr", "weight", "iregs", "uregs", "brstack", "brstacksym", "phys_addr",
                  "code_page_size", "cgroup"):
        done = prof("script", "-i", f"{tmp}/file", "-F", field)
        check_equal(done.code, 2, f"exit code of:\n{done}")
        check("samples" in done.err and "have no" in done.err, f"message: {done.err}")


main()
