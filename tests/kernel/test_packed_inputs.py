"""Inputs that are packed as a whole are read as if they were not."""

import gzip
import lzma
import os

from harness import check, check_equal, check_in, main, ok, prof, prof_ok, run, test, workload

COMMANDS = (("report", "--stdio"), ("script",), ("fold",), ("flamegraph",))


def zstd(data):
    return ok(run("zstd", "-q", "-c", stdin=data)).out_bytes


PACKERS = {".gz": gzip.compress, ".xz": lzma.compress, ".zst": zstd}


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


@test
def recordings_texts_and_stacks(tmp):
    plain = f"{tmp}/perf.data"
    prof_ok("record", "-q", "-g", "-o", plain, "--", workload("shares"), 0.3)
    texts = {"script": prof_ok("script", "-i", plain).out_bytes,
             "folded": prof_ok("fold", "-i", plain).out_bytes}
    wanted = {command: prof_ok(*command, "-i", plain).out for command in COMMANDS}
    of_texts = {name: prof_ok("fold", "-i", "-", stdin=text).out for name, text in texts.items()}
    for ending, pack in PACKERS.items():
        packed = write(plain + ending, pack(read(plain)))
        for command in COMMANDS:
            check_equal(prof_ok(*command, "-i", packed).out, wanted[command], f"{command} {ending}")
        piped = prof_ok("fold", "-i", "-", stdin=read(packed)).out
        check_equal(piped, wanted[("fold",)], f"through a pipe, {ending}")
        for name, text in texts.items():
            got = prof_ok("fold", "-i", "-", stdin=pack(text)).out
            check_equal(got, of_texts[name], f"{name}{ending}")


@test
def what_is_cut_off_is_read_up_to_there(tmp):
    stacks = b"".join(b"main;work_%d 1\n" % i for i in range(100000))
    for ending, pack in PACKERS.items():
        packed = pack(stacks)
        done = prof_ok("fold", "-i", write(f"{tmp}/cut{ending}", packed[:len(packed) // 2]))
        check(1000 < done.out.count("\n") < 100000, f"{done.out.count(chr(10))} stacks")
        check_in("damaged or cut off, as it is packed", done.err, ending)
        done = prof("fold", "-i", write(f"{tmp}/none{ending}", packed[:12]))
        check_equal(done.code, 1, f"exit code of 12 bytes of {ending}")
        check_in("damaged or cut off", done.err, ending)


@test
def a_bomb_is_stopped_at_a_gigabyte(tmp):
    path = f"{tmp}/bomb.gz"
    zeros = bytes(1 << 20)
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(1100):
            file.write(zeros)
    done = prof("report", "-i", path)
    check_equal(done.code, 1, f"exit code of:\n{done}")
    check_in("unpacks to more than 1", done.err, "message")
    check(os.path.getsize(path) < 1200000, "the bomb is no bomb")


main()
