"""`prof doctor` says what works here, and why the rest does not: as root, as nobody, and confined."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import sys
import time

from harness import (PROF, Skip, check, check_equal, check_in, main, ok, open_to_nobody, prof, prof_ok,
                     require_program, require_root, run, test, unprivileged, workload)

STATES = {"works", "partly", "fails", "fact"}
GROUPS = ["versions", "host", "events", "pmus", "reach", "limits", "tracepoints", "stacks", "bpf",
          "symbols"]
BPF_FEATURES = {"programs at samples", "stacks taken by programs", "hash tables", "ring buffer",
                "tables in shared memory", "registers of threads", "programs at context switches",
                "iterators over threads", "task storage"}


class Report:
    """What doctor said, as JSON: checks by group and name."""

    def __init__(self, done):
        self.document = json.loads(done.out)
        self.checks = {(c["group"], c["name"]): c for c in self.document["checks"]}
        check_equal(len(self.checks), len(self.document["checks"]), "checks, each once")

    def __getitem__(self, key):
        check(key in self.checks, f"there is no check {key}: {sorted(self.checks)}")
        return self.checks[key]

    def state(self, group, name):
        return self[group, name]["state"]

    def wants(self, group, name, state, cause="", remedy=""):
        found = self[group, name]
        check_equal(found["state"], state, f"state of {name}: {found}")
        check_in(cause, found["cause"], f"cause of {name}")
        check_in(remedy, found["remedy"], f"remedy of {name}")


def report(*prefix, env=None):
    """doctor's report, run under the words of `prefix`."""
    done = run(*prefix, PROF, "doctor", "--json", env=env)
    check(done.code in (0, 1) and not done.err, done)
    found = Report(done)
    check_equal(done.code == 0, found.document["can_record"], "the exit code says the same")
    return found


def report_of_nobody(tmp, *prefix):
    open_to_nobody(tmp)
    copy = os.path.join(tmp, "prof")
    if not os.path.exists(copy):
        shutil.copy(PROF, copy)
        os.chmod(copy, 0o755)
    done = unprivileged(*prefix, copy, "doctor", "--json", cwd=tmp, env={"PROF_CACHE_DIR": f"{tmp}/cache"})
    check(done.code in (0, 1), done)
    return Report(done)


@contextlib.contextmanager
def sysctl(name, value):
    """Sets a sysctl for a while."""
    path = pathlib.Path("/proc/sys/kernel") / name
    if not path.exists():
        raise Skip(f"there is no {path}")
    before = path.read_text(encoding="ascii")
    try:
        try:
            path.write_text(f"{value}\n", encoding="ascii")
        except OSError as error:
            raise Skip(f"{path} cannot be set: {error}") from None
        yield
    finally:
        path.write_text(before, encoding="ascii")


def mounting(script):
    """The words that run a program after `script`, in a mount namespace of its own."""
    return ["unshare", "-m", "sh", "-ec", f'{script}; exec "$@"', "sh"]


def require_mounts(script):
    done = run(*mounting(script), "true")
    if done.code != 0:
        raise Skip(f"mount namespaces do not work here: {done.err.strip()}")


@test
def the_json_is_as_its_man_page_says():
    document = report().document
    check_equal((document["format"], document["version"]), ("prof-doctor", 1), "format")
    check_equal(document["uid"], os.geteuid(), "uid")
    check_in(document["prof"], prof_ok("--version").out, "version of prof")
    for each in document["checks"]:
        check_equal(set(each), {"group", "name", "state", "cause", "remedy"}, "members")
        check_in(each["state"], STATES, "state")
        check(all("\n" not in each[key] for key in each), f"more than a line: {each}")
        if each["state"] in ("fails", "partly"):
            check(each["cause"], f"no cause: {each}")
        if each["state"] in ("works", "fact"):
            check(not each["remedy"], f"a remedy for what works: {each}")
    groups = list(dict.fromkeys(each["group"] for each in document["checks"]))
    check_equal(groups, GROUPS, "groups, in this order")


