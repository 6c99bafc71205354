import chex
import jax
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.training import checkpoints
from tests.training import tiny


def test_best_and_last_are_kept_and_the_newest_restored(tmp_path):
    saved = checkpoints.Checkpoints(tmp_path)
    state = jax.device_get(tiny.state())
    scores = {1: 0.1, 2: 0.9, 3: 0.3, 4: None, 5: 0.2}
    for step, score in scores.items():
        position = checkpoints.Position({"next": step}, {"seen": 1.0}, score)
        state = state._replace(step=np.int32(step))
        saved.save(step, state, position, score)
    assert saved.steps() == [2, 4, 5]
    saved.close()
    again = checkpoints.Checkpoints(tmp_path)
    restored, position = again.restore(tiny.state())
    assert int(restored.step) == 5
    assert position == checkpoints.Position({"next": 5}, {"seen": 1.0}, 0.2)
    chex.assert_trees_all_equal(restored, state)
    with pytest.raises(InputError, match="another network or optimizer"):
        again.restore(tiny.state(name="sgd"))
    again.close()


def test_nothing_is_restored_from_nothing(tmp_path):
    saved = checkpoints.Checkpoints(tmp_path)
    assert saved.restore(tiny.state()) is None
    saved.close()
