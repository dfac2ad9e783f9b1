"""A perf.data made by hand: mappings and samples at chosen addresses, to ask perf and prof for the
name of any address without having to catch a program there."""

import struct

_USER, _KERNEL = 2, 1  # PERF_RECORD_MISC_CPUMODE
_KERNEL_PID = 0xFFFFFFFF
_IP, _TID, _TIME, _PERIOD = 0x1, 0x2, 0x4, 0x100  # perf_event_attr::sample_type
_MMAP, _COMM, _MMAP2, _COMM_EXEC, _SAMPLE_ID_ALL = 1 << 8, 1 << 9, 1 << 23, 1 << 24, 1 << 18


class FakeRecording:
    def __init__(self, pid=4242, comm="fake"):
        self.pid = pid
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

    def map_kernel(self, name, start, length, offset):
        body = struct.pack("<IIQQQ", _KERNEL_PID, 0, start, length, offset)
        self._record(1, _KERNEL, body + _text(name) + self._sample_id(0))

    def sample(self, address, kernel=False):
        self._time += 1000
        self._record(9, _KERNEL if kernel else _USER,
                     struct.pack("<QIIQQ", address, self.pid, self.pid, self._time, 1))

    def write(self, path):
        """File mode, one cpu-clock event, no header features."""
        flags = _MMAP | _COMM | _MMAP2 | _COMM_EXEC | _SAMPLE_ID_ALL
        attr = struct.pack("<IIQQQQQ", 1, 128, 0, 1, _IP | _TID | _TIME | _PERIOD, 0, flags)
        attr = attr.ljust(128, b"\0") + struct.pack("<QQ", 0, 0)  # no ids
        data = b"".join(self._records)
        header_size = 104
        header = b"PERFILE2" + struct.pack("<QQ", header_size, len(attr))
        header += struct.pack("<QQ", header_size, len(attr))
        header += struct.pack("<QQ", header_size + len(attr), len(data))
        header += struct.pack("<QQ", 0, 0) + bytes(32)
        with open(path, "wb") as file:
            file.write(header + attr + data)
        return path

    def _record(self, kind, misc, body):
        self._records.append(struct.pack("<IHH", kind, misc, 8 + len(body)) + body)

    @staticmethod
    def _sample_id(pid):
        return struct.pack("<IIQ", pid, pid, 0)


def _text(name):
    raw = name.encode()
    return raw + bytes(8 - len(raw) % 8)
