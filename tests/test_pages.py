"""The Python of README and docs runs as it stands there, in the order of each page."""

import re
from pathlib import Path

import pytest

from samn_jax import compilation
from samn_jax.memory import bank
from samn_jax.memory.check import check as check_design
from samn_jax.memory.entry import Entry, Read, Reason
from samn_jax.memory.reader import Reader
from samn_jax.tracking import Tracker, TrackerSpec
from tests.tracking import color_net

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/TRACK.md", "docs/MEMORY_LAB.md")
# The object is where the README's box is.
CLIP = [color_net.draw([(120 + i, 80 + i, 60, 90)], (240, 320)) for i in range(4)]
FRAMES, MASKS = zip(*CLIP, strict=True)


def blocks(page):
    text = (ROOT / page).read_text()
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(page, monkeypatch, folder):
    """Runs all blocks of a page in one namespace, in an empty folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(compilation, "keep_compiled", lambda: None)
    names = {"__name__": "page", "frame": FRAMES[0], "frames": list(FRAMES[1:])}
    for number, block in enumerate(blocks(page)):
        path = folder / f"block{number}.py"  # Designs are told apart by their files.
        path.write_text(block)
        exec(compile(block, path, "exec"), names)
    return names


def check(names):
    """Checks that what a page tracks last is found."""
    if "out" in names:
        out = names["out"]
        confidence = getattr(out, "objects", out).confidence
        assert (confidence > 0.5).any()


def tiny(checkpoint, *, design=None, **settings):
    """As `Tracker.from_checkpoint`, of a network that needs no weights."""
    assert checkpoint == "lite"
    return Tracker(color_net.make_spec(use_spatial=False, **settings), {})


@pytest.fixture
def tiny_tracker(monkeypatch):
    monkeypatch.setattr(Tracker, "from_checkpoint", staticmethod(tiny))


@pytest.mark.parametrize("page", PAGES)
def test_python_of_a_page_runs(page, tiny_tracker, monkeypatch, tmp_path):
    check(run(page, monkeypatch, tmp_path))


def test_the_memory_of_the_readme_tracks(tiny_tracker, monkeypatch, tmp_path):
    design = run("README.md", monkeypatch, tmp_path)["Two"](least=0.8)
    spec = color_net.make_spec(use_spatial=False)
    tracker = Tracker(TrackerSpec.of(spec.network, spec.config, design), {})
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    for frame, mask in zip(FRAMES[1:], MASKS[1:], strict=True):
        state, out = tracker.step(state, frame)
        assert color_net.overlap(out.mask, mask) > 0.8
    assert design.slots(state.memory).frame_idx[:2].tolist() == [0, 3]
    assert [r for r in check_design(design) if r.fault] == []


LAB = "docs/MEMORY_LAB.md"


def test_the_design_of_the_lab_page_passes_its_check_and_its_suite_is_one(
    tiny_tracker, monkeypatch, tmp_path
):
    names = run(LAB, monkeypatch, tmp_path)
    faults = [r for r in check_design(names["Confident"](best=3)) if r.fault]
    assert faults == []
    assert names["get_suite"]().seeds == (0, 1)


def test_the_lab_page_names_all_that_a_design_has_to_work_with():
    text = (ROOT / LAB).read_text()
    table = text.partition("What there is to work with")[2].partition("Single cells:")[
        0
    ]
    named = set(re.findall(r"`(?:\w+\.)?(\w+)[`(]", table))
    methods = {"read_slots", "read_cells", "match_key", "cosine", "parameters"}
    there = {*Entry._fields, *Read._fields, *Reason.__members__, *methods}
    there |= set(bank.SlotBank._fields)
    assert there - named == set()
    for name in methods - {"parameters"}:
        assert callable(getattr(Reader, name))
    for name in ("first_slot", "place", "move", "victim", "frame_at", "table"):
        assert name in named and callable(getattr(bank, name))


@pytest.mark.product
@pytest.mark.parametrize("page", ["README.md", "docs/TRACK.md"])
def test_python_of_a_page_runs_with_the_shipped_checkpoint(page, monkeypatch, tmp_path):
    check(run(page, monkeypatch, tmp_path))
