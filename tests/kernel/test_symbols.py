"""Every kind of symbol prof finds, against what perf 6.1 finds at the same address of the same file.

The recordings are made by hand with a sample at, inside, before and after every symbol, so that
whole libraries are compared and not only what happened to run."""

import os
import re
import struct

from fake_recording import FakeRecording
from harness import *

# perf ends the kernel with its last symbol, and knows no DSO beyond.
KERNEL_FIELDS = "ip,sym,symoff"
LIBRARIES = "/usr/lib/x86_64-linux-gnu/"
MAX_SAMPLES = 30000


def sections(path):
    """The bytes of an ELF64, its sections [(name, type, address, offset, size)] and its PT_LOAD
    segments [(type, offset, address, size, flags)]."""
    with open(path, "rb") as file:
        image = file.read()
    phoff, shoff = struct.unpack_from("<QQ", image, 32)
    phsize, phcount, shsize, shcount, names_index = struct.unpack_from("<HHHHH", image, 54)
    headers = [struct.unpack_from("<IIQQQQIIQQ", image, shoff + i * shsize) for i in range(shcount)]
    names = headers[names_index][4]
    found = []
    for header in headers:
        start = names + header[0]
        found.append((image[start:image.index(b"\0", start)].decode(), header[1], header[3],
                      header[4], header[5]))
    loads = []
    for i in range(phcount):
        kind, flags, offset, address, _, size, _, _ = struct.unpack_from(
            "<IIQQQQQQ", image, phoff + i * phsize)
        if kind == 1:
            loads.append((kind, offset, address, size, flags))
    return image, found, loads


