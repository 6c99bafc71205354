"""Transport against an exact linear program, ott-jax, and its own properties."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from samn_jax.memory import transport

solve = jax.jit(transport.solve_transport, static_argnames="iterations")
cosine_cost = jax.jit(transport.cosine_cost)
ENOUGH = 2000  # iterations to convergence on these small sets


def random_problem(seed, sizes=(9, 12), zeros=False):
    """Cost and weights of two random sets; `zeros` takes a third of the cells' mass."""
    rng = np.random.default_rng(seed)
    sets = [rng.normal(size=(n, 5)).astype(np.float32) for n in sizes]
    weights = [rng.uniform(0.1, 1.0, n).astype(np.float32) for n in sizes]
    if zeros:
        for weight in weights:
            weight[::3] = 0
    weights = [weight / weight.sum() for weight in weights]
    return cosine_cost(*sets), *(jnp.asarray(weight) for weight in weights)


def exact_cost(cost, source, target):
    """The earth mover's distance by linear programming, in float64."""
    cost, source, target = (np.asarray(x, np.float64) for x in (cost, source, target))
    n, m = cost.shape
    masses = np.concatenate([source / source.sum(), target / target.sum()])
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    solution = optimize.linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=masses
    )
    assert solution.success
    return solution.fun


def entropy(weights):
    weights = np.asarray(weights)[np.asarray(weights) > 0]
    return -np.sum(weights * np.log(weights))


def test_cosine_cost_equals_numpy():
    a, b = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)
    b[0] = 0
    norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)[None]
    cosine = np.divide(a @ b.T, norms, out=np.zeros_like(norms), where=norms > 0)
    np.testing.assert_allclose(cosine_cost(a, b), 1 - cosine, atol=1e-6)


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_cost_is_within_the_entropic_bound_of_the_exact_distance(seed, zeros):
    problem = random_problem(seed, zeros=zeros)
    exact = exact_cost(*problem)
    for epsilon in (0.1, 0.02, 0.005):
        plan, cost = solve(*problem, epsilon=epsilon, iterations=ENOUGH)
        # What is not yet at its target may be moved there at 2 a unit, the most.
        misplaced = jnp.sum(jnp.abs(jnp.sum(plan, axis=0) - problem[2])) / 2
        bound = epsilon * min(entropy(problem[1]), entropy(problem[2]))
        assert misplaced < 1e-3
        assert -2 * misplaced - 1e-6 <= cost - exact <= bound + 2 * misplaced + 1e-6
    np.testing.assert_allclose(cost, exact, atol=0.005)


@pytest.mark.parametrize("zeros", [False, True])
def test_plan_carries_the_masses(zeros):
    cost, source, target = random_problem(4, zeros=zeros)
    plan = solve(cost, source, target, epsilon=0.05, iterations=ENOUGH).plan
    assert jnp.all(plan >= 0)
    np.testing.assert_allclose(jnp.sum(plan, axis=1), source, atol=1e-6)
    np.testing.assert_allclose(jnp.sum(plan, axis=0), target, atol=1e-4)


def test_entropic_plan_and_cost_equal_ott():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies are no concern of ours
        with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
            geometry = pytest.importorskip("ott.geometry.geometry")
            linear = pytest.importorskip("ott.solvers.linear")
            cost, source, target = random_problem(5)
            solution = linear.solve(
                geometry.Geometry(cost, epsilon=0.05), source, target, threshold=1e-6
            )
            plan, primal = solution.matrix, solution.primal_cost
    ours = solve(cost, source, target, epsilon=0.05, iterations=ENOUGH)
    np.testing.assert_allclose(ours.plan, plan, atol=2e-5)
    np.testing.assert_allclose(ours.cost, primal, atol=2e-5)


def test_exchanging_the_sets_transposes_the_plan():
    cost, source, target = random_problem(6)
    forth = solve(cost, source, target, epsilon=0.05, iterations=ENOUGH)
    back = solve(cost.T, target, source, epsilon=0.05, iterations=ENOUGH)
    np.testing.assert_allclose(forth.plan, back.plan.T, atol=1e-5)
    np.testing.assert_allclose(forth.cost, back.cost, atol=1e-5)


