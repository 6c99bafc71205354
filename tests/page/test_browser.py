"""The page as a person uses it, in headless Chromium; skipped where there is none."""

import io
import json
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from samn_jax.media.source import open_source
from samn_jax.page import store
from samn_jax.page.session import Session
from samn_jax.track import run
from samn_jax.track.prompts import Prompt
from tests import chromium
from tests.page.test_session import COUNT, MASKS, darkened, frames  # noqa: F401
from tests.tracking import color_net

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
pytest.importorskip("gradio", reason="gradio is missing")
pytestmark = [pytest.mark.slow, chromium.NEEDED]
ROOT = Path(__file__).resolve().parents[2]
BOX = (20, 20, 20, 20)


@pytest.fixture
def clip(frames):  # noqa: F811
    """The folder of frames that the page shows."""
    return frames._files[0].parent


@pytest.fixture
def address(clip, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.page.serve_tiny", str(clip), str(port)]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    try:
        wait(lambda: urllib.request.urlopen(address).status == 200, 90)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def browser(address):
    with chromium.opened(address) as driver:
        yield driver


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except Exception:  # noqa: BLE001 What is waited for isn't there yet.
            pass
        time.sleep(0.2)
    raise AssertionError("it did not come")


class Person:
    """What a person sees and does."""

    def __init__(self, driver):
        self.driver = driver
        wait(lambda: self.find("#frame img").get_attribute("naturalWidth") != "0")
        time.sleep(1)  # Until the page has its listeners.

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def press(self, name):
        self.driver.execute_script("arguments[0].click()", self.find(f"#{name}"))

    def message(self):
        return self.find("#message textarea, #message input").get_attribute("value")

    def wait_for(self, words):
        return wait(lambda: words in self.message(), 90)

    def click_frame(self, x, y):
        picture = self.find("#frame img")
        shown, scale = picture.rect, picture.rect["width"] / 120
        scale = min(scale, shown["height"] / 96)
        at = (round((x - 60) * scale), round((y - 48) * scale))
        actions = webdriver.ActionChains(self.driver)
        actions.move_to_element_with_offset(picture, *at).click().perform()

    def open(self, name):
        """Unfolds a part of the page."""
        selector = f"#{name} button, #{name} .label-wrap"
        self.driver.execute_script("arguments[0].click()", self.find(selector))

    def click_strip(self, frame_idx):
        strip = self.find("#strip img")
        at = ((frame_idx + 0.5) / COUNT - 0.5) * strip.rect["width"]
        actions = webdriver.ActionChains(self.driver)
        actions.move_to_element_with_offset(strip, round(at), 0).click().perform()

    def mark(self, frame_idx):
        """Marks the square of the clip by two clicks."""
        x, y = 20 + 3 * frame_idx, 20 + 2 * frame_idx
        self.click_frame(x, y)
        self.wait_for("opposite corner")
        self.click_frame(x + 20, y + 20)

    def download(self, selector, name):
        """Returns the content of the file that a part of the page offers."""

        def offered():
            for link in self.driver.find_elements("css selector", f"{selector} a"):
                if name in (link.get_attribute("href") or ""):
                    return link.get_attribute("href")
            return None

        return urllib.request.urlopen(wait(offered)).read()

    def masks(self):
        """Returns the masks of the first object that the page lets download."""
        self.open("download")
        wait(lambda: self.find("#kinds").is_displayed())
        for label in self.driver.find_elements("css selector", "#kinds label"):
            if label.text.strip() == "masks":
                label.click()
        self.press("make")
        data = self.download("#files", "masks.zip")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [
                np.asarray(PIL.Image.open(io.BytesIO(archive.read(name)))) == 1
                for name in sorted(archive.namelist())
            ]

    def requests(self):
        for entry in self.driver.get_log("performance"):
            told = json.loads(entry["message"])["message"]
            if told["method"] == "Network.requestWillBeSent":
                yield told["params"]["request"]["url"]


def test_a_person_marks_tracks_and_downloads(
    browser,
    address,
    tracker,
    frames,  # noqa: F811
):
    person = Person(browser)
    person.find("#name textarea, #name input").send_keys("red")
    person.press("add")
    person.wait_for("two corners")
    person.mark(0)
    person.wait_for("marked in frame 0")
    person.press("forward")
    person.wait_for(f"tracked {COUNT} of {COUNT}")

    found = person.masks()
    start = Prompt(1, "red", box_xywh=tuple(map(float, BOX)))
    told = {r.frame.index: r.ids for r in run.track(tracker, frames, [start])}
    for index in range(COUNT):
        # A click may fall a pixel aside: the masks are those of such a box.
        assert color_net.overlap(found[index], told[index] == 1) > 0.9
        assert color_net.overlap(found[index], MASKS[index]) > 0.8

    ready = "return document.querySelector('#video video')?.readyState"
    assert wait(lambda: (browser.execute_script(ready) or 0) >= 2), "it plays"
    outside = [url for url in person.requests() if address not in url]
    assert not [url for url in outside if url.startswith(("http:", "https:", "ws"))]


class TestCorrection:
    """The square turns dark in frame 5, is lost, and is marked again in frame 8."""

    @pytest.fixture
    def clip(self, tmp_path):
        folder = tmp_path / "dark"
        folder.mkdir()
        darkened(folder)
        return folder

    def test_a_person_corrects_looks_into_the_memory_and_saves(
        self, browser, tracker, clip, tmp_path
    ):
        person = Person(browser)
        person.mark(0)
        person.wait_for("marked in frame 0")
        person.press("forward")
        person.wait_for(f"tracked {COUNT} of {COUNT}")
        person.click_strip(8)
        wait(lambda: person.find("#slider input").get_attribute("value") == "8")
        person.mark(8)
        person.wait_for("tracked 12 of 12")

        person.open("memory")
        wait(lambda: person.find("#look").is_displayed())
        person.press("look")
        captions = "#remembered .caption-label"
        wait(lambda: browser.find_elements("css selector", captions))
        lines = [x.text for x in browser.find_elements("css selector", captions)]
        assert "0, marked" in lines and "8, marked" in lines

        found = person.masks()
        before = run.track(tracker, open_source(str(clip)), [prompt(0)])
        lost = [color_net.overlap(r.ids, MASKS[r.frame.index]) for r in before]
        assert max(lost[9:]) < 0.2
        after = list(run.track(tracker, open_source(str(clip)), [prompt(0), prompt(8)]))
        for index in range(9, COUNT):
            assert color_net.overlap(found[index], MASKS[index]) > 0.8
            assert color_net.overlap(found[index], after[index].ids == 1) > 0.9

        person.open("session")
        wait(lambda: person.find("#save").is_displayed())
        person.press("save")
        path = tmp_path / "saved.samn"
        path.write_bytes(person.download("#saved", ".samn"))
        session = Session(tracker, open_source(str(clip)))
        store.load(session, path)
        assert [p.frame_idx for p in session.work.prompts] == [0, 8]
        for index in range(COUNT):
            np.testing.assert_array_equal(session.result(index).ids == 1, found[index])


def prompt(frame_idx):
    box = (20.0 + 3 * frame_idx, 20.0 + 2 * frame_idx, 20.0, 20.0)
    return Prompt(1, "object 1", frame_idx, box_xywh=box)
