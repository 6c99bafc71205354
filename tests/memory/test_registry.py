"""Designs by name and from files: the documented recipe, and what goes wrong."""

import dataclasses
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import chex
import jax
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.memory import registry, source
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Design, Frozen
from samn_jax.memory.designs import ring
from samn_jax.memory.entry import Reason
from tests.memory import frames

ROOT = Path(__file__).resolve().parents[2]
MINE = '''
import dataclasses
from samn_jax.memory import bank, entry
from samn_jax.memory.design import Design

@dataclasses.dataclass(frozen=True)
class FirstOnly(Design):
    """Reads the first frame alone."""

    weight: float = 1.0
    capacity: int = 1

    def init(self, first, reader):
        return bank.first_slot(1, first)

    def read(self, state, query, reader):
        read = reader.read_slots(query, state)
        value = read.readout
        return read._replace(readout=value._replace(attention=WEIGHT * value.attention))

    def write(self, state, frame, read, reader):
        return state, entry.report(entry.Reason.REDUNDANT)

    def slots(self, state):
        return bank.table(state)
'''.replace("WEIGHT", "self.weight")


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "my designs.py"
    path.write_text(MINE)
    return path


def built(place, **settings):
    return registry.build(MemoryConfig(f"{place}:FirstOnly", **settings))


def read_of(design):
    state = frames.first(design, frames.random(0))
    read = jax.jit(lambda s, q: design.read(s, q, frames.READER))
    return np.asarray(read(state, frames.random(1).key).readout.attention)


def test_the_package_has_the_papers_ring():
    config = MemoryConfig(capacity=5, last_add=False)
    assert registry.build(config) == ring.Ring(5, last_add=False)


def test_a_design_of_one_file_is_built_with_its_settings(mine):
    design = built(mine, capacity=7, own=(("weight", "2"),))
    assert (design.weight, design.capacity) == (2.0, 7)
    np.testing.assert_allclose(read_of(design), 2 * read_of(built(mine)), rtol=1e-6)


def test_the_same_file_is_the_same_design_and_a_changed_one_another(mine):
    one, same = built(mine), built(mine)
    assert one == same and source.fingerprint(one) == source.fingerprint(same)
    mine.write_text(MINE.replace("self.weight * value", "3 * value"))
    other = built(mine)
    assert one != other and source.fingerprint(one) != source.fingerprint(other)
    np.testing.assert_allclose(read_of(other), 3 * read_of(one), rtol=1e-6)


def test_a_name_given_again_is_the_new_design(monkeypatch):
    monkeypatch.setattr(registry, "DESIGNS", dict(registry.DESIGNS))
    found = []
    for text in ("1 * value", "2 * value"):
        cell = {"__name__": "__main__"}
        exec(MINE.replace("self.weight * value", text), cell)  # as a notebook does
        registry.register("mine", cell["FirstOnly"])
        found.append(registry.build(MemoryConfig("mine")))
    one, two = found
    assert one != two and source.fingerprint(one) != source.fingerprint(two)
    np.testing.assert_allclose(read_of(two), 2 * read_of(one), rtol=1e-6)


def test_frozen_learns_nothing_whatever_it_wraps():
    design = registry.build(MemoryConfig("frozen+ring", capacity=4))
    assert design == Frozen(ring.Ring(4))
    state = frames.first(design)
    after, _, report = frames.step(design, state, frames.numbered(1))
    chex.assert_trees_all_equal(after, state)
    assert report.reason == Reason.FROZEN and report.slot == -1
    assert design.slots(after).frame_idx.tolist() == [0, -1, -1, -1]
    assert source.fingerprint(design) != source.fingerprint(ring.Ring(4))


def test_a_design_file_imports_nothing_in_a_circle(mine):
    program = textwrap.dedent(f"""
        from samn_jax.memory import source
        print(source.load({str(mine) + ":FirstOnly"!r}).__doc__)
    """)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "first frame alone" in done.stdout


FILES = {
    "no such file": (None, "is missing"),
    "no such class": ("x = 1", "has no 'FirstOnly'"),
    "a syntax error": ("def", "can't be run .SyntaxError"),
    "an import error": ("import nothing_here", "ModuleNotFoundError: No module named"),
    "a name that is not there": (
        "from samn_jax.memory import bank\n\nbank.Bank",
        "mine.py:3 can't be run .AttributeError: .* it has SlotBank, .*victim",
    ),
    "no design": ("class FirstOnly: pass", "inherit from samn_jax.memory"),
    "a part is missing": (MINE.replace("def slots", "def slotz"), "it has no slots"),
    "no dataclass": (
        MINE.replace("@dataclasses.dataclass(frozen=True)", ""),
        "put @dataclasses.dataclass",
    ),
    "not frozen": (
        MINE.replace("dataclass(frozen=True)", "dataclass"),
        "put @dataclasses.dataclass",
    ),
    "no hash": (
        MINE.replace("1.0", "dataclasses.field(default_factory=list)"),
        "must be hashable",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_one_line_that_names_it(tmp_path, name):
    text, message = FILES[name]
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        built(path)
    assert "\n" not in str(error.value) and "mine.py" in str(error.value)


def test_unknown_names_and_settings_are_refused_with_the_known_ones():
    with pytest.raises(InputError, match="'rnig': choose from ring"):
        registry.build(MemoryConfig("rnig"))
    with pytest.raises(InputError, match="thawed.ring: choose from frozen"):
        registry.build(MemoryConfig("thawed+ring"))
    with pytest.raises(InputError, match=r"memory\.clsoe: ring has no such setting"):
        registry.build(MemoryConfig(own=(("clsoe", 1.0),)))
    with pytest.raises(InputError, match=r"memory\.capacity is 2: ring"):
        registry.build(MemoryConfig(capacity=2))


def test_an_own_setting_of_another_type_is_refused(mine):
    with pytest.raises(InputError, match=r"memory\.weight=heavy.*present one, 1\.0"):
        built(mine, own=(("weight", "heavy"),))


def test_designs_are_hashable_objects_with_their_own_settings():
    for kind in registry.DESIGNS.values():
        assert issubclass(kind, Design) and dataclasses.is_dataclass(kind)
        assert hash(kind()) == hash(kind())
