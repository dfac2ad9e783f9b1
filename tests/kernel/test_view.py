"""prof view: the page is written, and the browser that the user named gets its address."""

import os
import stat

from harness import PROF, check, check_equal, check_in, main, run, test


def folded(tmp):
    path = f"{tmp}/stacks.folded"
    with open(path, "w", encoding="utf-8") as file:
        file.write("demo;main;work 10\n")
    return path


def view(tmp, *options, browser=None):
    environment = {"TMPDIR": str(tmp), "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": browser or ""}
    return run(PROF, "view", *options, env=environment)


def script(tmp, name, text):
    path = f"{tmp}/{name}"
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


@test
def without_a_browser_it_says_where_the_page_is(tmp):
    done = view(tmp, folded(tmp))
    check_equal(done.code, 0, f"exit code: {done.err}")
    path = done.out.strip()
    check(path.startswith(f"{tmp}/prof-") and path.endswith(".html"), f"path: {path}")
    check_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    check(page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>"), "a whole page")
    check_in(f"file://{path}", done.err, "the address")
    check_in("BROWSER", done.err, "what mends it")


@test
def the_browser_gets_the_address(tmp):
    works = script(tmp, "works", f'echo "$@" > {tmp}/seen')
    done = view(tmp, "-i", folded(tmp), "-o", f"{tmp}/a page.html", browser=f"{tmp}/no-such:false:{works} --new %s")
    check_equal((done.code, done.err, done.out.strip()), (0, "", f"{tmp}/a page.html"), "result")
    with open(f"{tmp}/seen", encoding="utf-8") as file:
        check_equal(file.read().strip(), f"--new file://{tmp}/a%20page.html", "what it was started with")


@test
def a_browser_that_stays_is_not_waited_for(tmp):
    stays = script(tmp, "stays", f'echo $$ > {tmp}/pid; exec sleep 60')
    done = view(tmp, folded(tmp), browser=stays)
    check_equal((done.code, done.err), (0, ""), "result")
    with open(f"{tmp}/pid", encoding="utf-8") as file:
        os.kill(int(file.read()), 9)  # it is still there


@test
def nothing_is_left_of_a_recording_that_cannot_be_read(tmp):
    done = view(tmp, f"{tmp}/none")
    check_equal(done.code, 1, "exit code")
    check_equal([name for name in os.listdir(tmp) if name.endswith(".html")], [], "pages")


main()
