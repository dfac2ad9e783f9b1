#!/usr/bin/env python3
"""prof flamegraph and prof fold against files kept beside this test.

PROF_BLESS=1 python3 tests/golden/test_flamegraph_golden.py   writes them anew; look at the diff."""

import os
import pathlib
import re
import xml.dom.minidom

from harness import *

HERE = pathlib.Path(__file__).resolve().parent / "flamegraph"


def without_assets(svg):
    """The stylesheet and script are files of their own; a golden would only repeat them."""
    svg = re.sub(r"(<style>).*?(</style>)", r"\1\2", svg, flags=re.S)
    return re.sub(r"(<script>).*?(</script>)", r"\1\2", svg, flags=re.S)


def compare(name, text):
    golden = HERE / name
    if os.environ.get("PROF_BLESS") == "1":
        golden.write_text(text)
    check(golden.exists(), f"{golden} is missing: bless it")
    check_same_lines(text, golden.read_text(), name)


def picture(folded, *options):
    svg = prof_ok("flamegraph", "-i", HERE / folded, *options).out
    xml.dom.minidom.parseString(svg)  # any XML reader takes it
    return svg


@test
def a_flame_graph_is_drawn_as_before():
    compare("languages.svg", without_assets(picture("languages.folded")))


@test
def a_reversed_icicle_graph_is_drawn_as_before():
    svg = picture("languages.folded", "--reverse", "--inverted", "--width", "600", "--colors",
                  "java", "--bgcolors", "yellow", "--title", "A & B", "--subtitle", "<commit>",
                  "--notes", "n", "--minwidth", "1%", "--height", "20", "--fontsize", "14",
                  "--countname", "bytes", "--nametype", "Frame:", "--factor", "2")
    compare("reversed.svg", without_assets(svg))


@test
def a_chain_graph_of_decimals_is_drawn_as_before():
    compare("chain.svg", without_assets(picture("chain.folded", "--colors", "chain")))


@test
def differentials_are_drawn_as_before():
    compare("differential.svg", without_assets(picture("differential.folded", "--width", "800")))
    svg = prof_ok("diff", "--flamegraph", "--inverted", "--width", "800", "--title", "A & B",
                  "differential.folded", cwd=HERE).out
    xml.dom.minidom.parseString(svg)
    compare("diff.svg", without_assets(svg))


@test
def differences_are_printed_as_before():
    compare("diff.txt", prof_ok("diff", "differential.folded", cwd=HERE).out)
    compare("diff.csv", prof_ok("diff", "-t,", "--sort", "total", "differential.folded", cwd=HERE).out)
    text = prof_ok("diff", "--folded", "differential.folded", cwd=HERE).out
    check_equal(sorted(text.splitlines()),
                sorted((HERE / "differential.folded").read_text().splitlines()[1:]))


@test
def folded_stacks_are_written_as_before():
    options = ("--marks", "--weight", "period")
    for name in ("languages", "chain"):
        text = prof_ok("fold", "-i", HERE / f"{name}.folded", *options).out
        compare(f"{name}.out.folded", text)
        again = prof_ok("fold", "-i", "-", *options, stdin=text.encode()).out
        check_same_lines(again, text, "what was written, read back")


@test
def the_same_input_gives_the_same_bytes():
    check_equal(picture("languages.folded"), picture("languages.folded"))
    lines = (HERE / "languages.folded").read_text().splitlines()
    turned = prof_ok("flamegraph", "-i", "-", stdin="\n".join(reversed(lines)).encode()).out
    check_equal(turned, picture("languages.folded"), "stacks in another order")


@test
def every_palette_is_drawn(tmp):
    pictures = set()
    names = ("hot mem io red green blue aqua yellow purple orange java js perl chain "
             "wakeup python rust safe contrast").split()
    for name in names:
        pictures.add(without_assets(picture("languages.folded", "--colors", name)))
    check_equal(len(pictures), len(names) - 1, "different pictures")  # wakeup is aqua
    refused = prof("flamegraph", "-i", HERE / "languages.folded", "--colors", "plaid")
    check_equal(refused.code, 2)
    check_in("no colours 'plaid'", refused.err)


@test
def no_stacks_give_a_picture_that_says_so_and_exit_code_2(tmp):
    out = pathlib.Path(tmp) / "none.svg"
    for text in (b"# nothing\n", b"no count\n"):
        done = prof("flamegraph", "-i", "-", "-o", out, stdin=text)
        check_equal(done.code, 2)
        check_in("no stacks found", done.err)
        check_in("No stacks found", out.read_text())
        xml.dom.minidom.parse(str(out))
        check_equal(prof("fold", "-i", "-", stdin=text).code, 2)


