"""Every C++ file of ours is as clang-format 14 leaves it; scripts are as their interpreters read them."""

import ast
import shutil

from harness import SOURCE, Skip, check, main, ok, run, test


OURS = ("src", "bpf", "tests", "bench", "scripts", ".ci")


def files(*suffixes):
    """Our files with one of these suffixes, relative to the tree. An empty suffix: those without."""
    found = [path.relative_to(SOURCE) for folder in OURS for path in (SOURCE / folder).rglob("*")
             if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts]
    return sorted(str(path) for path in found)


@test
def cpp_files_are_formatted():
    program = shutil.which("clang-format-14")
    if program is None:
        raise Skip("clang-format-14 is not installed")
    done = run(program, "--dry-run", "-Werror", *files(".cpp", ".h", ".c"), cwd=SOURCE)
    check(done.code == 0, done.err)


@test
def scripts_parse():
    for name in files(".py", "", ".sh"):
        path = SOURCE / name
        text = path.read_bytes().decode("utf-8", "replace")
        if name.endswith(".py") or text.startswith("#!/usr/bin/env python3"):
            ast.parse(text, name)
        elif text.startswith("#!/bin/sh"):
            ok(run("sh", "-n", path))
        elif text.startswith("#!/usr/bin/env bash"):
            ok(run("bash", "-n", path))
        check(not text.startswith("#!") or name.startswith("tests/") or path.stat().st_mode & 0o100,
              f"{name} is not executable")


main()
