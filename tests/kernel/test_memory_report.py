"""prof report about memory accesses: --mem-mode and the keys that say which data was accessed and
where it was found, line by line as perf prints them.

Software events know the address of page faults, but not where data was found: those texts are of a
recording made by hand, which perf reads as well, and of the corpus, which has one of a processor
that tells."""

import os
import pathlib
import random
import re

from fake_recording import FakeRecording
from harness import (Skip, check, check_equal, check_in, check_same_lines, main, perf_ok, prof,
                     prof_ok, require_perf, test, workload)

CORPUS = pathlib.Path(os.environ.get("CORPUS", ""))
# Where -s has "symbol" in it perf adds a column of its own, which is always empty here, and tells
# rows apart by the function, whatever the keys are.
IPC = re.compile(r"(,ipc_null|  IPC   \[IPC Coverage\]|  \.{20}|  -      - {12})$")


def settled(text):
    """The lines, rows of equal weight in an order of their own: perf's is that of a hash."""
    lines = [IPC.sub("", line).rstrip() for line in text.splitlines()
             if line.strip("# ") and not re.search(r"Tip:|# Idle:|# To display|Whole stacks", line)]
    rows = [line for line in lines if re.match(r" +\d", line)]
    return "\n".join([line for line in lines if line not in set(rows)] + sorted(rows))


def same(path, *words):
    arguments = ("report", "--stdio", "-i", path, *words)
    theirs = settled(perf_ok(*arguments).out)
    ours = settled(prof_ok(*arguments).out)
    check(theirs.count("%") > 0, f"perf shows nothing of {words}:\n{theirs}")
    check_same_lines(ours, theirs, f"{path} {' '.join(words)}")


def data_sources(count):
    """Words of union perf_mem_data_src as processors make them: by bits, or by number and hops."""
    chance = random.Random(4711)
    for _ in range(count):
        source = chance.choice((0x2, 0x4, 0x8))  # a load, a store, a prefetch
        level = chance.choice((0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800))
        source |= (level | chance.choice((0x2, 0x4))) << 5
        source |= chance.choice((0x1, 0x2, 0x4, 0x8, 0x10)) << 19
        source |= chance.choice((0x1, 0x2, 0x0)) << 24
        source |= (chance.choice((0x8, 0x10, 0x18, 0x20, 0x40)) | chance.choice((0x2, 0x4))) << 26
        source |= chance.choice((0x0, 0x1, 0x2, 0x4)) << 40
        yield source


def accesses(path):
    """Of a program with code, data of its own, of a file, shared and without any mapping."""
    binary = workload("shares")
    fake = FakeRecording(accesses=True)
    code = fake.map_file(binary, 0x100000)
    fake.map_data("//anon", 0x100000, 0x7f0000000000)
    fake.map_data("/tmp/shared", 0x10000, 0x7f1000000000, offset=0x3000, shared=True, inode=99)
    fake.map_data("/tmp/private", 0x10000, 0x7f2000000000, inode=98)
    places = [0x7f0000000010, 0x7f0000000030, 0x7f0000000050, 0x7f1000000040, 0x7f2000000080,
              0x123456, 0]
    chance = random.Random(42)
    # perf takes equal levels for equal, whatever else is told of them: each has one word here.
    for number, source in enumerate(data_sources(40)):
        kernel = number % 11 == 10
        where = 0xffffffff81000100 if kernel else code + 0x1200 + 64 * (number % 3)
        fake.sample_access(where, places[number % len(places)],
                           weight=chance.choice((0, 1, 30, 250)), source=source,
                           transaction=chance.choice((0, 0x1, 0x2, 0x16, 0x2a | 0xff << 32, 0xc4)),
                           physical=0x5000 if kernel else chance.choice((0, 0x12340000)),
                           kernel=kernel)
    return fake.write(path)


@test
def words_of_processors_have_perfs_texts(tmp):
    path = accesses(f"{tmp}/accesses")
    for words in ("-s snoop", "-s tlb", "-s locked", "-s blocked", "-s tlb,locked,blocked,snoop",
                  "-s transaction", "-s transaction,comm", "-s phys_daddr", "-s phys_daddr,comm",
                  "-s local_weight", "-s weight,local_weight,sym"):
        same(path, "--mem-mode", *words.split())
    # Without --mem-mode accesses count alike; perf has none of the keys then.
    out = prof_ok("report", "--stdio", "-i", path, "-s", "tlb").out
    check_in("# Event count (approx.): 40", out)


@test
def data_is_told_by_address_line_and_file(tmp):
    path = accesses(f"{tmp}/accesses")
    for words in ("-s dcacheline", "-s dcacheline,dso_daddr", "-s dso_daddr", "-s dso_daddr,comm",
                  "-s symbol_daddr,sym", "-s symbol_iaddr,sym", "-s symbol_daddr,dso_daddr,sym"):
        same(path, "--mem-mode", *words.split())


