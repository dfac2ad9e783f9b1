"""Binaries that nobody finds any more when the recording is read: kept by record, found by report."""

import os
import shutil
import subprocess

from harness import (Skip, check, check_equal, check_in, main, ok, prof, prof_ok, require_program,
                     require_root, run, test, workload)

METHODS = (["-g"], ["--call-graph", "dwarf"])


def cached(tmp):
    """The environment with a cache of its own, and none of perf's, which may have the workloads."""
    return {"PROF_CACHE_DIR": f"{tmp}/cache", "HOME": f"{tmp}/home"}


def kept(tmp):
    folder = f"{tmp}/cache"
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [name for name in names if name.startswith("elf-")]


def record(tmp, options, *command, name="perf.data"):
    path = f"{tmp}/{name}"
    done = prof("record", "-F", 997, *options, "-o", path, "--", *command, env=cached(tmp))
    ok(done)
    return path, done


def check_whole(tmp, path, *options, least=0.4):
    """That the functions of `shares` are named, and its stacks unwound to main, in that part of the
    samples."""
    out = prof_ok("fold", "--no-inline", "-i", path, *options, env=cached(tmp)).out
    total = whole = 0
    for line in out.splitlines():
        stack, _, count = line.rpartition(" ")
        total += int(count)
        if ";main;run_round;work_50;burn_50" in stack:
            whole += int(count)
    check(total > 100, f"{total} samples:\n{out}")
    check(whole > least * total, f"{whole} of {total} samples are whole:\n{out}")


def check_nameless(tmp, path, *options):
    out = prof_ok("fold", "--no-inline", "-i", path, *options, env=cached(tmp)).out
    check("burn_50" not in out, f"named without the binary:\n{out}")


@test
def a_program_that_deletes_itself(tmp):
    for at, options in enumerate(METHODS):
        program = f"{tmp}/program"
        shutil.copy(workload("shares"), program)
        # The shell, which is recorded as well, stays.
        path, done = record(tmp, options, "sh", "-c", f"{program} 0.6 & sleep 0.2; rm {program}; wait")
        check_equal(len(kept(tmp)), 1, "copies")
        check_equal("Kept a binary" in done.err, at == 0, done.err)
        check(not os.path.exists(program), "it is still there")
        check_whole(tmp, path)
        report = prof_ok("report", "--stdio", "-i", path, env=cached(tmp))
        check_in("burn_50", report.out)
        check("is not on this machine" not in report.err, report)
        check_nameless(tmp, path, "--no-cache")


@test
def a_program_that_is_deleted_after_it_ended(tmp):
    program = f"{tmp}/program"
    shutil.copy(workload("shares"), program)
    path, _ = record(tmp, ["-g"], "sh", "-c", f"{program} 0.4; rm {program}; sleep 0.1")
    check_whole(tmp, path)


@test
def a_program_that_is_deleted_before_record_begins(tmp):
    program = f"{tmp}/program"
    shutil.copy(workload("shares"), program)
    with subprocess.Popen([program, "30"]) as running:
        try:
            os.unlink(program)
            path = f"{tmp}/perf.data"
            ok(prof("record", "-F", 997, "--call-graph", "dwarf", "-o", path, "-p", running.pid,
                    "--duration", 0.5, env=cached(tmp)))
        finally:
            running.kill()
    check_whole(tmp, path)


@test
def a_program_that_is_replaced_while_it_runs(tmp):
    for options in METHODS:
        program, other = f"{tmp}/program", f"{tmp}/other"
        shutil.copy(workload("shares"), program)
        shutil.copy(workload("frames"), other)
        path, _ = record(tmp, options, "sh", "-c",
                         f"{program} 0.6 & sleep 0.2; mv {other} {program}; {program} 0.3; wait")
        check_whole(tmp, path, "--comm", "program", least=0.2)
        out = prof_ok("fold", "--no-inline", "-i", path, env=cached(tmp)).out
        check_in(";spin ", out, "the program that took its place")
        check(len(kept(tmp)) == 1, kept(tmp))


@test
def a_program_in_memory_alone(tmp):
    require_program("python3")
    starter = ("import os, sys\n"
               "fd = os.memfd_create('hidden', os.MFD_CLOEXEC)\n"
               "os.write(fd, open(sys.argv[1], 'rb').read())\n"
               "os.execve(fd, ['hidden', '0.6'], os.environ)\n")
    for options in METHODS:
        path, _ = record(tmp, options, "python3", "-c", starter, workload("shares"))
        check_whole(tmp, path)


def root_of(tmp, program):
    """A folder with `program` and the libraries it needs, to be a process's root."""
    root = f"{tmp}/root"
    os.makedirs(f"{root}/bin")
    shutil.copy(program, f"{root}/bin/program")
    for line in ok(run("ldd", program)).out.splitlines():
        for word in line.split():
            if word.startswith("/"):
                os.makedirs(root + os.path.dirname(word), exist_ok=True)
                shutil.copy(word, root + word)
    return root


@test
def a_program_of_a_root_that_is_gone(tmp):
    require_root()
    for options in METHODS:
        root = root_of(tmp, workload("shares"))
        path, _ = record(tmp, options, "chroot", root, "/bin/program", "0.6")
        shutil.rmtree(root)
        check_whole(tmp, path)
        check_nameless(tmp, path, "--no-cache")


@test
def a_program_of_a_mount_namespace_that_is_gone(tmp):
    require_root()
    require_program("unshare")
    place = f"{tmp}/mounted"
    os.mkdir(place)
    script = (f"mount -t tmpfs none {place} && cp {workload('shares')} {place}/program && "
              f"exec {place}/program 0.6")
    if run("unshare", "-m", "mount", "-t", "tmpfs", "none", place).code != 0:
        raise Skip("no mount namespaces here")
    for options in METHODS:
        path, _ = record(tmp, options, "unshare", "-m", "sh", "-c", script)
        check(not os.listdir(place), "the namespace was ours")
        check_whole(tmp, path)


@test
def nothing_is_kept_where_everything_stays_or_nothing_may_be(tmp):
    record(tmp, ["-g"], workload("shares"), "0.2")
    check_equal(kept(tmp), [], "copies of what stays")
    program = f"{tmp}/program"
    shutil.copy(workload("shares"), program)
    path, done = record(tmp, ["-g", "--no-cache"], "sh", "-c", f"{program} 0.3 & sleep 0.1; rm {program}; wait")
    check_equal(kept(tmp), [], "copies that were not to be made")
    check("Kept" not in done.err, done)
    check_nameless(tmp, path)


@test
def embedding_uses_the_copies(tmp):
    program = f"{tmp}/program"
    shutil.copy(workload("shares"), program)
    path, _ = record(tmp, ["-g", "--embed"], "sh", "-c", f"{program} 0.4 & sleep 0.2; rm {program}; wait")
    shutil.rmtree(f"{tmp}/cache")
    check_whole(tmp, path)


main()
