"""Every command has a man page, which is well formed and tells of every option of its help text.

The options that all reading commands share may be left to prof-report(1) by a reference to it."""

import re
import sys

from harness import PROF, SOURCE, check, check_equal, main, prof_ok, require_program, run, test

sys.path.insert(0, str(SOURCE / "scripts"))
import generate_completions  # noqa: E402  # the generator is a script, not a package

FOLDER = SOURCE / "docs" / "man"
WITHOUT_SAMPLES = ("embed", "evlist", "buildids", "repair", "merge", "list", "doctor")


def plain_text(page):
    """The page as text without fonts or line breaks inside words."""
    done = run("groff", "-man", "-Tascii", "-P-cbou", "-rLL=500n", page)
    check_equal(done.code, 0, f"exit code of groff for {page}")
    return done.out


@test
def pages_are_well_formed():
    pages = sorted(FOLDER.glob("*.[17]"))
    check(pages, "there is no man page")
    for page in pages:
        done = run("groff", "-man", "-ww", "-z", page)
        check(done.code == 0 and not done.err, f"{page}: {done.err}")


def names_of(command):
    return {name for option in command.options for name in option.names}


@test
def every_option_is_told_of_and_no_other():
    commands = generate_completions.parse_commands(PROF)
    # Those read recordings, too, but take no samples out of them; stacks reads only its own, and
    # doctor and list none.
    shared = set.intersection(*(names_of(c) for c in commands
                                if c.name not in WITHOUT_SAMPLES + ("record", "stacks")))
    check("--symfs" in shared and "--help" in shared, f"shared options: {sorted(shared)}")
    for command in commands:
        page = FOLDER / f"prof-{command.name}.1"
        check(page.exists(), f"there is no {page}")
        text = plain_text(page)
        # Options the page defines stand at the start of a line; in examples and prose they do not.
        defined = set()
        for line in text.splitlines():
            if re.match(r"^ {1,9}-", line):
                defined |= set(re.findall(r"(?:(?<=^)|(?<=[\s,]))--?[A-Za-z][\w-]*", line.strip()))
        listed = names_of(command)
        if command.name not in WITHOUT_SAMPLES + ("report",) and "as in prof-report(1)" in " ".join(text.split()):
            defined |= shared
        check(not listed - defined, f"{page.name} does not tell of {sorted(listed - defined)}")
        long_ones = {name for name in defined if name.startswith("--")}
        check(not long_ones - listed, f"{page.name} tells of {sorted(long_ones - listed)}, which "
              f"'prof {command.name} --help' does not list")


@test
def the_first_page_names_every_command():
    text = plain_text(FOLDER / "prof.1")
    for command in generate_completions.parse_commands(PROF):
        check(f"prof-{command.name}" in text, f"prof.1 does not name prof-{command.name}")
    for option in generate_completions.parse_options(prof_ok("--help").out):
        for name in option.names:
            check(name in text, f"prof.1 does not tell of {name}")


main(lambda: require_program("groff"))
