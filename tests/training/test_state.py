import chex
import jax

from samn_jax.training import state
from tests.training import tiny


def test_split_and_join_undo_each_other():
    variables = tiny.variables()
    trained, frozen = state.split_params(variables, ("key_head", "bias$"))
    assert set(trained) == {"value_head/kernel", "mask_head/kernel"}
    assert "batch_stats:shift" in frozen
    joined = state.join_params(trained, frozen)
    assert jax.tree.structure(joined) == jax.tree.structure(variables)
    chex.assert_trees_all_equal(joined, variables)
