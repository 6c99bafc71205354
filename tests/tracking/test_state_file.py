import dataclasses

import chex
import jax
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.models import tensor_file
from samn_jax.tracking import Tracker, load_state, save_state, state_file
from tests.tracking import color_net

FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(5)])
TRACKER = Tracker(color_net.make_spec(use_spatial=False), {}, object_slots=2)


def other(**fields):
    return Tracker(color_net.make_spec(use_spatial=False, **fields), {})


@pytest.fixture(scope="module")
def one():
    state, _ = TRACKER.init(FRAMES[0], mask=MASKS[0])
    for frame in FRAMES[1:3]:
        state, _ = TRACKER.step(state, frame)
    return state


@pytest.fixture
def saved(tmp_path, one):
    path = tmp_path / "one.safetensors"
    save_state(path, TRACKER, one)
    return path


def test_tracking_goes_on_as_if_nothing_had_been(saved, one):
    state = load_state(saved, TRACKER)
    chex.assert_trees_all_equal(state, one)
    assert [x.dtype for x in jax.tree.leaves(state)] == [
        x.dtype for x in jax.tree.leaves(one)
    ]
    chex.assert_trees_all_equal(
        TRACKER.step(state, FRAMES[3]), TRACKER.step(one, FRAMES[3])
    )


def test_several_objects(tmp_path, one):
    path = tmp_path / "several.safetensors"
    several = TRACKER.add_object(one, FRAMES[2], np.roll(MASKS[2], 40, 1), 7)
    save_state(path, TRACKER, several)
    chex.assert_trees_all_equal(load_state(path, TRACKER), several)


def test_the_spatial_memory_is_saved_too(tmp_path):
    tracker = Tracker(color_net.make_spec(), {})
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    save_state(tmp_path / "a", tracker, state)
    chex.assert_trees_all_equal(load_state(tmp_path / "a", tracker), state)
    with pytest.raises(errors.InputError, match="other arrays"):
        load_state(tmp_path / "a", TRACKER)
    with pytest.raises(errors.InputError, match="of another tracker"):
        save_state(tmp_path / "b", TRACKER, state)


def test_equal_states_give_equal_bytes(saved, tmp_path, one):
    again = tmp_path / "again"
    save_state(again, TRACKER, jax.tree.map(np.array, one))
    assert again.read_bytes() == saved.read_bytes()


def test_other_settings_may_differ(saved, one):
    chex.assert_trees_all_equal(load_state(saved, other(min_area_px=11)), one)


@dataclasses.dataclass
class Wide(color_net.ColorNet):
    width: int = 3


def weighted():
    return dataclasses.replace(
        TRACKER, variables={"params": {"w": np.ones(2, np.float32)}}
    )


def another_network():
    spec = dataclasses.replace(TRACKER.spec, network=Wide())
    return Tracker(spec, {})


OTHERS = {
    "capacity": (
        lambda: other(memory={"capacity": 5}),
        "another design: its capacity is 4, the tracker's 5",
    ),
    "design": (
        lambda: other(memory={"design": "fifo"}),
        "another design: its name is Ring, the tracker's Fifo",
    ),
    "frozen": (
        lambda: other(memory={"design": "frozen+ring"}),
        "another design: its name is Ring, the tracker's Frozen",
    ),
    "weights": (weighted, "another weights: "),
    "network": (another_network, "another network: its name is ColorNet"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_tracker_is_refused_by_name(saved, name):
    make, message = OTHERS[name]
    with pytest.raises(errors.InputError, match=message) as error:
        load_state(saved, make())
    assert str(error.value).isprintable() and saved.name in str(error.value)


def test_a_frame_of_another_size_is_refused_by_the_step(saved):
    with pytest.raises(errors.InputError, match="the first one"):
        TRACKER.step(load_state(saved, TRACKER), FRAMES[3][1:])


def test_a_state_that_is_not_finite_is_not_saved(tmp_path, one):
    bad = one._replace(target=one.target._replace(area=np.float32(np.nan)))
    with pytest.raises(errors.InputError, match=r"target.area is not finite"):
        save_state(tmp_path / "bad", TRACKER, bad)
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_file_as_it_was(saved, one, monkeypatch):
    before = saved.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensor_file.files.os, "fsync", fail)
    later, _ = TRACKER.step(one, FRAMES[3])
    with pytest.raises(errors.InputError, match="disk is full"):
        save_state(saved, TRACKER, later)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_only_a_file_is_read(tmp_path):
    for name in ("absent", "."):
        with pytest.raises(errors.InputError):
            load_state(tmp_path / name, TRACKER)
    tensor_file.write_file(tmp_path / "a", {}, {"format": "other"})
    with pytest.raises(errors.InputError, match="is no samn_jax state 1 file"):
        load_state(tmp_path / "a", TRACKER)
    tensor_file.write_file(tmp_path / "a", {}, {"format": state_file.FORMAT})
    with pytest.raises(errors.InputError, match="it has no network"):
        load_state(tmp_path / "a", TRACKER)
