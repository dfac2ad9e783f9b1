"""The viewers of others that tests open exports in: packages of npm at the versions that
tests/viewers/package-lock.json pins, which scripts/setup installs."""

import os
import pathlib
import shutil

from harness import SOURCE, Skip, run

FOLDER = pathlib.Path(os.environ.get("PROF_VIEWERS", SOURCE / "build" / "viewers"))


def package(name):
    """The folder of a package, which must be there."""
    folder = FOLDER / "node_modules" / name
    if not (folder / "package.json").exists():
        raise Skip(f"the npm package {name} is not installed: scripts/setup does it where npm "
                   "reaches its registry")
    return folder


def node(script, *arguments):
    """Runs a script of JavaScript, which may require packages; its output."""
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None:
        raise Skip("node is not installed")
    done = run(program, "-e", script, *arguments, cwd=FOLDER)
    if done.code != 0:
        raise AssertionError(f"node failed:\n{done}")
    return done.out
