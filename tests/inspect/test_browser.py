"""The page in headless Chromium, opened from a file; skipped where there is none."""

import json
import time

import pytest

from samn_jax.inspect import page
from tests import chromium
from tests.inspect import clips
from tests.inspect.test_page import HOSTILE

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
pytestmark = chromium.NEEDED
LAST = clips.COUNT - 1


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    ring = clips.content(correct=6)
    named = ring.objects[0]._replace(name=HOSTILE)
    path = tmp_path_factory.mktemp("page") / "page.html"
    traces = ring._replace(objects=(named,)), clips.content(design="swiftnet")
    path.write_text(page.render(traces))
    with chromium.opened(path.as_uri()) as driver:
        yield driver


def find(browser, selector):
    return browser.find_elements("css selector", selector)


def press(browser, *keys):
    actions = webdriver.ActionChains(browser)
    for key in keys:
        actions.send_keys(key)
    actions.perform()


def shown(browser):
    return find(browser, "#count")[0].text


def frame(number):
    return f"frame {number} / {LAST}"


def test_lanes_stand_side_by_side(browser):
    lanes = find(browser, ".lane")
    assert [lane.find_element("tag name", "h2").text for lane in lanes] == [
        "ring", "swiftnet",
    ]  # fmt: skip
    assert lanes[0].rect["y"] == lanes[1].rect["y"]
    assert lanes[0].rect["x"] + lanes[0].rect["width"] <= lanes[1].rect["x"]
    width = browser.execute_script("return document.body.scrollWidth - innerWidth")
    assert width <= 0, "nothing sticks out"


def test_a_lane_alone_has_its_picture_beside_its_memory(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page.render((clips.content(),)))
    with chromium.opened(path.as_uri()) as driver:
        (picture,) = find(driver, ".halves > div > .picture")
        (cards,) = find(driver, ".cards")
        assert picture.rect["x"] + picture.rect["width"] <= cards.rect["x"]
        assert cards.rect["y"] < picture.rect["y"] + picture.rect["height"]


def test_keys_slider_and_clicks_move_in_time(browser):
    keys = webdriver.Keys
    find(browser, "h1")[0].click()
    press(browser, keys.HOME)
    assert shown(browser) == frame(0)
    press(browser, keys.ARROW_RIGHT, keys.ARROW_RIGHT)
    assert shown(browser) == frame(2)
    press(browser, keys.ARROW_LEFT)
    assert shown(browser) == frame(1)
    press(browser, keys.END)
    assert shown(browser) == frame(LAST)
    slider = find(browser, "#slider")[0]
    slider.send_keys(keys.ARROW_LEFT)
    assert shown(browser) == frame(LAST - 1), "one frame, not two"
    find(browser, ".card")[0].click()
    assert shown(browser) == frame(0), "the first slot holds the first frame"
    browser.execute_script("scrollTo(0, 0)")
    find(browser, ".chart svg")[0].click()
    assert shown(browser) in (frame(LAST // 2), frame(LAST // 2 + 1))


def go(browser, number):
    browser.execute_script("show(arguments[0])", number)
    assert shown(browser) == frame(number)


def test_a_frame_shows_mask_facts_memory_and_write(browser):
    go(browser, 5)
    for lane in find(browser, ".lane"):
        picture = lane.find_element("css selector", ".picture img")
        assert browser.execute_script("return arguments[0].naturalWidth", picture) > 0
        path = lane.find_element("css selector", ".mask").get_attribute("d")
        assert path.startswith("M")
        assert "confidence" in lane.find_element("css selector", ".facts").text
        assert lane.find_elements("css selector", ".card")
    ring, swiftnet = find(browser, ".lane")
    slots = ring.find_elements("css selector", ".card .badge:not(.given)")
    one = clips.content(correct=6).objects[0].trace
    rows = range(one.held_end[4], one.held_end[5])
    assert [x.text for x in slots] == list(map(str, one.held_slot[rows]))
    assert "cells" in swiftnet.find_element("css selector", ".card .badge").text
    go(browser, 6)
    assert "marked by a person" in ring.find_element("css selector", ".write").text
    go(browser, 8)
    assert "no target was found" in ring.find_element("css selector", ".write").text


def test_cards_have_pictures_ages_and_attention(browser):
    go(browser, 7)
    cards = find(browser, ".lane")[0].find_elements("css selector", ".card")
    one = clips.content(correct=6).objects[0].trace
    rows = range(one.held_end[6], one.held_end[7])
    for card, row in zip(cards, rows, strict=True):
        at = one.held_frame[row]
        assert f"frame {at}" in card.text and f"{7 - at} ago" in card.text
        share = 100 * one.held_target[row]
        told = float(card.find_element("css selector", ".meter span").text[:-1])
        assert abs(told - share) <= 0.51
        image = card.find_element("tag name", "img")
        assert browser.execute_script("return arguments[0].naturalWidth", image) > 0
    assert cards[0].find_elements("css selector", ".badge.given")


def test_canvases_are_drawn(browser):
    go(browser, 7)
    for kind in ("response", "memory"):
        colors = browser.execute_script(
            "const c = document.querySelector('canvas.' + arguments[0]);"
            "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "return new Set(d.filter((_, i) => i % 4 == 0)).size",
            kind,
        )
        assert colors > 3


def test_marks_can_be_hidden_and_quiet_frames_shown(browser):
    go(browser, 3)
    mask = find(browser, ".picture .mask")[0]
    box = find(browser, ".bar label input")[0]
    assert mask.is_displayed()
    box.click()
    assert not mask.is_displayed()
    box.click()
    quiet = find(browser, ".lane li.quiet")
    assert quiet and not quiet[0].is_displayed()
    find(browser, ".lane .quiet-too")[0].click()
    assert quiet[0].is_displayed()
    find(browser, ".lane .quiet-too")[0].click()


def test_it_plays(browser):
    go(browser, 0)
    find(browser, "#play")[0].click()
    end = time.monotonic() + 10
    while shown(browser) == frame(0) and time.monotonic() < end:
        time.sleep(0.1)
    find(browser, "#play")[0].click()
    assert shown(browser) != frame(0)


def test_names_are_text_and_nothing_was_asked_for(browser):
    assert HOSTILE.replace("\u2028", "") in find(browser, ".lane header")[
        0
    ].get_attribute("textContent").replace("\u2028", "")
    assert not find(browser, "img[src=x]")
    for entry in browser.get_log("performance"):
        told = json.loads(entry["message"])["message"]
        if told["method"] == "Network.requestWillBeSent":
            url = told["params"]["request"]["url"]
            assert url.startswith(("file:", "data:")), url
    told = browser.get_log("browser")
    assert not [x for x in told if x["level"] == "SEVERE"]
