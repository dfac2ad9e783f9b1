#!/usr/bin/env python3
"""flamegraph --html in a real browser: its numbers are those of prof fold and prof script, ranges of
time choose samples, edits change stacks, and a million frames stay quick."""

import collections
import os
import re
import subprocess
import sys
import time

from webdriver import run_tests

PROF = os.environ.get("PROF")
STACKS = """\
demo;main;compute;inner_loop 300
demo;main;compute;inner_loop;sqrt 200
demo;main;compute 100
demo;main;Parse;parse_number 150
demo;main;Parse;parse_number;Parse;parse_number 50
demo;main;write_out;vfs_write_[k] 150
other;main 50
"""

# What the page says of a drawn frame, by its name.
NODE = """
  const [name, which] = arguments;
  const graph = window.prof[which ?? 'graph'];
  const {tree} = graph;
  for (let node = 0; node < tree.count; node++) {
    if (graph.labelOf(node) !== name) continue;
    const {left, right, top} = graph.placeOf(node);
    const box = graph.canvas.getBoundingClientRect();
    return {node, total: tree.total[node], self: tree.self[node], left, right, top,
            whole: tree.whole, x: box.left + (left + right) / 2, y: box.top + top + 8};
  }
  return null;
"""


class Page:
    def __init__(self, browser, folder, stacks, *options, name="page", size=(1400, 900)):
        self.browser = browser
        if isinstance(stacks, (str, bytes)):
            source = folder / f"{name}.folded"
            source.write_bytes(stacks if isinstance(stacks, bytes) else stacks.encode())
        else:
            source = stacks
        self.file = folder / f"{name}.html"
        with open(self.file, "wb") as out:
            subprocess.run([PROF, "flamegraph", "--html", "-i", source, *options], stdout=out,
                           check=True, stderr=subprocess.DEVNULL)
        browser.resize(*size)
        browser.open("about:blank")
        browser.open(self.file.as_uri())
        self.wait("window.prof && window.prof.loading")

    def wait(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not self.browser.run(f"return !!({condition})"):
            assert time.monotonic() < end, f"{condition}: {self.text('status')}"
            time.sleep(0.02)

    def node(self, name, which="graph"):
        found = self.browser.run(NODE, name, which)
        assert found, f"no frame {name}"
        return found

    def names(self, which="graph"):
        return self.browser.run("""const graph = window.prof[arguments[0]];
          return Array.from({length: graph.tree.count}, (_, node) => graph.labelOf(node));""", which)

    def text(self, name):
        return self.browser.run("return document.getElementById(arguments[0]).textContent", name)

    def set(self, **changes):
        self.browser.run("window.prof.set(arguments[0])", changes)

    def choose(self, select, value):
        self.browser.run("""const select = document.getElementById(arguments[0]);
          select.value = arguments[1]; select.dispatchEvent(new Event('change'))""", select, value)

    def pointer(self, *steps, shift=False):
        """Steps of a mouse: (x, y), "down", "up", "menu"."""
        actions = []
        for step in steps:
            if step in ("down", "up"):
                actions.append({"type": "pointer" + step.capitalize(), "button": 0})
            elif step == "menu":
                actions += [{"type": "pointerDown", "button": 2}, {"type": "pointerUp", "button": 2}]
            else:
                actions.append({"type": "pointerMove", "duration": 30,
                                "x": round(step[0]), "y": round(step[1])})
        keys = [{"type": "pause"} for _ in actions]
        if shift:
            keys = [{"type": "keyDown", "value": "\ue008"}] + keys + [{"type": "keyUp", "value": "\ue008"}]
            actions = [{"type": "pause"}, *actions, {"type": "pause"}]
        self.browser.send("actions", {"actions": [
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions},
            {"type": "key", "id": "keyboard", "actions": keys}]})

    def click(self, name, which="graph"):
        node = self.node(name, which)
        self.pointer((node["x"], node["y"]), "down", "up")
        time.sleep(0.3)

    def menu(self, name, item):
        node = self.node(name)
        self.pointer((node["x"], node["y"]), "menu")
        found = self.browser.run("""
          const item = [...document.querySelectorAll('#menu button')].find(b => b.textContent === arguments[0]);
          item?.click();
          return !!item;""", item)
        assert found, f"no item {item}"

    def total(self, which="graph"):
        return self.browser.run("return window.prof[arguments[0]].tree.whole", which)

    def rows(self):
        """The table: name → (self, total) in percent."""
        return {row[-2]: (float(row[0][:-1]), float(row[1][:-1])) for row in self.browser.run(
            "return [...document.querySelectorAll('#functions .row')]"
            ".map(row => [...row.children].map(cell => cell.textContent))")}


