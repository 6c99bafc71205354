import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import conjugate_gradient as cg_lib

SIZE = 12


def _spd_matrix(seed: int, condition: float = 100.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))
    eigenvalues = np.geomspace(1.0, condition, SIZE)
    return ((basis * eigenvalues) @ basis.T).astype(np.float32)


@functools.partial(jax.jit, static_argnames="num_iterations")
def _solve(matrix, right, preconditioner, *, num_iterations):
    return cg_lib.conjugate_gradient(
        lambda x: matrix @ x,
        right,
        preconditioner=preconditioner,
        num_iterations=num_iterations,
    )


@pytest.mark.parametrize("seed", range(3))
def test_solves_a_linear_system(seed):
    matrix = _spd_matrix(seed)
    right = np.random.default_rng(seed).standard_normal(SIZE).astype(np.float32)
    actual = _solve(matrix, right, 1.0, num_iterations=2 * SIZE)
    expected = np.linalg.solve(matrix.astype(np.float64), right)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4)


def test_error_in_the_energy_norm_never_grows():
    matrix = _spd_matrix(0)
    right = np.ones(SIZE, np.float32)
    exact = np.linalg.solve(matrix.astype(np.float64), right)
    energies = []
    for num_iterations in (0, 1, 3, 6):
        error = _solve(matrix, right, 1.0, num_iterations=num_iterations) - exact
        energies.append(error @ matrix @ error)
    assert np.all(np.diff(energies) < 0)


def test_exact_preconditioner_solves_in_one_iteration():
    diagonal = np.geomspace(1, 1e4, SIZE).astype(np.float32)
    right = np.arange(1, SIZE + 1, dtype=np.float32)
    actual = _solve(np.diag(diagonal), right, diagonal, num_iterations=1)
    np.testing.assert_allclose(actual, right / diagonal, rtol=1e-5)


def test_more_iterations_than_needed_do_no_harm():
    right = np.ones(SIZE, np.float32)
    actual = _solve(np.eye(SIZE, dtype=np.float32), right, 1.0, num_iterations=50)
    np.testing.assert_allclose(actual, right, rtol=1e-6)


def test_zero_right_hand_side_gives_zero():
    actual = _solve(_spd_matrix(0), np.zeros(SIZE, np.float32), 1.0, num_iterations=5)
    np.testing.assert_array_equal(actual, 0.0)


def test_leaves_of_a_pytree_are_solved_together():
    matrix = _spd_matrix(1)
    right = np.random.default_rng(1).standard_normal(SIZE).astype(np.float32)

    def operator(tree):
        image = matrix @ jnp.concatenate([tree["a"], tree["b"]])
        return {"a": image[:5], "b": image[5:]}

    solve = jax.jit(
        lambda tree: cg_lib.conjugate_gradient(
            operator, tree, preconditioner={"a": 2.0, "b": 2.0}, num_iterations=6
        )
    )
    actual = solve({"a": jnp.asarray(right[:5]), "b": jnp.asarray(right[5:])})
    expected = _solve(matrix, right, 2.0, num_iterations=6)
    np.testing.assert_allclose(
        np.concatenate([actual["a"], actual["b"]]), expected, rtol=1e-3, atol=1e-5
    )