@test
def the_text_says_the_same_in_100_columns():
    checks = report().document["checks"]
    done = prof("doctor")
    check_equal(done.err, "", "stderr")
    check_equal(done.code, 0, "exit code")
    lines = done.out.splitlines()
    for line in lines:
        check(len(line) <= 100 and line.isascii(), f"{len(line)} columns: {line}")
        check_equal(line, line.rstrip(), "no blanks at the end")
    # Each check in turn: its state and name, then the words of its cause.
    at = 0
    for each in checks:
        state = "" if each["state"] == "fact" else each["state"]
        start = f"  {state:<7}{each['name']}"
        while at < len(lines) and not lines[at].startswith(start):
            at += 1
        check(at < len(lines), f"the text does not tell of {each}, in this order")
        if each["cause"]:
            first = lines[at][len(start):].split()
            check(first, f"no cause: {lines[at]}")
            check(first == ["the", "same"] or each["cause"].startswith(" ".join(first)[:20])
                  or re.search(r"\d", each["cause"]), f"{lines[at]!r} is not of {each}")
        at += 1
    counted = {state: sum(each["state"] == state for each in checks) for state in STATES}
    tried = counted["works"] + counted["partly"] + counted["fails"]
    check_equal(lines[-1], f"recording works: of {tried} things {counted['works']} work, "
                f"{counted['partly']} in part, {counted['fails']} not", "last line")


@test
def it_takes_about_a_second():
    prof_ok("doctor")
    begin = time.monotonic()
    prof_ok("doctor")
    took = time.monotonic() - begin
    check(took < 5, f"{took:.2f} s")  # a loaded machine's second


@test
def what_works_is_recorded_with(tmp):
    found = report()
    events = [name for (group, name), each in found.checks.items()
              if group == "events" and each["state"] == "works"]
    check("cpu-clock" in events, f"not even cpu-clock: {events}")
    for event in events:
        prof_ok("record", "-e", event, "-c" if "clock" not in event else "-F",
                1 if "clock" not in event else 999, "-o", f"{tmp}/p", "--", workload("away"), 0.2)
        check(prof_ok("script", "-i", f"{tmp}/p").out, f"no samples of {event}")
    for name, options in (("frame pointers (-g)", ["-g"]),
                          ("copies (--call-graph dwarf)", ["--call-graph", "dwarf"]),
                          ("counted in the kernel (--bpf)", ["--bpf", "-g"]),
                          ("unwound (--call-graph bpf)", ["--call-graph", "bpf"]),
                          ("time off CPUs (--off-cpu)", ["--off-cpu", "-g"])):
        done = prof("record", *options, "-e", "cpu-clock", "-F", 999, "-o", f"{tmp}/p", "--",
                    workload("away"), 0.2)
        if found.state("stacks", name) == "works":
            check_equal(done.code, 0, f"exit code of {options}: {done.err}")
            check("instead" not in done.err, f"a fallback: {done.err}")
            check(";" in prof_ok("fold", "-i", f"{tmp}/p").out, f"no stacks by {options}")
        else:
            check(done.code != 0 or "instead" in done.err, f"{name} works after all: {done}")
    if found.state("reach", "the whole machine (-a)") == "works":
        prof_ok("record", "-a", "-e", "cpu-clock", "-o", f"{tmp}/p", "--", "sleep", "0.1")


@test
def what_does_not_work_is_not_recorded_with(tmp):
    for (group, name), each in report().checks.items():
        if group != "events" or each["state"] != "fails":
            continue
        done = prof("record", "-e", name, "-o", f"{tmp}/p", "--", workload("shares"), 0.1)
        check(done.code == 1 or "instead of" in done.err, f"{name} can be recorded: {done}")


@test
def nobody_is_told_what_is_missing(tmp):
    with sysctl("perf_event_paranoid", 2):
        found = report_of_nobody(tmp)
    check(found.document["can_record"], "nobody may record own processes")
    found.wants("host", "user", "fact", "65534 without capabilities")
    found.wants("events", "cpu-clock", "works", "user space")
    found.wants("events", "context-switches", "fails", "in the kernel", "perf_event_paranoid=1")
    found.wants("reach", "the kernel's part of stacks", "fails", "perf_event_paranoid is 2",
                "sysctl kernel.perf_event_paranoid=1")
    found.wants("reach", "the whole machine (-a)", "fails", "perf_event_paranoid is 2")
    found.wants("reach", "processes of other users", "fails", "another user's")
    found.wants("stacks", "frame pointers (-g)", "works", "user space")
    found.wants("stacks", "copies (--call-graph dwarf)", "works", "user space")
    found.wants("tracepoints", "uprobes", "fails", "no CAP_PERFMON")
    if found.state("bpf", "built in") == "works":
        for name in BPF_FEATURES:
            found.wants("bpf", name, "fails", "neither CAP_BPF nor CAP_PERFMON", "setcap")
    found.wants("stacks", "counted in the kernel (--bpf)", "fails")
    found.wants("symbols", "cache", "works", f"{tmp}/cache")


