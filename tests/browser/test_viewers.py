#!/usr/bin/env python3
"""What prof export writes, opened by those it is for: speedscope and d3-flame-graph in Chromium,
pprof-format in node, protoc, callgrind_annotate. Each finds the totals that prof fold prints."""

import base64
import gzip
import json
import pathlib
import re
import shutil
import time

from harness import (SOURCE, Skip, check, check_equal, check_in, main, ok, prof_ok, require_program,
                     run, test, workload)
from viewers import FOLDER, node, package
from webdriver import Browser

STACKS = """\
app;main;work;leaf 30
app;main;work 10
app;main;rec;rec;rec 6
app;main;rec;other 4
two;main;größe 50
"""


def require_browser():
    for tool in ("chromium", "chromedriver"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")


def inputs(tmp):
    """Stacks and a recording, each with what its weights add up to in prof fold."""
    folded = pathlib.Path(tmp) / "in.folded"
    folded.write_text(STACKS)
    recording = pathlib.Path(tmp) / "perf.data"
    prof_ok("record", "-q", "-F", "999", "-g", "-o", recording, "--", workload("threads"), "0.5")
    for path in (folded, recording):
        lines = prof_ok("fold", "-i", path).out.splitlines()
        yield path, sum(int(line.rsplit(" ", 1)[1]) for line in lines)


def exported(path, tmp, form, *options):
    out = pathlib.Path(tmp) / f"{path.name}.{form}"
    prof_ok("export", "-i", path, "--format", form, "-o", out, "--weight", "samples", *options)
    return out


def wait_for(browser, script, what):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        value = browser.run(script)
        if value:
            return value
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within a minute; the page says "
                         + browser.run("return document.body.innerText.slice(0, 400)"))


@test
def speedscope_shows_the_same_totals(tmp):
    require_browser()
    page = package("speedscope") / "dist" / "release" / "index.html"
    with Browser() as browser:
        for path, total in inputs(tmp):
            source = exported(path, tmp, "speedscope")
            profiles = json.loads(source.read_text())["profiles"]
            first = sum(profiles[0]["weights"])
            check_equal(sum(sum(p["weights"]) for p in profiles), total, "in the file")
            # As the package's own command opens files.
            loader = pathlib.Path(tmp) / "load.js"
            content = base64.b64encode(source.read_bytes()).decode()
            loader.write_text(f"speedscope.loadFileFromBase64('x.json', '{content}')")
            browser.open("about:blank")
            browser.errors()
            browser.open(f"{page.as_uri()}#view=sandwich&localProfilePath={loader}")
            text = wait_for(browser, """
                const text = document.body.innerText;
                return text.includes('Symbol Name') && text.includes('%)') && text;""", "the table")
            check_equal([error for error in browser.errors() if "favicon" not in error], [], "errors")
            # "37.00 (37%)": a count and its share of this profile's total.
            shares = [(float(count.replace(",", "")), float(percent)) for count, percent
                      in re.findall(r"^\s*([\d.,]+) \(<?(\d+(?:\.\d+)?)%\)$", text, re.M)]
            check(shares, f"no counts in {text}")
            count, percent = max(shares, key=lambda share: share[1])
            check(abs(count - first * percent / 100) <= first / 100,
                  f"{count} is {percent}% of another total than {first}")
            if path.name == "in.folded":
                for wanted in ("größe", "rec"):
                    check_in(wanted, text)
                check_in((100.0, 100.0), shares)
            else:
                check_in(profiles[0]["name"], text)


@test
def pprof_format_decodes_to_the_same_totals(tmp):
    package("pprof-format")
    for path, total in inputs(tmp):
        source = exported(path, tmp, "pprof")
        found = json.loads(node("""
            const { Profile } = require('pprof-format');
            const bytes = require('zlib').gunzipSync(require('fs').readFileSync(process.argv[1]));
            const profile = Profile.decode(bytes);
            const text = i => profile.stringTable.strings[Number(i)];
            const functions = new Map(profile.function.map(f => [Number(f.id), text(f.name)]));
            const locations = new Map(profile.location.map(l => [Number(l.id), l]));
            const stacks = {};
            let total = 0;
            for (const sample of profile.sample) {
              total += Number(sample.value[0]);
              const names = [];
              for (const id of sample.locationId)
                for (const line of locations.get(Number(id)).line)
                  names.push(functions.get(Number(line.functionId)));
              const key = names.reverse().join(';');
              stacks[key] = (stacks[key] || 0) + Number(sample.value[0]);
            }
            console.log(JSON.stringify({ total, stacks, type: text(profile.sampleType[0].type) }));
            """, str(source)))
        check_equal(found["total"], total, path.name)
        check_equal(found["type"], "samples")
        if path.name == "in.folded":
            check_equal(sorted(f"{stack} {count}" for stack, count in found["stacks"].items()),
                        sorted(STACKS.splitlines()))