def near(a, b, tolerance=1.0):
    assert abs(a - b) <= tolerance, f"{a} is not near {b}"


def record(folder, *command, frequency=999):
    """A recording of the threads workload, once; None where it cannot be recorded."""
    path = folder / "threads.data"
    if not path.exists():
        command = [os.environ["WORKLOADS"] + "/threads", "1.2"]
        done = subprocess.run([PROF, "record", "-q", "-F", str(frequency), "-g", "-e", "cpu-clock:u", "-o", path,
                               "--", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return path


def samples_of(path):
    """(seconds, tid) of each sample, as script prints them."""
    text = subprocess.run([PROF, "script", "-F", "tid,time", "--ns", "-i", path], check=True,
                          capture_output=True, text=True).stdout
    return [(float(time), int(tid)) for tid, time in re.findall(r"^\s*(\d+)\s+([\d.]+):", text, re.MULTILINE)]


def folded_of(path, *options):
    text = subprocess.run([PROF, "fold", "-i", path, *options], check=True, capture_output=True,
                          text=True).stdout
    return collections.Counter({stack: int(count) for stack, count in
                                (line.rsplit(" ", 1) for line in text.splitlines())})


def test_it_shows_what_was_folded(browser, folder):
    page = Page(browser, folder, STACKS)
    assert page.total() == 1000
    node = page.node("compute")
    assert (node["total"], node["self"]) == (600, 100), node
    near(node["right"] - node["left"], 0.6 * browser.run("return prof.graph.width"))
    page.pointer((node["x"], node["y"]))
    assert page.text("status").startswith("compute (600 samples, 60.00%, self 10.00%)"), page.text("status")
    assert page.text("title") == "page.folded – Flame Graph"
    assert "7 samples" not in page.text("facts") and "1,000 samples" in page.text("facts")
    # Without times there is neither a heat map nor an order in time.
    assert browser.run("return document.getElementById('time').hidden")


def test_the_canvas_is_painted(browser, folder):
    page = Page(browser, folder, STACKS)
    node = page.node("compute")
    colours = browser.run("""
      const c = prof.graph.context, ratio = devicePixelRatio;
      const at = (x, y) => [...c.getImageData(x * ratio, y * ratio, 1, 1).data].join();
      return [at(arguments[0], arguments[1]), at(5, 5)];""", node["left"] + 2, node["top"] + 3)
    assert colours[0] != colours[1] and colours[1] == "255,255,255,255", colours


def test_a_click_zooms_and_escape_zooms_out(browser, folder):
    page = Page(browser, folder, STACKS)
    page.click("inner_loop")
    width = browser.run("return prof.graph.width")
    for name in ("inner_loop", "compute", "main"):
        near(page.node(name)["right"] - page.node(name)["left"], width)
    near(page.node("sqrt")["right"] - page.node("sqrt")["left"], 0.4 * width)
    browser.run("prof.graph.canvas.focus()")
    browser.press("escape")
    time.sleep(0.3)
    near(page.node("inner_loop")["right"] - page.node("inner_loop")["left"], 0.5 * width)


def test_keys_move_and_tell(browser, folder):
    page = Page(browser, folder, STACKS)
    browser.run("prof.graph.canvas.focus()")
    for key in ("up", "up", "up"):
        browser.press(key)
    assert page.text("status").startswith("compute ("), page.text("status")
    browser.press("left")
    assert page.text("status").startswith("Parse ("), page.text("status")
    browser.press("enter")
    time.sleep(0.3)
    near(page.node("Parse")["right"], browser.run("return prof.graph.width"))
    browser.press("i")
    assert browser.run("return prof.graph.downward")
    browser.press("3")
    assert browser.run("return document.getElementById('views').dataset.view") == "table"


def test_orders(browser, folder):
    page = Page(browser, folder, STACKS)
    assert page.node("Parse")["left"] < page.node("compute")["left"]  # by name, capitals first
    page.choose("order", "heavy")
    assert page.node("compute")["left"] < page.node("Parse")["left"]
    assert page.total() == 1000
    browser.run("document.getElementById('inverted').click()")
    names = page.names()
    node = page.node("sqrt")
    assert node["total"] == 200 and names.count("sqrt") == 1, node
    assert page.total() == 1000
    # Leaf first, inner_loop is a root with its own 300, and a caller of sqrt.
    assert names.count("inner_loop") == 2


def test_a_search_counts_nested_matches_once(browser, folder):
    page = Page(browser, folder, STACKS)
    browser.press("/")
    browser.type("parse")
    page.wait("prof.state.search === 'parse'")
    assert page.text("matched") == "matched 20.00%", page.text("matched")
    browser.press("escape")
    page.wait("prof.state.search === ''")
    assert page.text("matched") == ""
    page.set(search="(")
    assert browser.run("return document.getElementById('search').classList.contains('wrong')")


def test_edits_change_the_stacks(browser, folder):
    page = Page(browser, folder, STACKS)
    page.menu("write_out", "Without stacks through it")
    assert page.total() == 850
    page.menu("inner_loop", "Only stacks through it")
    assert page.total() == 500
    assert "other" not in page.names()
    assert browser.run("return [...document.querySelectorAll('#chips button')].map(b => b.textContent)") == \
        ["without write_out ✕", "only through inner_loop ✕"]
    browser.press("u")
    browser.press("u")
    assert page.total() == 1000
    page.menu("compute", "Merge it into its callers")
    assert "compute" not in page.names() and page.total() == 1000
    assert page.node("main")["total"] == 950 and page.node("main")["self"] == 100
    browser.run("document.querySelector('#chips button').click()")
    assert page.names().count("Parse") == 2
    browser.press("r")
    assert page.names().count("Parse") == 1 and page.node("parse_number")["self"] == 200
    # A root has no callers to be merged into.
    page.menu("other", "Merge it into its callers")
    assert page.total() == 1000


def test_the_table_has_self_and_total(browser, folder):
    page = Page(browser, folder, STACKS)
    browser.press("3")
    rows = page.rows()
    assert rows["inner_loop"] == (30.0, 50.0), rows
    assert rows["Parse"] == (0.0, 20.0) and rows["parse_number"] == (20.0, 20.0), rows
    assert rows["main"] == (5.0, 100.0), rows
    page.set(search="vfs")
    assert list(page.rows()) == ["vfs_write"], page.rows()
    page.set(search="")
    browser.run("document.querySelector('.head [data-key=name]').click()")
    names = list(page.rows())
    assert names == sorted(names), names


def test_the_sandwich_has_callers_and_callees(browser, folder):
    page = Page(browser, folder, STACKS)
    page.menu("parse_number", "Callers and callees")
    page.wait("prof.callees.tree")
    assert page.text("chosen") == "parse_number"
    assert page.total("callers") == 200 and page.total("callees") == 200
    callers = page.names("callers")
    assert callers.count("Parse") == 1 and "main" in callers and "demo" in callers, callers
    assert "Parse" in page.names("callees")
    rows = browser.run("return document.querySelectorAll('#functions .row').length")
    assert rows >= 7, rows


def test_times_and_threads_are_those_of_script(browser, folder):
    path = record(folder)
    page = Page(browser, folder, path, name="recorded")
    folded = folded_of(path)
    samples = samples_of(path)
    assert page.total() == sum(folded.values()) == len(samples), (page.total(), len(samples))
    # A drag over part of the heat map.
    first = min(at for at, _ in samples)
    heat = browser.run("""
      const box = prof.heat.canvas.getBoundingClientRect();
      const {columnWidth, columns, cellTime} = prof.heat;
      return {left: box.left, top: box.top, columnWidth, columns, cellTime};""")
    column = heat["columns"] // 3
    x = heat["left"] + (column + 0.5) * heat["columnWidth"]
    page.pointer((x, heat["top"] + 119), "down", (x, heat["top"] + 60), (x, heat["top"] + 1), "up")
    chosen = browser.run("return prof.state.range")
    near(chosen["from"], column * 40 * heat["cellTime"], 0.01)
    near(chosen["to"], (column + 1) * 40 * heat["cellTime"], 0.01)
    expected = sum(1 for at, _ in samples if chosen["from"] <= (at - first) * 1000 < chosen["to"])
    assert 0 < expected < len(samples)
    near(page.total(), expected, 2)  # times are in microseconds
    # Another with Shift: differences.
    other = heat["left"] + (column + 1.5) * heat["columnWidth"]
    page.pointer((other, heat["top"] + 100), "down", (other, heat["top"] + 20), "up", shift=True)
    assert browser.run("return prof.state.baseline.from") > chosen["from"]
    assert "compared with" in page.text("compared")
    whole = browser.run("return [prof.graph.tree.whole, prof.graph.tree.wholeBase]")
    near(whole[0], expected, 2)
    assert whole[1] > 0
    browser.run("document.getElementById('swap').click()")
    assert browser.run("return [prof.graph.tree.wholeBase, prof.graph.tree.whole]") == whole
    # The address keeps it.
    browser.reload()
    page.wait("window.prof && window.prof.loading")
    assert browser.run("return [prof.graph.tree.wholeBase, prof.graph.tree.whole]") == whole
    browser.run("document.getElementById('clear-range').click()")
    assert page.total() == len(samples)
    # One thread.
    option = browser.run("return [...document.getElementById('threads').options].find(o => /beta/.test(o.text)).value")
    page.choose("threads", option)
    beta = sum(count for stack, count in folded.items() if stack.startswith("beta;"))
    tids = collections.Counter(tid for _, tid in samples)
    tid = int(browser.run("return document.getElementById('threads').selectedOptions[0].text").split()[-1])
    assert page.total() == tids[tid], (page.total(), tids, beta)
    page.choose("order", "time")
    assert page.names()[0].startswith("beta"), page.names()[0]
    spans = browser.run("return [prof.graph.tree.whole, prof.graph.tree.count]")
    mine = [at for at, its in samples if its == tid]
    near(spans[0], (max(mine) - min(mine)) * 1000, 30)
    assert "burn_beta" in page.names()
    page.menu("burn_beta", "Without stacks through it")
    assert "burn_beta" not in page.names()
    browser.press("u")
    assert "burn_beta" in page.names()


def test_a_page_says_what_is_missing(browser, folder):
    page = Page(browser, folder, record(folder), name="account")
    facts = page.text("facts")
    assert "cpu-clock:u" in facts and ("No loss is known" in facts or "lost" in facts), facts
    assert re.search(r"\d", page.text("quality")), page.text("quality")


ODD_NAMES = ["<script>alert(1)</script>", "a\"b'c&d", "</script><b>", "関数名", "std::vector<int>::f(char)",
             "long" * 500]


def test_any_name_is_shown(browser, folder):
    stacks = "".join(f"root;{name} 10\n" for name in ODD_NAMES).encode() + b"root;bad \xff\xfe bytes 10\n"
    page = Page(browser, folder, stacks, "--title", "<b>&amp;\"'</b></script>")
    assert sorted(page.names()) == sorted(ODD_NAMES + ["bad �� bytes", "root", "all"]), page.names()
    assert page.text("title") == "<b>&amp;\"'</b></script>"
    assert browser.run("return document.title") == "<b>&amp;\"'</b></script>"
    browser.press("3")
    assert set(ODD_NAMES) <= set(page.rows()), page.rows()


def test_one_frame_and_a_narrow_window(browser, folder):
    page = Page(browser, folder, "one 1\n", size=(520, 600))
    assert page.names() == ["all", "one"] and page.total() == 1
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")


def test_dark_and_light(browser, folder):
    page = Page(browser, folder, STACKS)
    before = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.run("document.getElementById('theme').click()")
    assert browser.run("return getComputedStyle(document.body).backgroundColor") != before
    assert page.total() == 1000


def test_paper_is_light(browser, folder):
    page = Page(browser, folder, STACKS)
    page.set(theme="dark")
    corner = """const [r, g, b] = prof.graph.context.getImageData(2, 2, 1, 1).data; return r + g + b"""
    page.wait("prof.graph.pending === 0")
    assert browser.run(corner) < 200
    assert browser.run("window.dispatchEvent(new Event('beforeprint')); " + corner) == 3 * 255
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert browser.run(corner) < 200


def test_nothing_is_fetched(browser, folder):
    page = Page(browser, folder, STACKS)
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert not re.findall(r"(?:src|href)=|https?://(?!www\.w3\.org)", page.file.read_text())


def test_no_stack_is_an_error(browser, folder):
    empty = folder / "empty.folded"
    empty.write_text("")
    done = subprocess.run([PROF, "flamegraph", "--html", "-i", empty], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "is empty" in done.stderr, done


def test_a_million_frames(browser, folder):
    # 250,000 towers of four frames of their own: wide and flat, which is the worst to draw.
    stacks = "".join(f"a{i % 500};b{i};c{i * 7 % 9999};d{i};e{i % 31} {1 + i % 5}\n" for i in range(250_000))
    page = Page(browser, folder, stacks, name="million")
    count = browser.run("return prof.graph.tree.count")
    assert count >= 1_000_000, count
    shown = browser.run("""
      const graph = prof.graph, times = [];
      const {whole} = graph.tree;
      for (let step = 0; step < 60; step++) {  // from all to a thousandth, as a wheel zooms
        const span = whole * Math.exp(-step / 60 * Math.log(1000));
        graph.from = whole * 0.4 * (step / 60);
        graph.to = graph.from + span;
        graph.drawNow();
        graph.context.getImageData(0, 0, 1, 1);  // until it is painted
        times.push(graph.frameTime);
      }
      times.sort((a, b) => a - b);
      return {first: prof.firstPicture, median: times[30], slowest: times[59]};""")
    size = page.file.stat().st_size / 1e6
    print(f"     {count} frames, {size:.1f} MB: first picture after {shown['first']:.0f} ms; while zooming "
          f"{shown['median']:.1f} ms a picture, at most {shown['slowest']:.1f} ms")
    assert shown["median"] < 200, shown


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
