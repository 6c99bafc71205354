"""Least-squares problems linearized by automatic differentiation, as an oracle."""

import jax

from samn_jax.dcf import gauss_newton


def from_residuals(residual_fn):
    """The problem of `residual_fn`, as `gauss_newton.gauss_newton` takes it."""

    def linearize(params):
        residuals, push_forward = jax.linearize(residual_fn, params)
        transpose = jax.linear_transpose(push_forward, params)
        return gauss_newton.Linearization(
            residuals, push_forward, lambda r: transpose(r)[0]
        )

    return linearize
