"""A configuration and a build-id cache for perf that are the tests' own, whatever the user has.

What perf finds in ~/.debug changes what it prints, and several perfs at once trip over each other's
copying there. So this cache is empty but for the vDSO: perf copies it there while it records, and has
no name for its functions without the copy."""

import atexit
import os
import pathlib
import shutil
import struct
import tempfile

PT_NOTE = 4
NT_GNU_BUILD_ID = 3


def vdso():
    """The bytes of the vDSO of this process; None where there is none."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            if line.rstrip().endswith("[vdso]"):
                begin, end = (int(word, 16) for word in line.split()[0].split("-"))
                with open("/proc/self/mem", "rb") as memory:
                    memory.seek(begin)
                    return memory.read(end - begin)
    return None


def build_id(elf):
    """Of a 64-bit ELF file, in hexadecimal; None if it has none. Format: elf(5)."""
    headers, = struct.unpack_from("<Q", elf, 0x20)
    size, count = struct.unpack_from("<HH", elf, 0x36)
    for at in range(headers, headers + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", elf, at)
        end = offset + length
        while kind == PT_NOTE and offset + 12 <= end:
            name_size, data_size, note = struct.unpack_from("<III", elf, offset)
            data = offset + 12 + (name_size + 3 & ~3)
            if note == NT_GNU_BUILD_ID:
                return elf[data:data + data_size].hex()
            offset = data + (data_size + 3 & ~3)
    return None


def make():
    """Makes both for this process and those it starts; removed when it ends."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="prof-test-perf-"))
    os.chmod(home, 0o755)  # some tests run perf as nobody
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    config = home / "perfconfig"
    config.write_text(f"[record]\n\tbuild-id = no-cache\n[buildid]\n\tdir = {home}/debug\n", encoding="utf-8")
    os.environ["PERF_CONFIG"] = str(config)
    image = vdso()
    name = build_id(image) if image else None
    if name:
        entry = home / "debug" / ".build-id" / name[:2] / name[2:]
        entry.mkdir(parents=True)
        (entry / "vdso").write_bytes(image)
