"""Text of perf and prof taken apart, for tests that compare what two tools say of one recording."""

import os
import re

from harness import Failure, check, check_equal, check_in, perf_ok, prof, prof_ok, workload

PERCENT_ROW = re.compile(r"^\s+(\d+\.\d+)%(?:\s+(\d+\.\d+)%)?\s+(.*\S)\s*$")


class ReportRow:
    """One row of `report --stdio`: children (None with --no-children), self, and the columns after
    them as one text with single spaces."""

    def __init__(self, children, self_percent, rest):
        self.children = children
        self.self = self_percent
        self.rest = rest

    def key(self):
        return (self.children, self.self, self.rest)

    def __repr__(self):
        return f"{self.children} {self.self} {self.rest}"


def report_rows(text):
    """The table rows of a stdio report, without its call graphs."""
    rows = []
    for line in text.splitlines():
        if line.startswith("#") or "--" in line.split("%")[0]:
            continue
        match = PERCENT_ROW.match(line)
        if not match or "|" in line.split("%")[0]:
            continue
        first, second, rest = match.groups()
        if second is None:
            rows.append(ReportRow(None, float(first), " ".join(rest.split())))
        else:
            rows.append(ReportRow(float(first), float(second), " ".join(rest.split())))
    return rows


def shares_by_symbol(text):
    """{symbol: self percent} of a --no-children report sorted by comm,dso,sym."""
    shares = {}
    for row in report_rows(text):
        symbol = re.split(r"\[[.kguH]\] ", row.rest)[-1]
        shares[symbol] = shares.get(symbol, 0.0) + row.self
    return shares


class Sample:
    """One sample of script text: the words of its head line and its frames, leaf first."""

    def __init__(self, head, frames):
        self.head = head
        self.frames = frames


def script_samples(text):
    """Samples of `script` text with call chains (frames are indented, an empty line ends one)."""
    samples, head, frames = [], None, []
    for line in text.splitlines():
        if not line.strip():
            if head is not None:
                samples.append(Sample(head, frames))
            head, frames = None, []
        elif head is None:
            head = line
        else:
            check(line[0] in "\t ", f"a frame line is not indented: {line!r}")
            frames.append(line.strip())
    if head is not None:
        raise Failure(f"the last sample is not closed by an empty line: {head!r}")
    return samples


def folded_stacks(text):
    """{(root, …, leaf): count} of folded text."""
    stacks = {}
    for line in text.splitlines():
        stack, _, count = line.rpartition(" ")
        check(stack and count.isdigit(), f"not a folded line: {line!r}")
        key = tuple(stack.split(";"))
        check(key not in stacks, f"the stack comes twice: {line!r}")
        stacks[key] = int(count)
    return stacks


def recorded_samples(stderr):
    """How many samples the closing line of `record` speaks of."""
    match = re.search(r"\[ \w+ record: Captured and wrote [\d.]+ MB .*\((\d+) samples\)", stderr)
    if not match:
        raise Failure(f"no closing line in:\n{stderr}")
    return int(match.group(1))


# Meant to differ: the clock, who tells of mappings, guests, and where a sample has its id.
MEANT = {"use_clockid", "clockid", "exclude_guest", "build_id", "mmap", "mmap2", "comm",
         "comm_exec", "task", "ksymbol", "bpf_event"}


def attributes(path, without=("ID", "IDENTIFIER", "PERIOD")):
    """What `perf evlist -v` says of each event, in their order; without the tracker, and without
    some bits of sample_type."""
    events = []
    for line in perf_ok("evlist", "-v", "-i", path).out.splitlines():
        if line.startswith("#") or line.startswith("dummy:"):
            continue
        parts = ("type: " + line.partition(": type: ")[2]).replace("{ ", "").split(", ")
        found = dict(part.split(": ", 1) for part in parts if ": " in part)
        bits = set(found.get("sample_type", "").split("|")) - set(without)
        found["sample_type"] = "|".join(sorted(bits))
        events.append({key: value for key, value in found.items() if key not in MEANT})
    return events


