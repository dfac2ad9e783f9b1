"""A browser to drive: headless Chromium over chromedriver's WebDriver protocol, with nothing but
the standard library. https://www.w3.org/TR/webdriver2/"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element, by the specification
KEYS = {"control": "\ue009", "escape": "\ue00c", "enter": "\ue007", "f3": "\ue033", "left": "\ue012", "up": "\ue013",
        "right": "\ue014", "down": "\ue015"}


class Browser:
    """One window of its own profile. Use it in a `with`."""

    def __init__(self, width=1400, height=900):
        self.folder = tempfile.mkdtemp(prefix="prof-browser-")
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.session = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        else:
            raise RuntimeError("chromedriver did not start")
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-quic", "--disable-dev-shm-usage", "--allow-file-access-from-files",
            f"--user-data-dir={self.folder}", f"--window-size={width},{height}"]
        options = {"args": arguments, "binary": shutil.which("chromium")}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = made["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()[:600]}") from None

    def send(self, command, body=None, method="POST"):
        return self.call(method, f"/session/{self.session}/{command}", body)

    def open(self, url):
        self.send("url", {"url": url})

    def url(self):
        return self.send("url", method="GET")

    def reload(self):
        self.send("refresh")

    def back(self):
        self.send("back")

    def resize(self, width, height):
        self.send("window/rect", {"width": width, "height": height})

    def run(self, script, *arguments):
        return self.send("execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.send("element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, element):
        self.send(f"element/{element}/click")

    def hover(self, element):
        self.send("actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "origin": {ELEMENT: element}, "x": 0, "y": 0}]}]})

    def press(self, *keys):
        """Keys that are held together: press("control", "f")."""
        keys = [KEYS.get(key, key) for key in keys]
        steps = [{"type": "keyDown", "value": key} for key in keys]
        steps += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.send("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": steps}]})

    def type(self, text):
        for key in text:
            self.press(key)

    def errors(self):
        """What the page complained of since the last call."""
        return [entry["message"] for entry in self.send("se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]


def skip_without_browser():
    """77 is what CTest takes for skipped."""
    for tool in ("chromium", "chromedriver"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            sys.exit(77)
    if not os.environ.get("PROF"):
        print("skipped: PROF does not name the binary under test")
        sys.exit(77)


def run_tests(tests):
    """Runs the functions test_*(browser, folder) of a module, given its globals(), or those that the
    command line names; each also fails by what its page complains of. Returns the exit code."""
    skip_without_browser()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="prof-browser-test-"))
    failed = 0
    tests = {name: test for name, test in tests.items() if name.startswith("test_")}
    chosen = [name for name in tests if not sys.argv[1:] or name in sys.argv[1:]]
    with Browser() as browser:
        for name in chosen:
            try:
                tests[name](browser, folder)
                errors = browser.errors()
                assert not errors, f"the page complained: {errors}"
                print(f"ok   {name}")
            except Exception:  # each test is told of, whatever it met
                failed += 1
                print(f"FAIL {name}")
                traceback.print_exc(file=sys.stdout)
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0
