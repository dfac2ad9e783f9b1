#!/usr/bin/env python3
"""The flame graph in a real browser: it opens without an error, zooms, searches, keeps its state."""

import os
import subprocess
import sys
import time
import urllib.parse

from webdriver import ELEMENT, run_tests

STACKS = """\
demo;main;compute;inner_loop 300
demo;main;compute;inner_loop;sqrt 200
demo;main;compute 100
demo;main;Parse;parse_number 150
demo;main;Parse;parse_number;parse_digit 50
demo;main;write_out;vfs_write_[k] 150
other;main 50
"""
PAD = 12  # left and right of the frames, in pixels

FRAME = """
  const name = arguments[0];
  const g = [...document.querySelectorAll('#frames > g')].find(
      g => g.querySelector('title').textContent.startsWith(name + ' ('));
  if (!g) return null;
  const rect = g.querySelector('rect');
  return { title: g.querySelector('title').textContent, text: g.querySelector('text')?.textContent ?? '',
           x: Number(rect.getAttribute('x')), width: Number(rect.getAttribute('width')),
           shown: getComputedStyle(g).display !== 'none', classes: g.getAttribute('class'),
           fill: getComputedStyle(rect).fill, element: g };
"""


class Page:
    """A flame graph of some folded stacks, open in the browser."""

    def __init__(self, browser, folder, stacks, *options, name="graph"):
        self.browser = browser
        folded = folder / f"{name}.folded"
        folded.write_bytes(stacks if isinstance(stacks, bytes) else stacks.encode())
        self.file = folder / f"{name}.svg"
        with open(self.file, "wb") as out:
            subprocess.run([os.environ["PROF"], "flamegraph", "-i", folded, *options], stdout=out,
                           check=True)
        browser.resize(1400, 900)
        browser.open(self.file.as_uri())

    def frame(self, name):
        found = self.browser.run(FRAME, name)
        assert found, f"no frame {name}"
        return found

    def click(self, name):
        self.browser.click(list(self.frame(name)["element"].values())[0])

    def button(self, name):
        self.browser.click(self.browser.find("#" + name))

    def text(self, name):
        return self.browser.run("return document.getElementById(arguments[0]).textContent", name)

    def hidden(self, selector):
        return self.browser.run(
            "return getComputedStyle(document.querySelector(arguments[0])).display === 'none'",
            selector)

    def inner_width(self):
        return self.browser.run("return document.documentElement.clientWidth") - 2 * PAD


def near(a, b, tolerance=1.0):
    assert abs(a - b) <= tolerance, f"{a} is not near {b}"


def test_it_fills_the_window_and_follows_its_size(browser, folder):
    page = Page(browser, folder, STACKS)
    near(page.frame("all")["width"], page.inner_width())
    near(page.frame("compute")["width"], 0.6 * page.inner_width())
    assert page.frame("all")["title"] == "all (1,000 samples, 100%)"
    assert page.frame("compute")["title"] == "compute (600 samples, 60.00%)"
    browser.resize(900, 700)
    time.sleep(0.3)
    assert page.inner_width() < 880
    near(page.frame("all")["width"], page.inner_width())
    near(page.frame("compute")["width"], 0.6 * page.inner_width())


def test_a_fixed_width_stays(browser, folder):
    page = Page(browser, folder, STACKS, "--width", "800")
    near(page.frame("all")["width"], 800 - 2 * PAD)
    browser.resize(700, 700)
    time.sleep(0.3)
    near(page.frame("all")["width"], 800 - 2 * PAD)


def test_hovering_shows_the_details(browser, folder):
    page = Page(browser, folder, STACKS)
    browser.hover(list(page.frame("vfs_write")["element"].values())[0])
    assert page.text("details") == "Function: vfs_write (150 samples, 15.00%)", page.text("details")