@test
def a_lower_paranoid_level_opens_more(tmp):
    with sysctl("kptr_restrict", 0):
        with sysctl("perf_event_paranoid", 1):
            found = report_of_nobody(tmp)
        found.wants("events", "cpu-clock", "works", "and kernel")
        found.wants("events", "context-switches", "works")
        found.wants("reach", "the kernel's part of stacks", "works")
        found.wants("reach", "the whole machine (-a)", "fails", "perf_event_paranoid is 1")
        found.wants("symbols", "kernel symbols (kallsyms)", "works")
        with sysctl("perf_event_paranoid", -1):
            found = report_of_nobody(tmp)
        found.wants("reach", "the whole machine (-a)", "works")
        found.wants("limits", "kernel.perf_event_paranoid", "fact", "-1")


@test
def the_symbols_of_the_kernel_are_hidden_by_what_is_said_to_hide_them(tmp):
    name = ("symbols", "kernel symbols (kallsyms)")
    with sysctl("perf_event_paranoid", 2):
        with sysctl("kptr_restrict", 0):
            report().wants(*name, "works")
            report_of_nobody(tmp).wants(*name, "fails", "perf_event_paranoid is 2",
                                        "perf_event_paranoid=1")
        with sysctl("kptr_restrict", 1):
            report().wants(*name, "works")
            report_of_nobody(tmp).wants(*name, "fails", "kptr_restrict is 1", "kptr_restrict=0")
        with sysctl("kptr_restrict", 2):
            report().wants(*name, "fails", "kptr_restrict is 2", "kptr_restrict=1")


@test
def a_low_rate_is_told_of():
    with sysctl("perf_event_max_sample_rate", 4000):
        report().wants("limits", "sampling rate", "works", "4000 Hz")
    with sysctl("perf_event_max_sample_rate", 1000):
        report().wants("limits", "sampling rate", "partly", "1000 Hz",
                       "sysctl kernel.perf_event_max_sample_rate")


@test
def a_small_limit_of_files_is_told_of():
    require_program("prlimit")
    report("prlimit", "--nofile=100:100").wants("limits", "open files", "partly", "100: enough",
                                                "ulimit -Hn")


@test
def missing_capabilities_of_root_are_named():
    def without(*names):
        return report("setpriv", "--bounding-set=" + ",".join(f"-{name}" for name in names))
    if run("setpriv", "--bounding-set=-bpf,-perfmon", "true").code != 0:
        raise Skip("setpriv does not know the capabilities")
    found = without("bpf", "sys_admin")
    found.wants("stacks", "frame pointers (-g)", "works", "and kernel")
    found.wants("reach", "the whole machine (-a)", "works")
    built_in = found.state("bpf", "built in") == "works"
    if built_in:
        found.wants("bpf", "ring buffer", "fails", "root has no CAP_BPF", "give the container")
    with sysctl("perf_event_paranoid", 2):
        found = without("perfmon", "sys_admin")
    found.wants("reach", "the whole machine (-a)", "fails", "no CAP_PERFMON")
    found.wants("tracepoints", "uprobes", "fails", "no CAP_PERFMON")
    if built_in:
        found.wants("bpf", "programs at samples", "fails", "root has no CAP_PERFMON")


@test
def a_user_namespace_is_seen():
    if run("unshare", "-Ur", "true").code != 0:
        raise Skip("user namespaces do not work here")
    found = report("unshare", "-Ur")
    found.wants("host", "container", "fact", "a user namespace of its own")
    found.wants("host", "user", "fact", "0 without capabilities")
    if found.state("bpf", "built in") == "works":
        found.wants("bpf", "ring buffer", "fails", "user namespace", "outside of the container")


@test
def a_pid_namespace_is_seen():
    if run("unshare", "-pf", "--mount-proc", "true").code != 0:
        raise Skip("PID namespaces do not work here")
    found = report("unshare", "-pf", "--mount-proc")
    found.wants("host", "container", "fact", "a PID namespace of its own")
    if found.state("bpf", "built in") == "works":
        found.wants("stacks", "time off CPUs (--off-cpu)", "works")


