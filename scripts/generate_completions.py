#!/usr/bin/env python3
"""Writes completions/ for bash, zsh and fish from what `prof --help` says.

    scripts/generate_completions.py PROF            writes the files
    scripts/generate_completions.py PROF --check    exits 1 and names those that would change

Run it after changing an option. What an option's argument completes to is in ARGUMENTS below.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "completions"

FILE, FOLDER_NAME, PROCESS, USER = "file", "folder", "process", "user"
EVENTS = ["cycles", "instructions", "cache-references", "cache-misses", "branches", "branch-misses",
          "bus-cycles", "ref-cycles", "stalled-cycles-frontend", "stalled-cycles-backend",
          "cpu-clock", "task-clock", "page-faults", "minor-faults", "major-faults",
          "context-switches", "cpu-migrations", "alignment-faults", "emulation-faults"]
PALETTES = ["hot", "mem", "io", "red", "green", "blue", "aqua", "yellow", "purple", "orange", "java",
            "js", "perl", "python", "rust", "chain", "wakeup", "safe", "contrast"]

# (command or "*", option) → what its argument is: one of the kinds above, or a list of words.
# Options that are not here take anything.
ARGUMENTS = {
    ("*", "--input"): FILE,
    ("*", "--output"): FILE,
    ("*", "--kallsyms"): FILE,
    ("*", "--vmlinux"): FILE,
    ("*", "--symfs"): FOLDER_NAME,
    ("*", "--demangle"): ["names", "full", "none"],
    ("record", "--pid"): PROCESS,
    ("stacks", "--pid"): PROCESS,
    ("list", "--pid"): PROCESS,
    ("stacks", "--call-graph"): ["fp", "bpf"],
    ("record", "--uid"): USER,
    ("record", "--event"): EVENTS,
    ("record", "--call-graph"): ["fp"],
    ("record", "--clockid"): ["monotonic", "monotonic_raw", "realtime", "boottime", "tai"],
    ("report", "--sort"): ["comm", "dso", "sym", "pid", "tid", "cpu", "trace"],
    ("report", "--call-graph"): ["graph", "fractal", "flat", "folded", "none"],
    ("script", "--fields"): ["comm", "tid", "pid", "time", "cpu", "event", "ip", "sym", "symoff",
                             "dso", "period", "trace"],
    ("script", "--addr"): ["relative", "absolute"],
    ("flamegraph", "--colors"): PALETTES,
    ("export", "--format"): ["speedscope", "firefox", "pprof", "chrome", "callgrind", "d3", "csv",
                             "json", "folded"],
    ("*", "--input-format"): ["perf", "speedscope", "firefox", "cpuprofile", "pprof", "bpftrace",
                              "script", "bcc", "folded"],
    ("export", "--weight"): ["samples", "period"],
    ("diff", "--weight"): ["samples", "period"],
    ("diff", "--before"): FILE,
    ("diff", "--after"): FILE,
    ("diff", "--normalize"): ["share", "time", "none"],
    ("diff", "--sort"): ["self", "total", "before", "after", "name"],
    ("diff", "--color-by"): ["total", "self"],
    ("flamegraph", "--color-by"): ["kind", "dso", "package", "self"],
    ("flamegraph", "--palette-map"): FILE,
    ("flamegraph", "--nameattr"): FILE,
    ("flamegraph", "--weight"): ["samples", "period"],
    ("fold", "--weight"): ["samples", "period"],
    ("report", "--weight"): ["period"],
}

HEADER = "completion for prof. Written by scripts/generate_completions.py; do not edit."


class Option:
    def __init__(self, names, takes_value, text):
        self.names = names  # "-i", "--input"
        self.takes_value = takes_value
        self.text = text

    def argument(self, command):
        """A kind, a list of words, or None for anything."""
        if not self.takes_value:
            return None
        for key in (command, "*"):
            for name in self.names:
                if (key, name) in ARGUMENTS:
                    return ARGUMENTS[key, name]
        return None


class Command:
    def __init__(self, name, text, options):
        self.name = name
        self.text = text
        self.options = options


def help_of(prof, *words):
    return subprocess.run([prof, *words, "--help"], stdout=subprocess.PIPE, check=True, text=True,
                          timeout=60).stdout


def sections(text):
    """(left column, right column) of each entry of a help text, with its section's title."""
    title, entries = "", []
    for line in text.splitlines():
        if re.match(r"^\S.*:$", line):
            title = line[:-1]
        elif re.match(r"^  \S", line):
            left, _, right = line.strip().partition("  ")
            entries.append([title, left, right.strip()])
        elif line.strip() and line.startswith("    ") and entries:
            entries[-1][2] = f"{entries[-1][2]} {line.strip()}".strip()
    return entries


def parse_options(text):
    """The options a help text lists."""
    options = []
    for _, left, right in sections(text):
        if not left.startswith("-"):
            continue
        names, _, value = left.partition(" ")
        names = [re.sub(r"\{.*\}$", "", name) for name in names.split(",")]
        options.append(Option(names, bool(value.strip()), right))
    return options


def parse_commands(prof):
    commands = []
    for title, left, right in sections(help_of(prof)):
        if title.lower() == "subcommands":
            name = left.split()[0].rstrip(",")  # aliases follow
            commands.append(Command(name, right, parse_options(help_of(prof, name))))
    return commands


# The three shells ----------------------------------------------------------------------------