def test_a_click_zooms_and_keeps_the_ancestors(browser, folder):
    page = Page(browser, folder, STACKS)
    assert page.hidden("#unzoom")
    page.click("inner_loop")
    full = page.inner_width()
    for ancestor in ("all", "demo", "main", "compute"):
        frame = page.frame(ancestor)
        near(frame["width"], full)
        assert frame["shown"] and "ancestor" in frame["classes"], frame
    zoomed = page.frame("inner_loop")
    near(zoomed["width"], full)
    assert "ancestor" not in zoomed["classes"]
    near(page.frame("sqrt")["width"], 0.4 * full)
    for gone in ("Parse", "write_out", "other", "parse_digit"):
        assert not page.frame(gone)["shown"], gone
    page.click("compute")  # an ancestor zooms out to itself
    near(page.frame("inner_loop")["width"], full * 5 / 6)
    page.button("unzoom")
    near(page.frame("inner_loop")["width"], 0.5 * full)
    assert page.frame("Parse")["shown"] and "ancestor" not in page.frame("main")["classes"]
    assert page.hidden("#unzoom")


def test_back_and_escape_undo_a_zoom(browser, folder):
    page = Page(browser, folder, STACKS)
    page.click("Parse")
    near(page.frame("Parse")["width"], page.inner_width())
    browser.back()
    near(page.frame("Parse")["width"], 0.2 * page.inner_width())
    page.click("Parse")
    browser.press("escape")
    near(page.frame("Parse")["width"], 0.2 * page.inner_width())


def search(page, text):
    page.button("search")
    page.browser.type(text)


def test_a_search_counts_nested_matches_once(browser, folder):
    page = Page(browser, folder, STACKS)
    search(page, "parse")
    assert page.text("matched") == "Matched: 20.0%", page.text("matched")
    assert page.frame("parse_number")["fill"] == "rgb(230, 0, 230)"
    assert page.frame("parse_digit")["fill"] == "rgb(230, 0, 230)"
    assert page.frame("Parse")["fill"] != "rgb(230, 0, 230)"
    browser.press("escape")
    assert page.text("matched") == ""
    assert page.frame("parse_digit")["fill"] != "rgb(230, 0, 230)"
    search(page, "^(sqrt|write_out)$")
    assert page.text("matched") == "Matched: 35.0%", page.text("matched")


def test_keys_open_the_search(browser, folder):
    for keys in (("control", "f"), ("f3",), ("/",)):
        page = Page(browser, folder, STACKS)
        browser.press(*keys)
        browser.type("main$")
        assert page.text("matched") == "Matched: 100%", (keys, page.text("matched"))
        browser.press("enter")
        assert page.hidden("foreignObject")
        assert page.text("matched") == "Matched: 100%"


def test_case_is_ignored_on_request(browser, folder):
    page = Page(browser, folder, STACKS)
    search(page, "PARSE_N")
    assert page.text("matched") == "Matched: 0.0%", page.text("matched")
    page.button("ignorecase")
    assert page.text("matched") == "Matched: 20.0%", page.text("matched")
    browser.press("control", "i")
    assert page.text("matched") == "Matched: 0.0%"


def test_a_broken_expression_is_no_error(browser, folder):
    page = Page(browser, folder, STACKS)
    search(page, "(")
    assert page.text("matched") == "Not a regular expression", page.text("matched")
    browser.type("sqrt)")
    assert page.text("matched") == "Matched: 20.0%", page.text("matched")


def test_the_address_holds_the_state(browser, folder):
    page = Page(browser, folder, STACKS)
    page.click("compute")
    search(page, "SQRT")
    page.button("ignorecase")
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(browser.url()).query)
    assert set(state) == {"x", "y", "s", "i"} and state["s"] == ["SQRT"], state
    address = browser.url()
    for come_back in (browser.reload, lambda: browser.open(address)):
        browser.open("about:blank") if come_back != browser.reload else None
        come_back()
        near(page.frame("compute")["width"], page.inner_width())
        assert page.text("matched") == "Matched: 20.0%", page.text("matched")
        assert not page.hidden("#unzoom")


def focused(page):
    return page.browser.run("""
        const frames = [...document.querySelectorAll('.frame.focus title')];
        return frames.map(title => title.textContent.replace(/ \\(.*/, ''))""")