@test
def a_missing_input_leaves_the_output_alone(tmp):
    out = pathlib.Path(tmp) / "kept.svg"
    out.write_text("kept")
    done = prof("flamegraph", "-i", pathlib.Path(tmp) / "missing", "-o", out)
    check_equal(done.code, 1)
    check_in("missing", done.err)
    check_equal(out.read_text(), "kept")


@test
def bad_options_are_refused():
    for options in (("--width", "5"), ("--minwidth", "x"), ("--bgcolors", "url(#x)"),
                    ("--fontsize", "0"), ("--height", "0"), ("--factor", "-1"),
                    ("--weight", "grams")):
        done = prof("flamegraph", "-i", HERE / "languages.folded", *options)
        check_equal(done.code, 2, " ".join(options))
        check_equal(done.out, "", "standard output")


@test
def stacks_begin_where_asked(tmp):
    path = pathlib.Path(tmp) / "x.folded"
    path.write_text("sh;main;work;deep;work;leaf 3\nsh;main;other 2\nvi;main;work 4\n")
    fold = lambda *options: prof_ok("fold", "-i", path, *options).out
    check_equal(fold("--base", "work"), "sh;main;other 2\nwork 4\nwork;leaf 3\n", "--base")
    check_equal(fold("--skip-after", "work"), "sh;main;other 2\nsh;work;leaf 3\nvi;work 4\n",
                "--skip-after")
    check_equal(sorted(fold("--base", "none").splitlines()), sorted(path.read_text().splitlines()),
                "no such function")
    check_equal(fold("--base", "other,leaf"), "leaf 3\nother 2\nvi;main;work 4\n", "two names")
    check_equal(fold("--base", "sh"), fold(), "the root itself")
    svg = prof_ok("flamegraph", "-i", path, "--base", "work", "--minwidth", "0").out
    check_in("<title>work (7 samples", svg)


@test
def colours_are_kept_between_pictures(tmp):
    kept = pathlib.Path(tmp) / "palette.map"
    kept.write_text("write->rgb(1,2,3)\n")
    svg = prof_ok("flamegraph", "-i", HERE / "languages.folded", "--cp", cwd=tmp).out
    check_in('fill="#010203"', svg)
    first = kept.read_text()
    check_in("write->rgb(1,2,3)\n", first)
    check(len(first.splitlines()) > 10, first)
    again = prof_ok("flamegraph", "-i", HERE / "languages.folded", "--colors", "blue",
                    "--palette-map", kept).out
    frames = lambda text: [line for line in text.splitlines() if line.startswith("<g class=\"frame")]
    check_equal(frames(again)[1:], frames(svg)[1:], "all colours are kept")
    check_equal(kept.read_text(), first, "nothing new")
    kept.write_text("write->red\n")
    done = prof("flamegraph", "-i", HERE / "languages.folded", "--palette-map", kept)
    check_equal(done.code, 1)
    check_in("line 1 is not 'name->rgb(1,2,3)'", done.err)


@test
def functions_have_the_attributes_that_a_file_says(tmp):
    said = pathlib.Path(tmp) / "attributes"
    said.write_text("write\thref=https://example.org/?a=1&b=2\ttitle=<the write>\n")
    svg = picture("languages.folded", "--nameattr", said)
    check_in('<a href="https://example.org/?a=1&amp;b=2" target="_top"><g class="frame"', svg)
    check_in("<title>&lt;the write&gt;</title>", svg)
    said.write_text("write\tfoo=1\n")
    done = prof("flamegraph", "-i", HERE / "languages.folded", "--nameattr", said)
    check_equal(done.code, 1)
    check_in("line 1: no attribute 'foo'", done.err)


@test
def the_script_and_stylesheet_are_well_placed():
    svg = picture("languages.folded")
    document = xml.dom.minidom.parseString(svg)
    for tag in ("style", "script"):
        nodes = document.getElementsByTagName(tag)
        check_equal(len(nodes), 1, tag)
        check(len(nodes[0].firstChild.data) > 500, f"the {tag} is empty")
    frames = [g for g in document.getElementsByTagName("g") if g.getAttribute("class") == "frame"]
    for frame in frames:
        children = [node.tagName for node in frame.childNodes]
        check_in(children, (["title", "rect"], ["title", "rect", "text"]))


if __name__ == "__main__":
    main()
