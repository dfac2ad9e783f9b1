"""The completions know every option of `prof COMMAND --help`, and no other."""

import re
import shutil
import sys

from harness import PROF, SOURCE, Skip, check, check_equal, main, ok, prof_ok, run, test

sys.path.insert(0, str(SOURCE / "scripts"))
import generate_completions  # noqa: E402  # the generator is a script, not a package

BASH = SOURCE / "completions" / "prof.bash"
COMMANDS = {"record", "report", "script", "fold", "flamegraph", "embed", "stacks", "list", "doctor",
            "evlist", "export", "buildids", "repair", "merge", "tui", "view"}
WITH_SAMPLES = {"record", "report", "script", "fold", "flamegraph", "embed", "stacks"}


def complete(*words):
    """What bash offers for the last of the words."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _prof; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return set(ok(run("bash", "-c", script, "bash", BASH, *words)).out.split())


@test
def the_files_are_what_the_generator_writes():
    done = run(sys.executable, SOURCE / "scripts" / "generate_completions.py", PROF, "--check")
    check(done.code == 0, done.out + "run scripts/generate_completions.py")


@test
def every_command_is_offered():
    offered = complete("prof", "")
    check_equal(offered - {"--help", "--version"}, COMMANDS, "commands")


@test
def every_option_in_help_is_offered_and_every_offered_one_is_taken():
    for command in COMMANDS:
        offered = {word for word in complete("prof", command, "-") if word.startswith("--")}
        listed = {name for option in generate_completions.parse_options(
            prof_ok(command, "--help").out) for name in option.names if name.startswith("--")}
        check(len(listed) > (5 if command in WITH_SAMPLES else 1), f"the help of {command} was not understood: {listed}")
        check_equal(offered, listed, f"long options of {command}")
        # The parser of help texts must not lose one: every --word that opens a line is known.
        for line in prof_ok(command, "--help").out.splitlines():
            if re.match(r"^  -", line):
                for name in re.findall(r"--[a-z][\w-]*", line.strip().split(" ")[0]):
                    check(name in listed, f"{command}: {name} is not offered")


@test
def arguments_are_offered():
    check_equal(complete("prof", "report", "--demangle", ""), {"names", "full", "none"},
                "values of --demangle")
    check("cpu-clock" in complete("prof", "record", "-e", "cpu"), "events after -e")


@test
def the_table_of_arguments_names_options_that_are_there():
    stale = generate_completions.stale_arguments(generate_completions.parse_commands(PROF))
    check(not stale, f"ARGUMENTS of generate_completions.py names {stale}")


@test
def zsh_and_fish_can_read_their_files():
    shells = [shell for shell in ("zsh", "fish") if shutil.which(shell)]
    if not shells:
        raise Skip("neither zsh nor fish is installed")
    for shell in shells:
        ok(run(shell, "-n", SOURCE / "completions" / f"prof.{shell}"))


main()