def test_arrows_move_and_enter_zooms(browser, folder):
    for options, outwards, back in ((("--width", "1000"), "up", "down"), (("--inverted",), "down", "up")):
        page = Page(browser, folder, STACKS, *options)
        assert focused(page) == []
        steps = [(outwards, "all"), (outwards, "demo"), (outwards, "main"), (outwards, "compute"),
                 (outwards, "inner_loop"), ("left", "parse_number"), ("right", "inner_loop"),
                 (back, "compute"), ("left", "Parse"), ("right", "compute"), ("right", "write_out")]
        for key, name in steps:
            browser.press(key)
            assert focused(page) == [name], (key, name, focused(page))
            assert page.text("details").startswith(f"Function: {name} ("), page.text("details")
        browser.press("left")
        browser.press("enter")
        near(page.frame("compute")["width"], page.frame("all")["width"])
        assert not page.hidden("#unzoom")
        browser.press("right")  # what is hidden is passed over
        assert focused(page) == ["compute"], focused(page)
        browser.press("escape")
        assert page.hidden("#unzoom") and focused(page) == ["compute"]
        browser.press("escape")
        assert focused(page) == [] and page.text("details").strip() == ""


def test_readers_of_screens_are_told(browser, folder):
    page = Page(browser, folder, STACKS)
    root = browser.run("""
        const root = document.documentElement, label = root.getAttribute('aria-labelledby');
        return { role: root.getAttribute('role'), tab: root.tabIndex,
                 label: document.getElementById(label).textContent,
                 live: document.getElementById('details').getAttribute('aria-live') }""")
    assert root == {"role": "application", "tab": 0, "label": "Flame Graph", "live": "polite"}, root
    assert "role=\"img\"" in page.file.read_text()  # what it is where no script runs


def test_names_may_be_cut_on_the_left(browser, folder):
    stacks = "root;a_name_that_is_much_too_long_for_its_frame_end 10\nroot;other 90\n"
    page = Page(browser, folder, stacks, "--truncate-text-left", "--width", "1000")
    text = page.frame("a_name_that_is_much_too_long_for_its_frame_end")["text"]
    assert text.startswith("..") and text.endswith("_end"), text


def test_frames_get_a_text_once_there_is_room(browser, folder):
    page = Page(browser, folder, "root;slim 4\nroot;wide 996\n")
    assert page.frame("slim")["text"] == ""
    page.click("slim")
    assert page.frame("slim")["text"] == "slim"
    browser.press("escape")
    assert page.frame("slim")["text"] == ""


def test_a_long_legend_is_broken_where_the_window_ends(browser, folder):
    stacks = "".join(f"root;the_package_number_{i}::f() {10 + i}\n" for i in range(14))
    page = Page(browser, folder, stacks, "--color-by", "package", "--notes", "the end")
    lines = """
        const boxes = [...document.querySelectorAll('#legend > g')].map(g => g.getBoundingClientRect());
        const note = document.querySelector('.note').getBoundingClientRect();
        return { right: Math.max(...boxes.map(b => b.right)), bottom: Math.max(...boxes.map(b => b.bottom)),
                 lines: new Set(boxes.map(b => Math.round(b.top))).size, note: note.top,
                 width: document.documentElement.clientWidth };"""
    wide = browser.run(lines)
    browser.resize(600, 700)
    time.sleep(0.3)
    narrow = browser.run(lines)
    for drawn in (wide, narrow):
        assert drawn["right"] <= drawn["width"], drawn
        assert drawn["note"] >= drawn["bottom"] - 6, drawn
    assert narrow["lines"] > wide["lines"], (wide, narrow)


def test_a_quarter_of_a_million_stacks_open(browser, folder):
    # Towers of 31 frames, as wide as each other: none but the lowest frames are a pixel wide.
    stacks = "".join(";".join(f"f{i >> max(0, 18 - d)}_{d}" for d in range(31)) + " 1\n"
                     for i in range(1 << 18))
    page = Page(browser, folder, stacks)
    size = page.file.stat().st_size
    assert size < 3_000_000, f"{size} bytes"
    spent = browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"     {size} bytes, {spent:.0f} ms to open")
    assert "left out" in page.browser.run("return document.querySelector('.note').textContent")


