"""The example of a design that is not shipped does what it says."""

import collections
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.memory import check, registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.policy import RESERVED, SlotState

PATH = Path(__file__).parents[2] / "examples" / "reservoir.py"
NAME = f"{PATH}:Reservoir"


def test_it_passes_the_checks(capsys):
    assert check.main([NAME]) == 0, capsys.readouterr().out


def test_every_frame_is_kept_with_the_same_chance():
    room, count, found = 4, 12, collections.Counter()

    @jax.jit
    def choices(design_seed):
        design = registry.build(MemoryConfig(design=NAME, capacity=room + RESERVED))
        design = type(design)(capacity=room + RESERVED, seed=design_seed)

        def choose(number):
            state = SlotState(None, (), number, jnp.bool_(True))
            return design.choose(state, None)

        return jax.vmap(choose)(jnp.arange(1, count + 1, dtype=jnp.int32))

    for seed in range(400):
        places, wanted = map(np.asarray, choices(jnp.uint32(seed)))
        slots = {}
        for number, (place, takes) in enumerate(zip(places, wanted, strict=True)):
            if takes:
                slots[int(place)] = number
        assert set(slots) == set(range(RESERVED, RESERVED + room))
        found.update(slots.values())
    shares = np.array([found[number] for number in range(count)]) / 400
    np.testing.assert_allclose(shares, room / count, atol=0.1)