def code_offsets(path):
    """File offsets in executable segments: around every symbol's start, middle and end."""
    image, found, loads = sections(path)
    symbols = set()
    for name, kind, _, offset, size in found:
        if kind in (2, 11):  # SHT_SYMTAB, SHT_DYNSYM
            for at in range(offset, offset + size, 24):
                value, length = struct.unpack_from("<QQ", image, at + 8)
                symbols.update((value, value + 1, value + length // 2, value + length - 1,
                                value + length, value - 1))
    offsets = set()
    for _, offset, address, size, flags in loads:
        if flags & 1:  # PF_X
            offsets.update(value - address + offset for value in symbols
                           if address <= value < address + size)
            offsets.update(range(offset, offset + size, max(1, size // 2000)))
    return sorted(offsets)


def around_stubs(path):
    """File offset ranges of the procedure linkage tables and of the gaps around them."""
    _, found, _ = sections(path)
    stubs = [section for section in found if section[0].startswith(".plt")]
    text = next((offset for name, _, _, offset, _ in found if name == ".text"), 0)
    if not stubs:
        return []
    begin = min(offset for _, _, _, offset, _ in stubs) - 16
    end = max(offset + size for _, _, _, offset, size in stubs) + 16
    return [(begin, max(end, text))]


def thinned(items):
    step = max(1, -(-len(items) // MAX_SAMPLES))
    return items[::step]


def compare(tmp, recording, *options, fields="ip,sym,symoff,dso"):
    path = recording.write(os.path.join(tmp, "fake.data"))
    wanted = perf_ok("script", "-i", path, "-F", fields, *options).out
    got = prof_ok("script", "-i", path, "-F", fields, *options).out
    check_same_lines(got, wanted, "script of the fake recording")
    return got


def compare_file(tmp, path):
    """All of a file but its PLT and the gaps around it, which perf 6.1 gives to whatever symbol its
    tree finds first."""
    path = os.path.realpath(path)
    size = (os.path.getsize(path) + 4095) & ~4095
    stubs = around_stubs(path)
    recording = FakeRecording()
    start = recording.map_file(path, size)
    offsets = [offset for offset in code_offsets(path)
               if not any(begin <= offset < end for begin, end in stubs)]
    check(len(offsets) > 100, f"{path}: only {len(offsets)} addresses to compare")
    for offset in thinned(offsets):
        recording.sample(start + offset)
    compare(tmp, recording)


def library_test(path):
    def compare_library(tmp):
        if not os.path.exists(path):
            raise Skip(f"{path} is not installed")
        compare_file(tmp, path)
    compare_library.__name__ = f"{os.path.basename(path)} has perf's symbols at every address"
    return test(compare_library)


for library in (LIBRARIES + "libc.so.6", LIBRARIES + "libstdc++.so.6", LIBRARIES + "libm.so.6",
                LIBRARIES + "libcrypto.so.3", "/lib64/ld-linux-x86-64.so.2", "/bin/bash"):
    library_test(library)


@test
def the_workloads_have_perfs_symbols_at_every_address(tmp):
    compare_file(tmp, workload("shares"))


@test
def names_in_cxx_rust_and_ocaml_read_as_perf_prints_them(tmp):
    names = """_Z3foov _ZN1SlsEi _ZN1ScvbEv _ZNR1S1fEi _ZN1SC2Ev _ZN1SD0Ev _Z4convIldET_T0_PFiiPKcE
        _ZN12_GLOBAL__N_13fooEv _ZZ3lamiENKUlT_E_clIcEEDaS_ _ZGVZ3foovE1x _GLOBAL__I__Z3foov
        _GLOBAL__sub_I_foo _Z3fooi.cold _Z3fooi.part.0.constprop.1 _Z3barv.llvm.1234 foo.isra.0
        _ZN4core3fmt9Formatter3pad17h0123456789abcdefE
        _ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.99 _RNvC6_123foo3bar
        _RINvNtC3std3mem8align_ofdE _RNvMNtNtCs1234_7mycrate3foo3barINtB2_3BazpE4quux
        camlStdlib__List__map_123 camlFoo__bar camlFoo__$2b$3e_5 _Zgarbage
        __mod_MOD_name caml_main plain __under _Z""".split()
    require_program("as")
    source = os.path.join(tmp, "names.s")
    with open(source, "w") as file:
        file.write(".text\n")
        for name in names:
            file.write(f'.globl "{name}"\n.type "{name}", @function\n"{name}":\n.fill 16, 1, 0x90\n'
                       f'.size "{name}", 16\n')
    binary = os.path.join(tmp, "names.so")
    ok(run("as", "-o", source + ".o", source))
    ok(run("ld", "-shared", "-o", binary, source + ".o"))
    recording = FakeRecording()
    start = recording.map_file(binary, os.path.getsize(binary) + 4096)
    for offset in code_offsets(binary):
        recording.sample(start + offset)
    text = compare(tmp, recording)
    for readable in ("conv<long, double>", "<mycrate::foo::bar::Baz<_>>::quux",
                     "core::fmt::Formatter::pad", "Stdlib.List.map_123"):
        check_in(readable, text)


@test
def d_names_which_perf_prints_as_linked_are_read(tmp):
    require_program("as")
    source = os.path.join(tmp, "names.s")
    with open(source, "w") as file:
        for name in ("_Dmain", "_D3std5stdio4File5closeMFZv"):
            file.write(f'.globl {name}\n.type {name}, @function\n{name}:\n.fill 16, 1, 0x90\n'
                       f'.size {name}, 16\n')
    binary = os.path.join(tmp, "names.so")
    ok(run("as", "-o", source + ".o", source))
    ok(run("ld", "-shared", "-o", binary, source + ".o"))
    recording = FakeRecording()
    start = recording.map_file(binary, os.path.getsize(binary) + 4096)
    for offset in code_offsets(binary):
        recording.sample(start + offset)
    data = recording.write(os.path.join(tmp, "d.data"))
    text = prof_ok("script", "-i", data, "-F", "ip,sym").out
    check_in(" D main", text)
    check_in(" std.stdio.File.close\n", text)


@test
def stubs_of_the_plt_have_the_names_objdump_gives_them(tmp):
    # perf 6.1 names them wrongly in IBT binaries and often says _init+0x…: objdump is right.
    require_program("objdump")
    for path in (LIBRARIES + "libstdc++.so.6", LIBRARIES + "libc.so.6", "/bin/bash"):
        path = os.path.realpath(path)
        listing = ok(run("objdump", "-d", "--no-show-raw-insn", "-C", "-j", ".plt", "-j", ".plt.got",
                         "-j", ".plt.sec", path)).out
        wanted = {}
        for address, name in re.findall(r"^([0-9a-f]+) <(.*)@plt>:$", listing, re.M):
            if not name.startswith("*ABS*"):  # an indirect function: prof knows its name
                wanted[int(address, 16)] = re.sub(r"@.*", "", name)
        check(wanted, f"objdump names no stub of {path}")
        _, _, loads = sections(path)
        recording = FakeRecording()
        start = recording.map_file(path, os.path.getsize(path) + 4096)
        for address in wanted:
            offset = next(address - at + begin for _, begin, at, size, _ in loads
                          if at <= address < at + size)
            recording.sample(start + offset)
        data = recording.write(os.path.join(tmp, "stubs.data"))
        lines = prof_ok("script", "-i", data, "-F", "ip,sym").out.splitlines()
        check_equal(len(lines), len(wanted), "lines")
        for line, name in zip(lines, wanted.values()):
            got = line.strip().split(" ", 1)[1]
            check(got.endswith("@plt"), f"{path}: {name}@plt is {got}")
            # objdump prints parameters and return types, perf and prof do not.
            check_in(got[:-len("@plt")], name, f"{path}: stub")


@test
def kernel_addresses_have_perfs_names(tmp):
    require_root()
    addresses, text = set(), None
    with open("/proc/kallsyms") as kallsyms:
        for line in kallsyms:
            address, _, name = line.split()[:3]
            if name == "_text":
                text = int(address, 16)
            addresses.add(int(address, 16))
    if not text:
        raise Skip("kallsyms shows no addresses")
    inside = [a + delta for a in sorted(addresses) if text <= a < text + 0x3000000
              for delta in (0, 1, 8)]
    recording = FakeRecording()
    recording.map_kernel("[kernel.kallsyms]_text", text, 0x3000000, text)
    for address in thinned(inside):
        recording.sample(address, kernel=True)
    compare(tmp, recording, fields=KERNEL_FIELDS)


@test
def a_kernel_that_was_elsewhere_is_shifted_as_perf_does(tmp):
    kallsyms = os.path.join(tmp, "kallsyms")
    with open(kallsyms, "w") as file:
        file.write("""ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000010 T first
ffffffff81000010 t first_local
ffffffff81000060 r not_code
ffffffff81000070 D data
ffffffff810000a0 V weak_object
ffffffff810000c0 W last
""")
    recording = FakeRecording()
    text = 0xffffffff9a000000
    recording.map_kernel("[kernel.kallsyms]_text", text, 0x1000000, text)
    for address in range(text, text + 0x3000, 8):
        recording.sample(address, kernel=True)
    compare(tmp, recording, "--kallsyms", kallsyms, fields=KERNEL_FIELDS)


@test
def a_module_is_named_by_its_file_where_kallsyms_does_not_know_it(tmp):
    require_program("as")
    source = os.path.join(tmp, "fs.s")
    with open(source, "w") as file:
        for section, name in ((".text", "read_block"), (".init.text", "init_module"),
                              (".text.unlikely", "read_block.cold")):
            file.write(f'.section {section},"ax",@progbits\n.balign 16\n'
                       f'.type {name}, @function\n{name}:\n.fill 20, 1, 0x90\n.size {name}, 20\n')
    module = os.path.join(tmp, "fs.ko")
    ok(run("as", "-o", module, source))
    ok(run("xz", "--check=crc32", "-k", module))
    start = 0xffffffffc0a00000
    for path in (module, module + ".xz"):
        recording = FakeRecording()
        recording.map_kernel(path, start, 0x4000, 0)
        for offset in (0, 19, 20, 32, 51, 52):
            recording.sample(start + offset, kernel=True)
        data = recording.write(os.path.join(tmp, "module.data"))
        text = prof_ok("script", "-i", data, "-F", "ip,sym,symoff,dso", "--kallsyms",
                       "/nonexistent").out
        names = [line.strip().split(" ", 1)[1] for line in text.splitlines()]
        check_equal(names, ["read_block+0x0 ([fs])", "read_block+0x13 ([fs])", "[unknown] ([fs])",
                            "read_block.cold+0x0 ([fs])", "read_block.cold+0x13 ([fs])",
                            "[unknown] ([fs])"], path)


@test
def the_vdso_has_perfs_names(tmp):
    recording = FakeRecording()
    start = recording.map_file("[vdso]", 0x2000)
    for offset in range(0, 0x2000, 3):
        recording.sample(start + offset)
    check_in("clock_gettime", compare(tmp, recording))


@test
def mappings_without_a_file_have_perfs_names(tmp):
    recording = FakeRecording()
    for name in ("//anon", "/dev/zero (deleted)", "/anon_hugepage (deleted)", "[heap]", "[stack]",
                 "/SYSV00000000 (deleted)", "/memfd:jit (deleted)", "[vsyscall]", "[anon:arena]",
                 "/tmp/perf-77.map", "anon_inode:[perf_event]", "/usr/bin/gone (deleted)", "/",
                 "/x/module.ko"):
        start = recording.map_file(name, 0x10000, offset=0x1000)
        recording.sample(start + 0x10)
    compare(tmp, recording)


main(lambda: require_perf(exactly=(6, 1)))
