"""Preconditioned conjugate gradient on pytrees, with a fixed number of iterations."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from samn_jax import varying


class _State(NamedTuple):
    """Loop carry: every field but `rho` has the structure of the unknowns."""

    solution: PyTree[Array]
    residual: PyTree[Array]
    previous_residual: PyTree[Array]
    direction: PyTree[Array]
    rho: Float[Array, ""]


def tree_vdot(left: PyTree[Array], right: PyTree[Array]) -> Float[Array, ""]:
    """Inner product over all leaves together, in full float32 precision."""
    products = jax.tree.map(
        lambda a, b: jnp.vdot(a, b, precision=jax.lax.Precision.HIGHEST), left, right
    )
    return sum(jax.tree.leaves(products), jnp.float32(0.0))


def _add_scaled(
    left: PyTree[Array], scale: Float[Array, ""], right: PyTree[Array]
) -> PyTree[Array]:
    return jax.tree.map(lambda a, b: a + scale * b, left, right)


def _safe_ratio(
    numerator: Float[Array, ""], denominator: Float[Array, ""]
) -> Float[Array, ""]:
    """Quotient, and 0 where the denominator is 0: a solved system stays solved."""
    usable = denominator != 0
    return jnp.where(usable, numerator / jnp.where(usable, denominator, 1.0), 0.0)


def conjugate_gradient(
    operator: Callable[[PyTree[Array]], PyTree[Array]],
    right_hand_side: PyTree[Array],
    *,
    preconditioner: PyTree[Array | float],
    num_iterations: int,
) -> PyTree[Array]:
    """Approximate solution x of operator(x) = right_hand_side, started from zero.

    The direction is updated by the Polak-Ribière formula with its factor kept
    non-negative, which restarts the search whenever an inexact operator (float32
    round-off) has spoiled conjugacy.

    Args:
        operator: A linear, symmetric, positive (semi-)definite map.
        right_hand_side: Any pytree; the unknowns have the same structure.
        preconditioner: Same structure; an approximation of the operator's diagonal,
            one positive scalar or one array per leaf. Residuals are divided by it.
        num_iterations: Always run in full; once the residual is exactly zero the
            remaining ones change nothing.
    """

    def iterate(_: Array, state: _State) -> _State:
        preconditioned = jax.tree.map(jnp.divide, state.residual, preconditioner)
        rho = tree_vdot(state.residual, preconditioned)
        stale = tree_vdot(state.previous_residual, preconditioned)
        beta = jnp.maximum(_safe_ratio(rho - stale, state.rho), 0.0)
        direction = _add_scaled(preconditioned, beta, state.direction)
        image = operator(direction)
        alpha = _safe_ratio(rho, tree_vdot(direction, image))
        return _State(
            solution=_add_scaled(state.solution, alpha, direction),
            residual=_add_scaled(state.residual, -alpha, image),
            previous_residual=state.residual,
            direction=direction,
            rho=rho,
        )

    zeros = jax.tree.map(jnp.zeros_like, right_hand_side)
    # With a zero direction the first beta has no effect, whatever its value.
    start = _State(zeros, right_hand_side, zeros, zeros, jnp.float32(1.0))
    start = varying.like(start, right_hand_side)
    return jax.lax.fori_loop(0, num_iterations, iterate, start).solution