FILTER = """
import ctypes, os, struct, sys
# BPF_LD nr; if it is argv[1]: EPERM; else allow (seccomp(2)).
code = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (0x06, 0, 0, 0x00050001),
        (0x06, 0, 0, 0x7fff0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in code))
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
libc = ctypes.CDLL(None)
filter = Program(len(code), ctypes.addressof(program))
if libc.prctl(22, 2, ctypes.byref(filter), 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    sys.exit(9)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def filtered(number):
    """The words that run a program which may not make this system call."""
    words = [sys.executable, "-c", FILTER, number]
    if os.uname().machine != "x86_64" or run(*words, "true").code != 0:
        raise Skip("seccomp filters cannot be set here")
    return words


@test
def a_seccomp_filter_is_named():
    found = report(*filtered(321))  # bpf
    found.wants("host", "container", "fact", "a seccomp filter")
    found.wants("stacks", "frame pointers (-g)", "works")
    if found.state("bpf", "built in") == "works":
        found.wants("bpf", "ring buffer", "fails", "seccomp filter", "docker")
        found.wants("stacks", "counted in the kernel (--bpf)", "fails", "seccomp filter")
    found = report(*filtered(298))  # perf_event_open
    check(not found.document["can_record"], "nothing can be recorded")
    found.wants("events", "cpu-clock", "fails", "seccomp filter", "docker")
    found.wants("stacks", "frame pointers (-g)", "fails", "seccomp filter")
    done = run(*filtered(298), PROF, "doctor")
    check_equal(done.code, 1, "exit code")
    check_in("recording does not work", done.out.splitlines()[-1], "last line")


@test
def a_kernel_without_types_is_named():
    if report().state("bpf", "built in") != "works":
        raise Skip("prof was built without BPF")
    hide = "mount -t tmpfs none /sys/kernel/btf"
    require_mounts(hide)
    found = report(*mounting(hide))
    found.wants("bpf", "types of the kernel (BTF)", "fails", "is not there", "CONFIG_DEBUG_INFO_BTF")
    found.wants("bpf", "programs at context switches", "fails", "no BTF")
    found.wants("stacks", "time off CPUs (--off-cpu)", "fails", "no BTF")
    found.wants("stacks", "frame pointers (-g)", "works")


@test
def lockdown_is_named():
    pretend = ("mount -t tmpfs none /sys/kernel/security; "
               "echo 'none integrity [confidentiality]' >/sys/kernel/security/lockdown")
    require_mounts(pretend)
    found = report(*mounting(pretend))
    if found.state("bpf", "built in") != "works":
        raise Skip("prof was built without BPF")
    found.wants("bpf", "lockdown", "fails", "confidentiality", "lockdown=integrity")


@test
def tracefs_is_found_where_it_is_mounted_and_only_there():
    hide = "umount -l /sys/kernel/tracing 2>/dev/null || :; mount -t tmpfs none /sys/kernel/debug"
    require_mounts(hide)
    report(*mounting(hide)).wants("tracepoints", "tracefs", "fails", "not mounted",
                                  "mount -t tracefs")
    show = f"{hide}; mount -t tracefs none /sys/kernel/tracing"
    if run(*mounting(show), "true").code != 0:
        raise Skip("tracefs cannot be mounted here")
    found = report(*mounting(show))
    found.wants("tracepoints", "tracefs", "works", "/sys/kernel/tracing")
    found.wants("tracepoints", "sampling of sched/sched_switch", "works")


@test
def the_host_is_left_as_it_was(tmp):
    def seen():
        mounts = pathlib.Path("/proc/mounts").read_text(encoding="utf-8")
        settings = {}
        for name in ("perf_event_paranoid", "kptr_restrict", "perf_event_max_sample_rate",
                     "perf_event_mlock_kb", "bpf_stats_enabled"):
            path = pathlib.Path("/proc/sys/kernel") / name
            settings[name] = path.read_text(encoding="ascii") if path.exists() else None
        return mounts, settings
    before = seen()
    ok(run(PROF, "doctor", cwd=tmp, env={"HOME": tmp, "PROF_CACHE_DIR": f"{tmp}/c"}))
    check_equal(seen(), before, "mounts and sysctls")
    check_equal(os.listdir(tmp), [], "files")


@test
def a_cache_that_cannot_be_used_is_named(tmp):
    os.mkdir(f"{tmp}/open", 0o777)
    os.chmod(f"{tmp}/open", 0o777)
    report(env={"PROF_CACHE_DIR": f"{tmp}/open"}).wants("symbols", "cache", "fails",
                                                        "others may write", "chmod")
    os.chmod(f"{tmp}/open", 0o700)
    pathlib.Path(f"{tmp}/open/x").write_bytes(bytes(1 << 20))
    report(env={"PROF_CACHE_DIR": f"{tmp}/open"}).wants("symbols", "cache", "works",
                                                        "1 files, 1.0 of at most")


@test
def debuginfod_is_asked_for_its_servers_only():
    name = ("symbols", "debuginfod (--debuginfod)")
    report(env={"DEBUGINFOD_URLS": ""}).wants(*name, "fails", "no servers", "DEBUGINFOD_URLS")
    found = report(env={"DEBUGINFOD_URLS": "http://127.0.0.1:1/"})
    check(found.state(*name) == "works" or "cannot load" in found[name]["cause"], found[name])


main(require_root, lambda: require_program("setpriv"), lambda: require_program("unshare"))
