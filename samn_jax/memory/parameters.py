"""Weights that a memory design has of its own, beside those of the network."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.memory.design import Design, Wrapper
from samn_jax.memory.entry import Entry, make_entry

COLLECTION = "memory"  # of the network's variables
_SIDE_PX = 64


def init_parameters(
    design: Design, network: Any, variables: dict[str, Any], key: jax.Array
) -> dict[str, Any]:
    """Returns a design's own weights, drawn anew; `{}` for one without.

    Args:
      design: the memory.
      network: the Linen module whose keys and values it remembers.
      variables: the network's; only shapes count.
      key: a random key.
    """
    innermost = design
    while isinstance(innermost, Wrapper):
        innermost = innermost.inner
    if type(innermost).init_parameters is Design.init_parameters:
        return {}  # Most have none: the network need not be traced.
    shapes = jax.eval_shape(lambda v: _example(network, v), variables)
    entry = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    return design.init_parameters(key, entry)


def select(
    design: Design, network: Any, variables: dict[str, Any], source: Any
) -> dict[str, Any]:
    """Returns the variables with the weights that the design needs, and no others.

    Args:
      design: the memory.
      network: the Linen module whose keys and values it remembers.
      variables: the network's, and perhaps weights of a memory.
      source: what they were read from, for the message.

    Raises:
      InputError: the design's weights are not among them.
    """
    rest = {k: v for k, v in variables.items() if k != COLLECTION}
    draw = functools.partial(init_parameters, design, network)
    wanted = jax.eval_shape(draw, rest, jax.random.key(0))
    if not wanted:
        return rest
    given = variables.get(COLLECTION, {})
    if _shapes(given) != _shapes(wanted):
        raise InputError(
            f"{files.shown(source)} lacks the weights of the memory {design}: give a "
            "model that was trained with it, or another memory"
        )
    return {**rest, COLLECTION: given}


def _shapes(tree: Any) -> dict[str, tuple[int, ...]]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path): tuple(x.shape) for path, x in leaves}


def _example(network: Any, variables: dict[str, Any]) -> Entry:
    """Returns an entry as a network's frames give it."""
    image = jnp.zeros((1, _SIDE_PX, _SIDE_PX, 3))
    mask = jnp.zeros((1, _SIDE_PX, _SIDE_PX))
    query = network.apply(variables, image, method="encode_query")
    pair = network.apply(variables, image, query, mask, method="encode_memory")
    key, value = jax.tree.map(lambda x: x[0], pair)
    return make_entry(key, value, mask[0], 0)
