import dataclasses

import pytest

from samn_jax import overrides
from samn_jax.errors import InputError
from samn_jax.memory.config import MemoryConfig


def test_frames_are_due_at_intervals():
    due = [bool(MemoryConfig(memorize_every=3).due(i)) for i in range(7)]
    assert due == [i % 3 == 0 for i in range(7)]
    assert not MemoryConfig(memorize_every=0).due(0)


@pytest.mark.parametrize(
    ("name", "value"), [("capacity", 0), ("memorize_every", -1), ("chunk_slots", -1)]
)
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=rf"^memory\.{name} is {value}: give"):
        MemoryConfig(**{name: value})


def test_settings_of_the_design_alone_go_with_it():
    config = MemoryConfig(design="mine")
    config = overrides.override(config, ["close=.9", "capacity=4"])
    assert config == MemoryConfig("mine", capacity=4, own=(("close", ".9"),))
    more = overrides.merge(config, {"far": 2})
    assert dict(more.own) == {"close": ".9", "far": 2}
    assert overrides.merge(more, {"design": "other", "near": 1}).own == (("near", 1),)
    assert overrides.merge(more, {"design": "mine"}) == more


def test_a_config_survives_being_noted_as_json():
    config = MemoryConfig("mine", capacity=4, own=(("close", 0.9), ("sizes", (1, 2))))
    noted = {**dataclasses.asdict(config), "own": [["close", 0.9], ["sizes", [1, 2]]]}
    assert overrides.merge(MemoryConfig(), noted) == config
