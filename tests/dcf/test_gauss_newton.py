import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

from samn_jax.dcf import gauss_newton
from tests.dcf import linearized


def _fit(residual_fn, start, *, num_steps, num_cg_iterations):
    return jax.jit(
        lambda params: gauss_newton.gauss_newton(
            linearized.from_residuals(residual_fn),
            params,
            preconditioner=jax.tree.map(lambda _: 1.0, params),
            num_steps=num_steps,
            num_cg_iterations=num_cg_iterations,
        )
    )(start)


def test_one_step_solves_linear_least_squares():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((20, 5)).astype(np.float32)
    target = rng.standard_normal(20).astype(np.float32)
    expected, squared_error, *_ = np.linalg.lstsq(matrix, target, rcond=None)
    result = _fit(
        lambda x: matrix @ x - target,
        jnp.ones(5),
        num_steps=1,
        num_cg_iterations=10,
    )
    np.testing.assert_allclose(result.params, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(result.losses[-1], squared_error[0], rtol=1e-4)


def test_exponential_fit_against_scipy():
    times = np.linspace(0, 2, 30).astype(np.float32)
    noise = 0.05 * np.random.default_rng(1).standard_normal(30)
    data = (2.0 * np.exp(-1.5 * times) + noise).astype(np.float32)
    expected = optimize.least_squares(
        lambda x: x[0] * np.exp(-x[1] * times) - data, [1.0, 1.0]
    )
    result = _fit(
        lambda x: {"data": x["scale"] * jnp.exp(-x["rate"] * times) - data},
        {"scale": jnp.float32(1.0), "rate": jnp.float32(1.0)},
        num_steps=8,
        num_cg_iterations=4,
    )
    np.testing.assert_allclose(result.params["scale"], expected.x[0], rtol=1e-3)
    np.testing.assert_allclose(result.params["rate"], expected.x[1], rtol=1e-3)
    np.testing.assert_allclose(result.losses[-1], 2 * expected.cost, rtol=1e-4)
    assert np.all(np.diff(result.losses[:4]) < 0)


def test_losses_are_those_before_each_step_and_at_the_end():
    result = _fit(lambda x: x, jnp.full(3, 2.0), num_steps=2, num_cg_iterations=3)
    np.testing.assert_allclose(result.losses, [12.0, 0.0, 0.0], atol=1e-6)
