"""`cmake --install` puts the binary, the man pages and the completions where each is looked for."""

import os
import pathlib

from harness import PROF, SOURCE, check, check_equal, main, ok, run, test

WANTED = [
    "usr/bin/prof",
    "usr/share/man/man1/prof.1",
    "usr/share/man/man1/prof-record.1",
    "usr/share/man/man1/prof-stacks.1",
    "usr/share/man/man1/prof-report.1",
    "usr/share/man/man1/prof-tui.1",
    "usr/share/man/man1/prof-view.1",
    "usr/share/man/man1/prof-script.1",
    "usr/share/man/man1/prof-flamegraph.1",
    "usr/share/man/man1/prof-embed.1",
    "usr/share/man/man1/prof-evlist.1",
    "usr/share/man/man1/prof-export.1",
    "usr/share/man/man1/prof-buildids.1",
    "usr/share/man/man1/prof-merge.1",
    "usr/share/man/man1/prof-repair.1",
    "usr/share/man/man1/prof-doctor.1",
    "usr/share/man/man1/prof-list.1",
    "usr/share/man/man1/prof-fold.1",
    "usr/share/man/man7/prof-where.7",
    "usr/share/bash-completion/completions/prof",
    "usr/share/zsh/site-functions/_prof",
    "usr/share/fish/vendor_completions.d/prof.fish",
    "usr/share/doc/prof/LICENSE",
    "usr/share/doc/prof/CHANGELOG.md",
]


@test
def everything_is_installed_and_nothing_else(tmp):
    build = pathlib.Path(PROF).resolve().parent
    ok(run("cmake", "--install", build, "--prefix", "/usr", env={"DESTDIR": tmp}))
    found = sorted(os.path.relpath(os.path.join(folder, name), tmp)
                   for folder, _, names in os.walk(tmp) for name in names)
    check_equal(found, sorted(WANTED), "installed files")
    done = ok(run(os.path.join(tmp, "usr/bin/prof"), "--version"))
    check(done.out.startswith("prof "), done)


@test
def installed_man_pages_are_those_of_the_tree(tmp):
    build = pathlib.Path(PROF).resolve().parent
    ok(run("cmake", "--install", build, "--prefix", "/usr", env={"DESTDIR": tmp}))
    for page in sorted((SOURCE / "docs" / "man").glob("*.[17]")):
        installed = pathlib.Path(tmp, f"usr/share/man/man{page.suffix[1:]}", page.name)
        check(installed.is_file(), f"{page.name} is not installed")
        check_equal(installed.read_bytes(), page.read_bytes(), page.name)


main()