def refused(code, told, *options):
    """`record` with these options ends with the code and says so, and leaves no file."""
    done = prof("record", *options, "-o", "not-made", "--", workload("hits"), 1)
    check_equal(done.code, code, f"exit code of:\n{done}")
    check_in(told, done.err, " ".join(options))
    check(not os.path.exists("not-made"), "an empty file is left")


def folded(path, *options):
    """[(frames without the command, root first, count)] of `prof fold`."""
    found = []
    for line in prof_ok("fold", "--no-inline", "-i", path, *options).out.splitlines():
        stack, _, count = line.rpartition(" ")
        found.append((stack.split(";")[1:], int(count)))
    return found


def plain(name):
    """Without a symbol's version and the suffix of a clone."""
    return name.split("@")[0].split(".")[0].removesuffix("_impl")


def frame_name(line):
    """The symbol of a frame line, without its address, offset and DSO."""
    name = line.strip().partition(" ")[2]
    name = re.sub(r" \([^()]*\)$", "", name)
    return re.sub(r"\+0x[0-9a-f]+$", "", name)


# The address of that line, which is all of it where names are not asked for (report/callchain.h).
TRUNCATED_STACK = "fffffffffffff007"


class Differences:
    """Where two texts of `script` differ and prof is right; everything else is a failure.

    The caller of a function that does not return: its return address is the first byte of whatever
    follows, which perf takes for the caller, where prof looks up the call itself.
    Where the call is the last instruction of its function, or of its mapping, and nothing follows,
    perf shows the caller as unknown, and its address by a mapping that begins there.
    Code of the procedure linkage table (its stubs, its head ".plt") that perf 6.1 calls "@plt", takes
    for the end of `_init`, or does not know.
    Where a stack was cut, prof says so in a line of its own."""

    def __init__(self):
        self.names = set()  # symbols and unresolved addresses that perf or prof shows for such lines

    def check(self, ours, theirs, theirs_with_offsets, what):
        """`theirs_with_offsets`: perf's text for the same fields and symoff, line for line."""
        got, wanted, offsets = (text.splitlines() for text in (ours, theirs, theirs_with_offsets))
        got = [line for line in got if frame_name(line) != "[truncated stack]" and
               line.strip() != TRUNCATED_STACK]
        check(len(wanted) == len(offsets), f"{what}: perf's own texts differ in length")
        for number, (a, b) in enumerate(zip(got, wanted)):
            if a != b and not self.allowed(a, b, offsets[number], wanted[number - 1]):
                before = "".join(f"      {line}\n" for line in wanted[max(0, number - 3):number])
                raise Failure(f"{what}: line {number + 1} differs\n{before}  got {a!r}\n want {b!r}")
        check(len(got) == len(wanted), f"{what}: {len(got)} lines, not {len(wanted)}")

    def allowed(self, ours, theirs, offset, before):
        address = theirs.split()[:1]
        is_caller = before[:1] in ("\t", " ")
        if not address:
            return False
        if is_caller and frame_name(theirs) == "[unknown]" and \
                (ours.split()[:1] == address or frame_name(ours) == "[unknown]"):
            self.names |= {frame_name(ours)} | {f"0x{int(a.split()[0], 16):016x}"
                                                for a in (ours, theirs)}
            return True
        if ours.split()[:1] != address:
            return False
        at_start = re.search(r"\+0x0( \(|$)", offset)
        # Of stubs perf 6.1 knows some, calls others "@plt", and takes the rest for the code before.
        is_stub = frame_name(ours).endswith(("@plt", ".plt")) and \
            frame_name(theirs) in ("@plt", "[unknown]", "_init")
        if not (is_caller and at_start) and not is_stub:
            return False
        self.names |= {frame_name(ours), frame_name(theirs), f"0x{int(address[0], 16):016x}"}
        return True