@test
def page_faults_are_accesses(tmp):
    path = f"{tmp}/faults"
    perf_ok("record", "-q", "-o", path, "-d", "-W", "-e", "page-faults", "-c", "1", "--",
            workload("cpp_names"), "0.2")
    same(path, "--mem-mode", "-s", "dso_daddr,local_weight")
    same(path, "--mem-mode", "-s", "mem,snoop,tlb,locked,blocked")
    # Variables are told with where in them.
    text = prof_ok("report", "--stdio", "-i", path, "--mem-mode", "-s", "symbol_daddr").out
    theirs = perf_ok("report", "--stdio", "-i", path, "--mem-mode", "-s", "symbol_daddr").out
    found = set(re.findall(r"\[\.\] (\w+\+0x[0-9a-f]+)", theirs))
    check(found, "no variables")
    for name in found:
        check_in(name, text)


@test
def a_socket_is_its_cpus(tmp):
    path = f"{tmp}/cpus"
    perf_ok("record", "-q", "-F", "997", "--sample-cpu", "-e", "cpu-clock:u", "-o", path, "--",
            workload("shares"), "0.3")
    if "Socket ID 0" not in perf_ok("report", "--header-only", "-I", "-i", path).out:
        raise Skip("this machine tells nothing of sockets")
    same(path, "--socket-filter", "0", "-s", "dso,sym")
    missing = prof("report", "-i", path, "--socket-filter", "77")
    check_equal(missing.code, 2, "exit code of a socket that is not there")
    check_in("it has: 0", missing.err)
    perf_ok("record", "-q", "-F", "99", "-e", "cpu-clock:u", "-o", path, "--", workload("shares"),
            "0.2")
    done = prof("report", "-i", path, "--socket-filter", "0")
    check_equal(done.code, 1, "exit code without CPUs")
    check_in("--sample-cpu", done.err)


@test
def source_files_have_their_folders(tmp):
    path = f"{tmp}/lines"
    perf_ok("record", "-q", "-F", "997", "-e", "cpu-clock:u", "-o", path, "--", workload("shares"),
            "0.3")
    for keys in ("srcline", "srcfile"):
        arguments = ("-i", path, "--stdio", "-s", keys, "--full-source-path")
        ours, theirs = (set(re.findall(r"(/\S*shares\.c\S*)", tool("report", *arguments).out))
                        for tool in (prof_ok, perf_ok))
        check(ours and ours == theirs, f"{ours}, not {theirs}")


@test
def a_processors_accesses_are_perfs(tmp):
    path = CORPUS / "perfdata" / "wild-rcppthread-mem.data"
    if not path.is_file():
        raise Skip("the shared corpus is not here (set CORPUS)")
    for words in ("", "-s mem,snoop,tlb,locked,blocked", "-s dso_daddr", "-s dcacheline",
                  "-s local_weight,mem", "-s mem,snoop -t,", "-s +phys_daddr"):
        same(path, "--symfs", tmp, "--mem-mode", *words.split())
    table = prof_ok("report", "--json", "-i", path, "--symfs", tmp, "--mem-mode", "-s",
                    "mem,blocked").out
    check_in('"mem":"L1 or L1 hit","blocked":"N/A"', table)


@test
def sizes_are_columns(tmp):
    path = f"{tmp}/sizes"
    perf_ok("record", "-q", "-F", "997", "-o", path, "-e", "cpu-clock:u", "--", workload("shares"),
            "0.5")
    for words in ("-s dso_size", "-s comm,dso_size", "-s dso,dso_size,sym", "-s symbol_size,sym"):
        same(path, *words.split())
    table = prof_ok("report", "--json", "-i", path, "-s", "symbol_size,dso_size").out
    check(re.search(r'"symbol_size":\d+,"dso_size":\d+', table), table)


@test
def weights_of_several_numbers_have_them_all(tmp):
    """No perf here tells the third: 6.1 knows it on POWER alone."""
    path = f"{tmp}/weights"
    words = [5 | 7 << 32 | 9 << 48, 5 | 7 << 32 | 9 << 48, 4]
    fake = FakeRecording(accesses=True, weights_in_parts=True)
    code = fake.map_file(workload("shares"), 0x100000)
    for word in words:
        fake.sample_access(code + 0x1200, 0x1000, weight=word)
    fake.write(path)
    keys = "local_weight,weight,local_ins_lat,ins_lat,local_p_stage_cyc,p_stage_cyc,retire_lat"
    out = prof_ok("report", "--stdio", "-i", path, "--mem-mode", "-s", keys).out
    rows = [line.split() for line in out.splitlines() if "%" in line]
    check_equal(rows, [["71.43%", "5", "10", "7", "14", "9", "18", "18"],
                       ["28.57%", "4", "4", "0", "0", "0", "0", "0"]], "rows")


@test
def what_a_recording_does_not_tell_is_said(tmp):
    path = f"{tmp}/plain"
    perf_ok("record", "-q", "-F", "99", "-o", path, "--", workload("shares"), "0.2")
    done = prof("report", "--mem-mode", "-i", path)
    check_equal(done.code, 1, "exit code of --mem-mode without accesses")
    check_in("record with -d", done.err)
    out = prof_ok("report", "--stdio", "-i", path, "-s", "mem,transaction").out
    check(re.search(r"100.00%  N/A or N/A +$", out, re.M), out)


main(require_perf)