@test
def protoc_decodes_pprof_to_the_same_totals(tmp):
    require_program("protoc")
    schema = SOURCE / "tests" / "viewers"
    for path, total in inputs(tmp):
        data = gzip.decompress(exported(path, tmp, "pprof").read_bytes())
        text = ok(run("protoc", f"--proto_path={schema}", "--decode=Profile",
                      str(schema / "profile.proto"), stdin=data)).out
        # A field that the schema does not have is a number there.
        check(not re.search(r"^\s*\d+(:| \{)", text, re.M), "fields that pprof does not have")
        samples = re.findall(r"^sample \{\n(.*?)^\}", text, re.M | re.S)
        values = [int(re.search(r"^  value: (\d+)$", sample, re.M)[1]) for sample in samples]
        check_equal(sum(values), total, path.name)


@test
def callgrind_annotate_prints_the_same_totals(tmp):
    annotate = FOLDER / "valgrind/usr/bin/callgrind_annotate"
    if not annotate.exists():
        raise Skip("callgrind_annotate is not there: scripts/setup takes it out of Debian's valgrind")
    for path, total in inputs(tmp):
        text = ok(run("perl", annotate, exported(path, tmp, "callgrind"))).out
        found = re.search(r"^\s*([\d,]+) .*PROGRAM TOTALS", text, re.M)
        check(found, text)
        check_equal(int(found[1].replace(",", "")), total, path.name)
        if path.name == "in.folded":
            check(re.search(r"^\s*50 .*größe", text, re.M), text)
            check(re.search(r"^\s*30 .*leaf", text, re.M), text)


# The scripts that d3-flame-graph is built on, each after those it needs.
D3 = ("internmap/dist/internmap", "d3-array/dist/d3-array", "d3-color/dist/d3-color",
      "d3-interpolate/dist/d3-interpolate", "d3-format/dist/d3-format", "d3-time/dist/d3-time",
      "d3-time-format/dist/d3-time-format", "d3-scale/dist/d3-scale", "d3-ease/dist/d3-ease",
      "d3-dispatch/dist/d3-dispatch", "d3-selection/dist/d3-selection", "d3-timer/dist/d3-timer",
      "d3-transition/dist/d3-transition", "d3-hierarchy/dist/d3-hierarchy",
      "d3-flame-graph/dist/d3-flamegraph.umd")


@test
def d3_flame_graph_draws_the_same_root(tmp):
    require_browser()
    package("d3-flame-graph")
    with Browser() as browser:
        for path, total in inputs(tmp):
            data = exported(path, tmp, "d3").read_text()
            scripts = "".join(f'<script src="{(package(name.split("/")[0]).parent / name).as_uri()}.js">'
                              "</script>" for name in D3)
            page = pathlib.Path(tmp) / "d3.html"
            page.write_text(f"""<!DOCTYPE html><meta charset="utf-8"><body><div id="chart"></div>{scripts}
                <script>const data = {data};
                const make = typeof flamegraph === 'function' ? flamegraph
                    : flamegraph.flamegraph || flamegraph.default;
                d3.select('#chart').datum(data).call(make().width(900));</script>""")
            browser.open("about:blank")
            browser.errors()
            browser.open(page.as_uri())
            drawn = wait_for(browser, """
                const frames = d3.selectAll('#chart svg g.frame, #chart svg .d3-flame-graph g').data();
                return frames.length && frames.map(d => [d.data.name, d.value, d.depth]);""", "frames")
            check_equal(browser.errors(), [], "errors")
            root = [frame for frame in drawn if frame[2] == 0]
            check_equal(root[0][:2], ["all", total], path.name)
            if path.name == "in.folded":
                check_in(["größe", 50, 3], drawn)


main()
