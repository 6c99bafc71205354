"""The page as a person uses it, in headless Chromium; skipped where there is none."""

import io
import json
import shutil
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

from samn_jax.track import run
from samn_jax.track.prompts import Prompt
from tests.page.test_session import COUNT, MASKS, frames  # noqa: F401

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
pytest.importorskip("gradio", reason="gradio is missing")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="chromium and chromium-driver are missing"
    ),
]
ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader", "--window-size=1500,1100",
)  # fmt: skip
BOX = (20, 20, 20, 20)


@pytest.fixture
def address(frames, tmp_path):  # noqa: F811
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = str(frames._files[0].parent)
    command = [sys.executable, "-m", "tests.page.serve_tiny", folder, str(port)]
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
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.binary_location = CHROMIUM
    service = webdriver.ChromeService(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.get(address)
        yield driver
    finally:
        driver.quit()


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
        return wait(lambda: words in self.message(), 120)

    def click_frame(self, x, y):
        picture = self.find("#frame img")
        shown, scale = picture.rect, picture.rect["width"] / 120
        scale = min(scale, shown["height"] / 96)
        at = (round((x - 60) * scale), round((y - 48) * scale))
        actions = webdriver.ActionChains(self.driver)
        actions.move_to_element_with_offset(picture, *at).click().perform()

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
    person.click_frame(BOX[0], BOX[1])
    person.wait_for("opposite corner")
    person.click_frame(BOX[0] + BOX[2], BOX[1] + BOX[3])
    person.wait_for("marked in frame 0")
    person.press("forward")
    person.wait_for(f"tracked {COUNT} of {COUNT}")

    person.driver.execute_script(
        "document.querySelector('#download button, #download .label-wrap').click()"
    )
    wait(lambda: person.find("#kinds").is_displayed())
    for label in browser.find_elements("css selector", "#kinds label"):
        if label.text.strip() == "masks":
            label.click()
    person.press("make")
    links = wait(
        lambda: [
            link.get_attribute("href")
            for link in browser.find_elements("css selector", "#files a")
            if "masks.zip" in (link.get_attribute("href") or "")
        ]
    )
    data = urllib.request.urlopen(links[0]).read()
    start = Prompt(1, "red", box_xywh=tuple(map(float, BOX)))
    told = {r.frame.index: r.ids for r in run.track(tracker, frames, [start])}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for index in range(COUNT):
            picture = PIL.Image.open(io.BytesIO(archive.read(f"{index:03d}.png")))
            found = np.asarray(picture) == 1
            # A click may fall a pixel aside: the masks are those of such a box.
            union = (found | (told[index] == 1)).sum()
            assert (found & (told[index] == 1)).sum() > 0.9 * union
            assert (found & MASKS[index]).sum() > 0.8 * (found | MASKS[index]).sum()

    ready = "return document.querySelector('#video video')?.readyState"
    assert wait(lambda: (browser.execute_script(ready) or 0) >= 2), "it plays"
    outside = [url for url in person.requests() if address not in url]
    assert not [url for url in outside if url.startswith(("http:", "https:", "ws"))]
