"""scripts/check_includes: the tree keeps to the module table, and the script sees what does not."""

import os
import pathlib

from harness import SOURCE, check, check_equal, check_in, main, run, test

SCRIPT = SOURCE / "scripts" / "check_includes"


def check_file(tmp, path, text):
    """The script's findings for a tree of two headers and this file."""
    for name in ("common/result.h", "report/load.h", "report/profile.h", path):
        file = pathlib.Path(tmp) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if name == path else "#pragma once\n", encoding="utf-8")
    return run(SCRIPT, tmp)


@test
def the_tree_keeps_to_the_table():
    done = run(SCRIPT)
    check(done.code == 0, done.out)


@test
def what_the_table_allows_passes(tmp):
    done = check_file(tmp, "flamegraph/svg.cpp", "#include <sys/stat.h>\n#include <fmt/core.h>\n"
                      "#include <vector>\n#include \"common/result.h\"\n"
                      "#include \"report/profile.h\"\n#include \"flamegraph_css.inc\"\n")
    check(done.code == 0, done.out)


@test
def a_violation_is_named_with_file_and_line(tmp):
    done = check_file(tmp, "common/x.cpp", "#include <vector>\n\n#include \"report/load.h\"\n")
    check_equal(done.code, 1, "exit code")
    check_in(os.path.join("common", "x.cpp") + ":3: common may not include report", done.out)


@test
def a_header_that_is_not_in_a_modules_row_is_refused(tmp):
    done = check_file(tmp, "flamegraph/x.cpp", "#include \"report/load.h\"\n")
    check_equal(done.code, 1, "exit code")


@test
def a_library_of_another_module_is_refused(tmp):
    for path, header in (("common/x.h", "zstd.h"), ("report/x.h", "CLI/CLI.hpp"),
                         ("perfdata/x.h", "gelf.h"), ("record/x.h", "elfutils/libdw.h"),
                         ("main.cpp", "zstd.h")):
        done = check_file(tmp, path, f"#  include <{header}>\n")
        check_equal(done.code, 1, f"exit code for <{header}> in {path}")
        os.remove(os.path.join(tmp, path))


@test
def unknown_headers_modules_and_relative_paths_are_refused(tmp):
    for path, line in (("common/x.h", "#include <boost/any.hpp>"),
                       ("common/x.h", "#include \"result.h\""),
                       ("common/x.h", "#include \"bpf/unwind_rule.h\""),
                       ("unwind/x.h", "#include \"bpf/missing.h\""),
                       ("common/x.h", "#include \"../report/load.h\""),
                       ("common/x.h", "#include \"common/missing.h\""),
                       ("utils/x.h", "#include <vector>")):
        done = check_file(tmp, path, line + "\n")
        check_equal(done.code, 1, f"exit code for {line} in {path}")


main()
