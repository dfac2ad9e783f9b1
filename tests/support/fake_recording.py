"""A perf.data made by hand: mappings and samples at chosen addresses, with branch stacks if wanted, to
ask perf and prof for the name or the code of any address without having to catch a program there."""

import struct

_USER, _KERNEL = 2, 1  # PERF_RECORD_MISC_CPUMODE
_MISC_DATA = 1 << 13  # PERF_RECORD_MISC_MMAP_DATA
_KERNEL_PID = 0xFFFFFFFF
_IP, _TID, _TIME, _ADDR, _PERIOD = 0x1, 0x2, 0x4, 0x8, 0x100  # perf_event_attr::sample_type
_WEIGHT, _DATA_SRC, _WEIGHT_STRUCT = 0x4000, 0x8000, 0x1000000
_TRANSACTION, _PHYS_ADDR = 0x20000, 0x80000
_BRANCH_STACK, _BRANCH_ANY = 0x800, 8
_FEATURE_ARCH = 6
_MMAP, _COMM, _MMAP2, _COMM_EXEC, _SAMPLE_ID_ALL = 1 << 8, 1 << 9, 1 << 23, 1 << 24, 1 << 18


class FakeRecording:
    def __init__(self, pid=4242, comm="fake", branches=False, arch=None, accesses=False,
                 weights_in_parts=False):
        """`branches`: samples have branch stacks. `arch`: of uname -m; else it is not told.
        `accesses`: samples are memory accesses, of sample_access(). `weights_in_parts`: their
        weights are three numbers (PERF_SAMPLE_WEIGHT_STRUCT)."""
        self.pid = pid
        self._branches = branches
        self._arch = arch
        self._accesses = accesses
        self._weight = _WEIGHT_STRUCT if weights_in_parts else _WEIGHT
        self._records = []
        self._time = 0
        self._next_start = 0x10000000000
        self._record(3, _USER, struct.pack("<II", pid, pid) + _text(comm) + self._sample_id(pid))

    def map_file(self, name, length, offset=0, start=None):
        """An executable mapping of the process; returns where it starts."""
        if start is None:
            start = self._next_start
            self._next_start += (length + 0xFFFFFFF) & ~0xFFFFFF
        body = struct.pack("<IIQQQ", self.pid, self.pid, start, length, offset)
        body += struct.pack("<IIQQ", 0, 0, 0, 0)  # device and inode: unknown
        body += struct.pack("<II", 5, 2)  # PROT_READ | PROT_EXEC, MAP_PRIVATE
        self._record(10, _USER, body + _text(name) + self._sample_id(self.pid))
        return start

    def map_data(self, name, length, start, offset=0, shared=False, inode=0):
        """Memory without code, which is the process's alone where there is no inode."""
        body = struct.pack("<IIQQQ", self.pid, self.pid, start, length, offset)
        body += struct.pack("<IIQQ", 8, 1 if inode else 0, inode, 0) if inode else bytes(24)
        body += struct.pack("<II", 3, 1 if shared else 2)  # PROT_READ | PROT_WRITE, MAP_SHARED
        self._record(10, _USER | _MISC_DATA, body + _text(name) + self._sample_id(self.pid))

    def map_kernel(self, name, start, length, offset):
        body = struct.pack("<IIQQQ", _KERNEL_PID, 0, start, length, offset)
        self._record(1, _KERNEL, body + _text(name) + self._sample_id(0))

    def sample(self, address, kernel=False, branches=()):
        """`branches`, the newest first: (from, to, flags), see branch_flags()."""
        self._time += 1000
        body = struct.pack("<QIIQQ", address, self.pid, self.pid, self._time, 1)
        if self._branches:
            body += struct.pack("<Q", len(branches))
            body += b"".join(struct.pack("<QQQ", *branch) for branch in branches)
        self._record(9, _KERNEL if kernel else _USER, body)

    def text_poke(self, address, old, new):
        """That the kernel changed its own code."""
        self._time += 1000
        body = struct.pack("<QHH", address, len(old), len(new)) + old + new
        body += bytes(-len(body) % 8) + struct.pack("<IIQ", self.pid, self.pid, self._time)
        self._record(20, _KERNEL, body)

    def sample_access(self, address, data, weight=1, source=0, transaction=0, physical=0,
                      kernel=False):
        self._time += 1000
        self._record(9, _KERNEL if kernel else _USER,
                     struct.pack("<QIIQQQQQQQ", address, self.pid, self.pid, self._time, data, 1,
                                 weight, source, transaction, physical))

    def write(self, path):
        """File mode, one cpu-clock event, no header features."""
        flags = _MMAP | _COMM | _MMAP2 | _COMM_EXEC | _SAMPLE_ID_ALL
        sample_type = _IP | _TID | _TIME | _PERIOD | (_BRANCH_STACK if self._branches else 0)
        if self._accesses:
            sample_type |= _ADDR | self._weight | _DATA_SRC | _TRANSACTION | _PHYS_ADDR
        attr = struct.pack("<IIQQQQQ", 1, 128, 0, 1, sample_type, 0, flags).ljust(72, b"\0")
        attr += struct.pack("<Q", _BRANCH_ANY if self._branches else 0)
        attr = attr.ljust(128, b"\0") + struct.pack("<QQ", 0, 0)  # no ids
        data = b"".join(self._records)
        header_size = 104
        header = b"PERFILE2" + struct.pack("<QQ", header_size, len(attr))
        header += struct.pack("<QQ", header_size, len(attr))
        header += struct.pack("<QQ", header_size + len(attr), len(data))
        header += struct.pack("<QQ", 0, 0)
        header += struct.pack("<Q", 1 << _FEATURE_ARCH if self._arch else 0) + bytes(24)
        features = b""
        if self._arch:
            text = _text(self._arch)
            at = header_size + len(attr) + len(data) + 16
            features = struct.pack("<QQI", at, 4 + len(text), len(text)) + text
        with open(path, "wb") as file:
            file.write(header + attr + data + features)
        return path

    def _record(self, kind, misc, body):
        self._records.append(struct.pack("<IHH", kind, misc, 8 + len(body)) + body)

    @staticmethod
    def _sample_id(pid):
        return struct.pack("<IIQ", pid, pid, 0)


def branch_flags(predicted=True, in_transaction=False, abort=False, cycles=0):
    return ((0 if predicted else 1) | (2 if predicted else 0) | (4 if in_transaction else 0) |
            (8 if abort else 0) | cycles << 4)


def _text(name):
    raw = name.encode()
    return raw + bytes(8 - len(raw) % 8)
