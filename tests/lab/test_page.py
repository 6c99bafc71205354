"""The page holds the figures, survives hostile names, and asks nobody for anything."""

import re
from html.parser import HTMLParser

import numpy as np

from samn_jax.lab import charts, comparison, measures, page
from samn_jax.lab.frame_table import FrameTable
from samn_jax.lab.suite import Arm
from samn_jax.lab.video import Event

EVIL = "<script>alert(1)</script>"
ALONE = {"meta", "circle", "line", "rect", "polyline"}


def table(region):
    count = len(region)
    return FrameTable(
        frame=np.arange(1, count + 1),
        region=np.asarray(region, float),
        boundary=np.asarray(region, float),
        confidence=np.full(count, 0.9),
        true_area=np.full(count, 100),
        found_area=np.full(count, 90),
        owner=np.ones(count, int),
    )


def results(**fields):
    rng = np.random.default_rng(0)
    arms = (Arm("ring"), Arm("noise", noise=1), Arm("mine", remark=EVIL))
    clips = {f"{EVIL}{i}": f"clip{i}" for i in range(6)}
    events = (Event("away", 5, 9),)
    tables = {
        arm.name: {
            name: measures.of_video(table(rng.uniform(0.3, 1, 40)), 41, events)
            for name in clips
        }
        for arm in arms
    }
    return {
        "suite": "tiny",
        "videos": 6,
        "clips": 6,
        "loops": {"closed": comparison.compare(arms, "ring", tables, clips)},
        "costs": {"ring": {"state_bytes": 2048, "read_write_ms": 1.5, "flops": None}},
        "failed": {"mine/x": EVIL},
        "remarks": [EVIL],
        "manifest": {"note": EVIL},
        **fields,
    }


class Balanced(HTMLParser):
    """Collects tags and text; fails on an end that doesn't fit."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        for name, value in attrs:
            assert not re.search(r"//|url\(", value or ""), (name, value)
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def parsed(content):
    parser = Balanced()
    parser.feed(page.render(content))
    parser.close()
    assert parser.open == []
    return parser


def test_page_is_whole_and_has_the_figures():
    told = results()
    seen = parsed(told)
    assert seen.seen.count("svg") == 3
    arm = told["loops"]["closed"]["arms"]["mine"]
    assert f"{arm['difference']['mean']:+.3f}" in seen.text
    assert f"{arm['metrics']['J&F']:.3f}" in seen.text
    assert "2" in seen.text and "away" in seen.text


def test_names_are_text_and_nothing_is_fetched():
    text = page.render(results())
    assert "<script" not in text and "&lt;script&gt;" in text
    assert not re.search(r"https?:|src=|@import|<link", text)


def test_results_without_videos_costs_or_pairs_have_a_page():
    parsed(results(loops={}, costs={}, failed={}, remarks=[]))
    one = {name: "clip" for name in ("a", "b")}
    arms = (Arm("ring"), Arm("mine"))
    tables = {
        arm.name: {name: measures.of_video(table([0.5] * 5), 6) for name in one}
        for arm in arms
    }
    parsed(results(loops={"closed": comparison.compare(arms, "ring", tables, one)}))
    del tables["mine"]["b"]  # A run that is not finished.
    parsed(results(loops={"closed": comparison.compare(arms, "ring", tables, one)}))


def test_places_on_charts_are_those_of_the_values():
    row = charts.Interval(0.1, 0.0, 0.2, "better")
    text = charts.intervals({"a": row, "b": row._replace(mean=-0.1)}, 0.05)
    right, left = map(float, re.findall(r"circle cx='([\d.]+)'", text))
    (zero,) = re.findall(r"class='zero' x1='([\d.]+)'", text)
    assert np.isclose(right - float(zero), float(zero) - left, atol=0.2)
    text = charts.plane(
        {"a": (10.0, 0.5), "b": (100.0, 0.6), "c": (1000.0, 0.7)}, ("x", "y")
    )
    xs, ys = zip(*re.findall(r"circle cx='([\d.]+)' cy='([\d.]+)'", text), strict=True)
    xs, ys = np.array(xs, float), np.array(ys, float)
    assert np.isclose(xs[1] - xs[0], xs[2] - xs[1], atol=0.2), "logarithmic"
    assert np.isclose(ys[1] - ys[0], ys[2] - ys[1], atol=0.2) and ys[0] > ys[2]
