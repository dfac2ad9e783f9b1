"""The browser in the terminal, in a real one (tmux): rows are those of report --stdio, chains open,
filters and the flame graph work, and the terminal is left as it was."""

import os
import subprocess
import time

from harness import PROF, Skip, check, check_equal, check_in, main, prof_ok, require_program, run, test

STACKS = """\
demo;main;compute;inner_loop 300
demo;main;compute;inner_loop;sqrt 200
demo;main;compute 100
demo;main;Parse;parse_number 150
demo;main;write_out;関数名 200
other;main 50
"""


class Screen:
    """A terminal of tmux that a command runs in."""

    made = 0

    def __init__(self, tmp, *command, columns=100, rows=24, term="xterm-256color"):
        Screen.made += 1
        self.socket = f"{tmp}/tmux{Screen.made}"
        self.done = f"{tmp}/done{Screen.made}"
        text = " ".join(f"'{word}'" for word in command)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"TERM={term} {text}; echo code $? > {self.done}.part; mv {self.done}.part {self.done}; sleep 60")

    def tmux(self, *arguments):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}
        environment.pop("TMUX", None)
        return subprocess.run(["tmux", "-u", "-S", self.socket, *arguments], env=environment, check=True,
                              capture_output=True, text=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.tmux("kill-server")

    def text(self):
        return self.tmux("capture-pane", "-p")

    def wait(self, wanted, absent=None):
        end = time.monotonic() + 30
        while True:
            text = self.text()
            if wanted in text and (absent is None or absent not in text):
                return text
            check(time.monotonic() < end, f"no {wanted!r}{'' if absent is None else f' without {absent!r}'} in:\n{text}")
            time.sleep(0.05)

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def code(self):
        end = time.monotonic() + 30
        while not os.path.exists(self.done):
            check(time.monotonic() < end, f"it does not end:\n{self.text()}")
            time.sleep(0.05)
        with open(self.done, encoding="utf-8") as file:
            return int(file.read().split()[1])


def folded(tmp, text=STACKS):
    require_program("tmux")
    path = f"{tmp}/stacks.folded"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def rows_of(text):
    """The words of the rows on a screen, without the marks of what can be opened."""
    return [line.lstrip("+- ").split() for line in text.splitlines()[2:-1] if "%" in line]


@test
def rows_are_those_of_stdio(tmp):
    path = folded(tmp)
    expected = [line.split() for line in prof_ok("report", "--stdio", "-g", "none", "-i", path).out.splitlines()
                if line and not line.startswith("#")]
    with Screen(tmp, PROF, "tui", path) as screen:
        text = screen.wait("inner_loop")
        check_equal(rows_of(text), expected, "rows")
        check_in("Samples: 1000 of event", text, "the summary")
        check_in("関数名", text, "a name in Chinese")
        screen.keys("q")
        check_equal(screen.code(), 0, "exit code")


@test
def report_opens_it_on_a_terminal_and_stdio_does_not(tmp):
    path = folded(tmp)
    with Screen(tmp, PROF, "report", "-i", path) as screen:
        screen.wait("q quit")
        screen.keys("q")
        check_equal(screen.code(), 0, "exit code")
    with Screen(tmp, "env", "PAGER=cat", PROF, "report", "--stdio", "-g", "none", "-i", path) as screen:
        check_equal(screen.code(), 0, "exit code")
        check("q quit" not in screen.text(), "a browser for --stdio")
        check_in("# Children", screen.text(), "the table")


@test
def a_terminal_that_is_not_known_gets_text(tmp):
    path = folded(tmp)
    for term in ("no-such-terminal", "dumb"):
        with Screen(tmp, "env", f"TERM={term}", "PAGER=cat", PROF, "report", "-g", "none", "-i", path) as screen:
            check_equal(screen.code(), 0, f"exit code with TERM={term}")
            check_in("# Children", screen.text(), "the table")


@test
def chains_open_and_close(tmp):
    with Screen(tmp, PROF, "tui", folded(tmp)) as screen:
        text = screen.wait("+ ")
        first = text.splitlines()[2]
        check_in("main", first, "the heaviest row")
        screen.keys("Enter")
        text = screen.wait("- ")
        opened = [line for line in text.splitlines()[2:-1] if line.startswith("       ")]
        check(len(opened) >= 3, f"no chains under the row:\n{text}")
        check_in("compute", text, "what it calls")
        screen.keys("Enter")
        closed = screen.wait("q quit", absent="- 1")
        check_equal(len([line for line in closed.splitlines() if line.startswith("       ")]), 0, "chains")
        screen.keys("E")
        text = screen.wait("\n-")
        check(len([line for line in text.splitlines() if line.strip().startswith("-")]) > 2, f"all open:\n{text}")
        screen.keys("C")
        screen.wait("+ ", absent="\n- ")


@test
def filters_leave_what_was_asked_for(tmp):
    with Screen(tmp, PROF, "tui", folded(tmp)) as screen:
        screen.wait("write_out")
        screen.keys("/")
        screen.wait("Functions with:")
        screen.keys("-l", "parse_")
        screen.keys("Enter")
        text = screen.wait("symbol: parse_", absent="write_out")
        check_equal([words[-1] for words in rows_of(text)], ["parse_number"], "rows")
        screen.keys("Escape")
        screen.wait("write_out")
        screen.keys("q")
        check_equal(screen.code(), 0, "exit code")


@test
def the_flame_graph_zooms_and_searches(tmp):
    with Screen(tmp, PROF, "tui", folded(tmp)) as screen:
        screen.wait("inner_loop")
        screen.keys("f")
        text = screen.wait("Flame graph of")
        lines = text.splitlines()
        check_in("all", lines[1], "the root on top")
        at = next(i for i, line in enumerate(lines) if " compute" in line and i > 0)
        column = lines[at].index("compute")
        screen.keys("Down", "Down", "Down")
        screen.wait("compute (60.00%, self 10.00%)")
        screen.keys("Enter")
        zoomed = screen.wait("compute (60.00%", absent="write_out").splitlines()
        check(zoomed[at].index("compute") < column, f"not zoomed:\n{zoomed[at]}")
        screen.keys("Escape")
        screen.wait("write_out")
        screen.keys("/")
        screen.wait("Search:")
        screen.keys("-l", "sqrt")
        screen.keys("Enter")
        screen.wait("sqrt (20.00%, self 20.00%)")
        screen.keys("Escape", "i")
        text = screen.wait("sqrt (20.00%", absent="Search").splitlines()
        check_in("all", text[-2], "the root at the bottom")
        screen.keys("r")
        screen.wait("leaf first")
        screen.keys("q")
        screen.wait("Enter chains")


@test
def a_small_window_and_few_colours(tmp):
    path = folded(tmp, STACKS + "demo;" + "x" * 2000 + " 10\n")
    for columns, rows, term in ((30, 5, "vt100"), (20, 4, "xterm"), (200, 50, "screen-256color")):
        with Screen(tmp, PROF, "tui", path, columns=columns, rows=rows, term=term) as screen:
            screen.wait("Samples")
            screen.keys("End", "Right", "E", "f", "Down", "Down", "?")
            screen.wait("Keys")
            screen.keys("x", "q", "q")
            check_equal(screen.code(), 0, f"exit code in {columns} columns")
    

@test
def a_resized_window_is_drawn_anew(tmp):
    with Screen(tmp, PROF, "tui", folded(tmp)) as screen:
        screen.wait("q quit")
        screen.tmux("resize-window", "-x", "60", "-y", "10")
        end = time.monotonic() + 20
        while not screen.text().splitlines()[-1].startswith("q quit"):
            check(time.monotonic() < end, screen.text())
            time.sleep(0.1)
        check_equal(len(screen.text().splitlines()), 10, "lines")


@test
def what_is_shown_can_be_written(tmp):
    path = folded(tmp)
    with Screen(tmp, "env", "-C", tmp, PROF, "tui", path) as screen:
        screen.wait("q quit")
        screen.keys("P")
        screen.wait("written to perf.hist.0")
        screen.keys("P")
        screen.wait("written to perf.hist.1")
    with open(f"{tmp}/perf.hist.0", encoding="utf-8") as file:
        check_in("inner_loop", file.read(), "perf.hist.0")


@test
def a_recording_with_events(tmp):
    require_program("tmux")
    path = f"{tmp}/perf.data"
    done = run(PROF, "record", "-q", "-g", "-e", "page-faults:u,minor-faults:u", "-c", "1", "-o", path, "--", "ls", "/")
    if done.code != 0:
        raise Skip(f"cannot record: {done.err}")
    with Screen(tmp, PROF, "tui", path) as screen:
        screen.wait("page-faults:u")
        screen.keys("Tab")
        screen.wait("minor-faults:u")
        screen.keys("BTab", "d")
        screen.wait("DSO:")
        screen.keys("d", "t")
        screen.wait("thread: ls")
        screen.keys("q")
        check_equal(screen.code(), 0, "exit code")


@test
def without_a_terminal_it_says_so(tmp):
    done = run(PROF, "tui", folded(tmp))
    check_equal(done.code, 1, "exit code")
    check_in("no terminal", done.err, "the error")
    check_in("report --stdio", done.err, "the error")


main()