def test_order_of_cells_does_not_matter():
    cost, source, target = random_problem(7)
    rows, columns = (np.random.default_rng(0).permutation(n) for n in cost.shape)
    plain = solve(cost, source, target, epsilon=0.02, iterations=100)
    shuffled = solve(
        cost[rows][:, columns],
        source[rows],
        target[columns],
        epsilon=0.02,
        iterations=100,
    )
    np.testing.assert_allclose(shuffled.plan, plain.plan[rows][:, columns], atol=1e-5)
    np.testing.assert_allclose(shuffled.cost, plain.cost, atol=1e-5)


def test_equal_sets_cost_no_more_than_the_entropic_bias():
    cells = np.random.default_rng(8).normal(size=(10, 5)).astype(np.float32)
    weights = jnp.full((10,), 0.1)
    cost = cosine_cost(cells, cells)
    for epsilon, most in ((0.1, 0.1 * np.log(10)), (0.02, 1e-3), (0.005, 1e-6)):
        found = solve(cost, weights, weights, epsilon=epsilon, iterations=ENOUGH).cost
        assert -1e-6 <= found <= most


def test_cells_without_mass_count_as_absent():
    cost, source, target = random_problem(9, zeros=True)
    rows, columns = np.flatnonzero(source), np.flatnonzero(target)
    # However attractive: massless cells are the cheapest to reach.
    cost = cost.at[::3].set(0.0).at[:, ::3].set(0.0)
    whole = solve(cost, source, target, epsilon=0.01, iterations=ENOUGH)
    reduced = solve(
        cost[rows][:, columns],
        source[rows],
        target[columns],
        epsilon=0.01,
        iterations=ENOUGH,
    )
    np.testing.assert_allclose(whole.plan[rows][:, columns], reduced.plan, atol=1e-4)
    np.testing.assert_allclose(jnp.sum(whole.plan), 1.0, atol=1e-5)


def cost_of(cost, source, target, epsilon):
    return transport.solve_transport(
        cost, source, target, epsilon=epsilon, iterations=100
    ).cost


value_and_gradients = jax.jit(jax.value_and_grad(cost_of, argnums=(0, 1, 2)))


@pytest.mark.parametrize("argument", range(3))
def test_gradient_equals_finite_differences(argument):
    problem = random_problem(10, sizes=(5, 6))
    gradient = value_and_gradients(*problem, 0.2)[1][argument]
    rng, step = np.random.default_rng(0), 5e-3

    def cost_moved_by(change):
        arrays = list(problem)
        arrays[argument] = arrays[argument] + change
        return value_and_gradients(*arrays, 0.2)[0]

    for _ in range(4):
        direction = rng.normal(size=gradient.shape).astype(np.float32)
        if argument > 0:  # masses must stay positive and go on summing to 1
            direction = 0.2 * (direction - direction.mean())
        rise = cost_moved_by(step * direction) - cost_moved_by(-step * direction)
        np.testing.assert_allclose(
            jnp.vdot(gradient, direction), rise / (2 * step), rtol=0.02, atol=1e-3
        )


@pytest.mark.parametrize("tiny", [0.0, 1e-30, 1e-12])
@pytest.mark.parametrize("epsilon", [0.001, 0.02, 1.0])
def test_value_and_gradients_are_finite_at_the_extremes(epsilon, tiny):
    cost = jnp.asarray([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0], [2.0, 2.0, 0.0]])
    source = jnp.asarray([tiny, tiny, 1.0])
    target = jnp.asarray([1.0, tiny, tiny])
    value, gradients = value_and_gradients(cost, source, target, epsilon)
    assert jnp.isfinite(value)
    for gradient in gradients:
        assert jnp.all(jnp.isfinite(gradient))
    if epsilon > 0.001:  # below, the potentials need more rounds to get there
        np.testing.assert_allclose(value, 2.0, atol=1e-5)


def test_half_precision_is_solved_in_float32():
    arrays = [x.astype(jnp.bfloat16) for x in random_problem(11)]
    solution = jax.eval_shape(
        lambda *args: transport.solve_transport(*args, epsilon=0.1, iterations=20),
        *arrays,
    )
    assert solution.plan.dtype == solution.cost.dtype == jnp.float32
