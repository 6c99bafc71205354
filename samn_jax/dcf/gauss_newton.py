"""Gauss-Newton on any nonlinear least-squares problem, solved by conjugate gradient."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from samn_jax.dcf import conjugate_gradient as cg_lib


class Linearization(NamedTuple):
    """A problem min ‖r(x)‖² at one point x, where r(x + d) ≈ residuals + J d."""

    residuals: PyTree[Array]
    push_forward: Callable[[PyTree[Array]], PyTree[Array]]  # d -> J d
    pull_back: Callable[[PyTree[Array]], PyTree[Array]]  # residuals -> Jᵀ residuals


class GaussNewtonResult(NamedTuple):
    """The improved unknowns and how the loss fell."""

    params: PyTree[Array]
    losses: Float[Array, " steps_plus_one"]  # ‖r‖² before each step and at the end


def gauss_newton(
    problem: Callable[[PyTree[Array]], Linearization],
    params: PyTree[Array],
    *,
    preconditioner: PyTree[Array | float],
    num_steps: int,
    num_cg_iterations: int,
) -> GaussNewtonResult:
    """Parameters after `num_steps` Gauss-Newton steps, and the loss at each.

    Every step linearizes anew and starts its own conjugate-gradient search for
    JᵀJ d = −Jᵀ r from d = 0. The full step is taken, without line search.

    Args:
        problem: Gives the linearization at a point; hand-written, as in `correlation`,
            its transpose is faster than one that is derived.
        params: Where to start.
        preconditioner: As for `conjugate_gradient`: an approximate diagonal of JᵀJ.
        num_steps: Outer (linearization) steps.
        num_cg_iterations: Inner iterations of each step.
    """

    def step(params: PyTree[Array], _: None) -> tuple[PyTree[Array], Float[Array, ""]]:
        residuals, push_forward, pull_back = problem(params)
        change = cg_lib.conjugate_gradient(
            lambda direction: pull_back(push_forward(direction)),
            jax.tree.map(jnp.negative, pull_back(residuals)),
            preconditioner=preconditioner,
            num_iterations=num_cg_iterations,
        )
        loss = cg_lib.tree_vdot(residuals, residuals)
        return jax.tree.map(jnp.add, params, change), loss

    params, losses = jax.lax.scan(step, params, length=num_steps)
    residuals = problem(params).residuals
    final_loss = cg_lib.tree_vdot(residuals, residuals)
    return GaussNewtonResult(params, jnp.append(losses, final_loss))
