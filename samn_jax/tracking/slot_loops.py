"""One function over the chosen slots of a state: in turn on CPUs, at once elsewhere.

Under `vmap` a `lax.cond` computes both branches, and an empty slot costs as much as a
filled one. A loop visits the chosen slots alone, and its conditions are real ones. On
a CPU it is faster even if all slots are chosen; an accelerator wants the batch.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PyTree

from samn_jax import varying

Slots: TypeAlias = PyTree[Array]  # every array has a leading axis N


def map_slots(
    function: Callable[[Any], Any],
    chosen: Bool[Array, " N"],
    given: Slots,
    *,
    group: int = 1,
) -> Any:
    """Returns `function` of each chosen slot's part of `given`, and zeros in the rest.

    Its results have a leading axis N; the arguments are those of `update_slots`.
    """

    def result_alone(_: tuple, one: Any) -> tuple[tuple, Any]:
        return (), function(one)

    return update_slots(result_alone, chosen, (), given, group=group)[1]


def update_slots(
    function: Callable[[Any, Any], tuple[Any, Any]],
    chosen: Bool[Array, " N"],
    slots: Slots,
    given: Slots,
    *,
    group: int = 1,
) -> tuple[Slots, Any]:
    """Returns the slots, each chosen one updated, and a result for each.

    Args:
      function: of one slot and its part of `given`; returns the slot updated and a
        result.
      chosen: which slots it is called for; the others stay, with a result of zeros.
      slots: a pytree of arrays with a leading axis N.
      given: another one.
      group: how many slots the loop takes at a time. With two, XLA finds more to do at
        the same time on several cores, and compiles twice as long.
    """
    count = chosen.shape[0]
    one = jax.eval_shape(lambda x: function(*take(x, 0))[1], (slots, given))
    zeros = jax.tree.map(lambda x: jnp.zeros((count, *x.shape), x.dtype), one)
    in_turn: Callable[..., Any] = _one_slot
    if count > 1:
        in_turn = functools.partial(_in_turn, group=min(group, count))
    return jax.lax.platform_dependent(
        chosen,
        slots,
        given,
        zeros,
        cpu=functools.partial(in_turn, function),
        default=functools.partial(_at_once, function),
    )


def visit(
    function: Callable[..., Any],
    chosen: Bool[Array, " N"],
    start: Any,
    *,
    group: int = 1,
) -> Any:
    """Returns `start` after `function(it, *slots)` for the chosen slots, in order.

    `function` is called with `group` slots as long as there are so many, then with one.
    """
    order = jnp.argsort(~chosen, stable=True)
    count = jnp.sum(chosen.astype(jnp.int32))
    groups = count // group

    def step(index: Int[Array, ""], carry: Any) -> Any:
        return function(carry, *(order[group * index + k] for k in range(group)))

    carry = jax.lax.fori_loop(0, groups, step, start)
    if group == 1:
        return carry
    rest = lambda index, carry: function(carry, order[index])  # noqa: E731
    return jax.lax.fori_loop(groups * group, count, rest, carry)


def take(slots: Slots, slot: Int[Array, ""] | int) -> Any:
    """Returns one slot's part."""
    return jax.tree.map(
        lambda x: jax.lax.dynamic_index_in_dim(x, slot, keepdims=False), slots
    )


def put(slots: Slots, slot: Int[Array, ""] | int, one: Any) -> Slots:
    """Returns the slots with one slot's part replaced."""
    return jax.tree.map(
        lambda x, y: jax.lax.dynamic_update_index_in_dim(x, y, slot, 0), slots, one
    )


def _in_turn(
    function: Callable,
    chosen: Array,
    slots: Slots,
    given: Slots,
    zeros: Any,
    *,
    group: int,
) -> tuple[Slots, Any]:
    def step(carry: tuple[Slots, Any], *visited: Array) -> tuple[Slots, Any]:
        # A slot is read from where it is written, so that no copy is needed.
        its_own = [take((carry[0], given), slot) for slot in visited]
        new = [function(*one) for one in its_own]
        for slot, one in zip(visited, new, strict=True):
            carry = put(carry, slot, one)
        return carry

    start = varying.like((slots, zeros), (chosen, slots, given))
    return visit(step, chosen, start, group=group)


def _one_slot(
    function: Callable, chosen: Array, slots: Slots, given: Slots, zeros: Any
) -> tuple[Slots, Any]:
    """As `_in_turn`: XLA moves all that does not change out of a loop, here all."""
    one, its_own, nothing = take((slots, given, zeros), 0)
    new = jax.lax.cond(chosen[0], function, lambda one, _: (one, nothing), one, its_own)
    return jax.tree.map(lambda x: x[None], new)


def _at_once(
    function: Callable, chosen: Array, slots: Slots, given: Slots, zeros: Any
) -> tuple[Slots, Any]:
    def choose(new: Array, old: Array) -> Array:
        return jnp.where(chosen.reshape(-1, *[1] * (new.ndim - 1)), new, old)

    return jax.tree.map(choose, jax.vmap(function)(slots, given), (slots, zeros))