def bash(commands):
    lines = [f"# bash {HEADER}", "", "_prof() {",
             '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}',
             '  local command=${COMP_WORDS[1]} words=""',
             "  COMPREPLY=()",
             "  if [[ $COMP_CWORD -eq 1 ]]; then",
             f'    COMPREPLY=($(compgen -W "{" ".join(c.name for c in commands)} --help --version" '
             '-- "$current"))',
             "    return", "  fi", '  case "$command $previous" in']
    for command in commands:
        for option in command.options:
            if not option.takes_value:
                continue
            pattern = " | ".join(f'"{command.name} {name}"' for name in option.names)
            lines += [f"    {pattern})", f"      {bash_values(option.argument(command.name))}",
                      "      return", "      ;;"]
    lines += ["  esac", '  case "$command" in']
    for command in commands:
        words = " ".join(name for option in command.options for name in option.names)
        lines += [f"    {command.name})", f'      words="{words}"', "      ;;"]
    lines += ["  esac", '  if [[ $current == -* ]]; then',
              '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
              '  elif [[ $command == record ]]; then',
              '    COMPREPLY=($(compgen -c -- "$current"))',
              '  elif [[ $command == stacks ]]; then',
              f'    COMPREPLY=($(compgen -c -W "{" ".join(EVENTS)}" -- "$current"))',
              "  else", '    COMPREPLY=($(compgen -f -- "$current"))', "  fi", "}",
              "complete -o filenames -F _prof prof"]
    return "\n".join(lines) + "\n"


def bash_values(argument):
    if argument == FILE:
        return 'COMPREPLY=($(compgen -f -- "$current"))'
    if argument == FOLDER_NAME:
        return 'COMPREPLY=($(compgen -d -- "$current"))'
    if argument == PROCESS:
        return 'COMPREPLY=($(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current"))'
    if argument == USER:
        return 'COMPREPLY=($(compgen -u -- "$current"))'
    if argument:
        return f'COMPREPLY=($(compgen -W "{" ".join(argument)}" -- "$current"))'
    return "# anything"


def zsh_text(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_values(argument):
    if argument == FILE:
        return ":file:_files"
    if argument == FOLDER_NAME:
        return ":folder:_files -/"
    if argument == PROCESS:
        return ":process:_pids"
    if argument == USER:
        return ":user:_users"
    return f":value:({' '.join(argument)})" if argument else ":value: "


def zsh(commands):
    lines = ["#compdef prof", f"# zsh {HEADER}", "", "_prof() {", "  local -a commands", "  commands=("]
    lines += [f"    '{c.name}:{zsh_text(c.text)}'" for c in commands]
    lines += ["  )", "  if (( CURRENT == 2 )); then", "    _describe command commands",
              "    _arguments '--help[help]' '--version[version]'", "    return", "  fi",
              "  local command=$words[2]", "  shift words", "  (( CURRENT-- ))",
              "  case $command in"]
    for command in commands:
        lines += [f"    {command.name})", "      _arguments -s -S \\"]
        for option in command.options:
            value = zsh_values(option.argument(command.name)) if option.takes_value else ""
            for name in option.names:
                lines.append(f"        '*{name}[{zsh_text(option.text)}]{value}' \\")
        rest = "'*:file:_files'"
        if command.name == "record":
            rest = "'*:: :_normal'"
        elif command.name == "stacks":
            rest = f"':event:({' '.join(EVENTS)})' '*:: :_normal'"
        lines += [f"        {rest}", "      ;;"]
    lines += ["  esac", "}", "", '_prof "$@"']
    return "\n".join(lines) + "\n"


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_values(argument):
    if argument == FILE:
        return " -r -F"
    if argument == FOLDER_NAME:
        return " -x -a '(__fish_complete_directories)'"
    if argument == PROCESS:
        return " -x -a '(__fish_complete_pids)'"
    if argument == USER:
        return " -x -a '(__fish_complete_users)'"
    return f" -x -a {fish_quote(' '.join(argument))}" if argument else " -x"


def fish(commands):
    lines = [f"# fish {HEADER}", "", "complete -c prof -n __fish_use_subcommand -f"]
    for command in commands:
        lines.append(f"complete -c prof -n __fish_use_subcommand -a {command.name} "
                     f"-d {fish_quote(command.text)}")
    for command in commands:
        for option in command.options:
            names = "".join(f" -l {n[2:]}" if n.startswith("--") else f" -s {n[1:]}"
                            for n in option.names)
            value = fish_values(option.argument(command.name)) if option.takes_value else ""
            lines.append(f"complete -c prof -n '__fish_seen_subcommand_from {command.name}'{names}"
                         f"{value} -d {fish_quote(option.text)}")
    return "\n".join(lines) + "\n"


def generate(prof):
    """{file name: content}"""
    commands = parse_commands(prof)
    return {"prof.bash": bash(commands), "prof.zsh": zsh(commands), "prof.fish": fish(commands)}


def stale_arguments(commands):
    """Rows of ARGUMENTS that no option uses any more."""
    used = set()
    for command in commands:
        for option in command.options:
            for name in option.names:
                used |= {(command.name, name), ("*", name)}
    return sorted(f"{command} {name}" for command, name in ARGUMENTS if (command, name) not in used)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prof")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    changed = []
    for name, content in generate(arguments.prof).items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            changed.append(name)
            if not arguments.check:
                FOLDER.mkdir(exist_ok=True)
                path.write_text(content, encoding="utf-8")
    for name in changed:
        print(f"completions/{name}: " + ("out of date" if arguments.check else "written"))
    return 1 if arguments.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