ODD_NAMES = ["operator<", "a & b", "\"quoted\" 'name'", "std::vector<int, std::allocator<int> >",
             "größe", "関数", "emoji 😀", "</text><script>throw 1</script>", "]]>", "tab\there",
             "f(int, char const*) (.cold)"]


def test_any_name_is_shown(browser, folder):
    stacks = "".join(f"root;{name} 10\n" for name in ODD_NAMES).encode()
    stacks += b"root;bad \xff\xfe bytes \xc3( \x01 10\n"
    page = Page(browser, folder, stacks)
    titles = browser.run("return [...document.querySelectorAll('#frames title')]"
                         ".map(t => t.textContent.replace(/ \\([^()]*%\\)$/, ''))")
    expected = [name.replace("\t", " ") for name in ODD_NAMES] + ["bad �� bytes �( �"]
    assert sorted(titles) == sorted(expected + ["all", "root"]), titles
    search(page, "關|関数")
    assert page.text("matched") == "Matched: 8.3%", page.text("matched")


def test_ten_thousand_frames_stay_quick(browser, folder):
    # A thousand towers of ten frames.
    stacks = "".join(";".join(f"f{i}_{d}" for d in range(10)) + " 10\n" for i in range(1000))
    page = Page(browser, folder, stacks)
    assert browser.run("return document.querySelectorAll('#frames > g').length") == 10001
    spent = browser.run("""
      const g = document.querySelectorAll('#frames > g')[500];
      const start = performance.now();
      g.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      document.documentElement.getBoundingClientRect();
      return performance.now() - start;""")
    assert spent < 2000, f"a zoom took {spent:.0f} ms"
    search(page, "f7_")
    assert page.text("matched") == "Matched: 0.1%", page.text("matched")


def test_it_is_a_picture_in_a_page(browser, folder):
    page = Page(browser, folder, STACKS)
    html = folder / "page.html"
    html.write_text("""<!DOCTYPE html><body style='width:1000px;margin:0'><img id=image src=graph.svg>
        <object id=sized data=graph.svg type='image/svg+xml' width=700 height=300></object>
        <object id=wide data=graph.svg type='image/svg+xml' style='width:100%'></object>
        <object id=unsized data=graph.svg type='image/svg+xml'></object>
        <iframe id=frame src=graph.svg width=600 height=300></iframe>""")
    browser.open(html.as_uri())
    assert browser.run("return document.getElementById('image').naturalWidth") == 1200
    for name, width in (("sized", 700), ("wide", 1000), ("unsized", 1200)):
        box = browser.run("""
          const object = document.getElementById(arguments[0]);
          const svg = object.contentDocument.documentElement;
          const all = svg.querySelector('#frames rect').getBoundingClientRect();
          return { object: object.getBoundingClientRect().width, all: all.width, left: all.left };
          """, name)
        near(box["object"], width)
        near(box["all"], box["object"] - 2 * PAD, 3)
    browser.send("frame", {"id": {ELEMENT: browser.find("#frame")}})
    near(page.frame("all")["width"], page.inner_width())
    page.click("compute")
    near(page.frame("compute")["width"], page.inner_width())
    browser.send("frame", {"id": None})


def test_it_works_inside_of_html(browser, folder):
    page = Page(browser, folder, STACKS)
    svg = page.file.read_text().split("?>", 1)[1]
    html = folder / "inline.html"
    html.write_text(f"<!DOCTYPE html><body style='margin:0'><p>before</p><div style='width:640px'>"
                    f"{svg}</div>")
    browser.open(html.as_uri())
    near(page.frame("all")["width"], 640 - 2 * PAD)
    page.click("compute")
    near(page.frame("compute")["width"], 640 - 2 * PAD)


def test_nothing_is_fetched(browser, folder):
    page = Page(browser, folder, STACKS)
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    text = page.file.read_text()
    links = [word for word in text.split('"') if "://" in word and not word.startswith("http://www.w3.org/")]
    assert not [link for link in links if len(link) < 200], links


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
