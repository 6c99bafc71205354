import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.geometry import crops
from samn_jax.models import aggregation
from samn_jax.tracking import init_tracker, multi_object, track_step, tracker
from samn_jax.tracking.state import Target, TrackerState, floats
from tests.tracking import color_net

SIZE = (96, 120)
EXTENT = jnp.array(SIZE, jnp.int32)
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(4)])
# Each runs a few times only: what is saved on compiling is more than what it costs.
QUICK = {"xla_backend_optimization_level": 0}
init = jax.jit(
    init_tracker,
    static_argnums=0,
    static_argnames="from_mask",
    compiler_options=QUICK,
)
step = jax.jit(track_step, static_argnums=0, compiler_options=QUICK)
step_objects = jax.jit(
    multi_object.step_objects, static_argnums=0, compiler_options=QUICK
)


def test_an_object_alone_is_tracked_as_by_track_step():
    spec = color_net.make_spec(aggregation="soft")
    mask = MASKS[0].astype(np.float32)
    one, _ = init(spec, {}, FRAMES[0], EXTENT, mask, from_mask=True)
    many = multi_object.empty_slots(one, 2)
    many = multi_object.place_object(many, one, jnp.int32(1), jnp.int32(9))
    for index in (1, 2, 3):
        one, answer = step(spec, {}, one, FRAMES[index])
        many, answers = step_objects(spec, {}, many, FRAMES[index])
        second = jax.tree.map(lambda x: x[1], (many.objects, answers.objects))
        jax.tree.map(
            lambda x, y: np.testing.assert_allclose(x, y, rtol=2e-3, atol=2e-3),
            second,
            (one, answer),
        )
        assert color_net.overlap(answers.ids == 9, MASKS[index]) > 0.8
        for part in answers.objects:
            np.testing.assert_array_equal(np.asarray(part)[0], 0)


def types_of(tree):
    """Shape, type, and whether the type is weak, of every array."""
    return jax.tree.map(lambda x: (x.shape, x.dtype, x.weak_type), tree)


def test_states_keep_their_types_so_that_no_step_compiles_anew():
    spec = color_net.make_spec()
    start = functools.partial(init_tracker, spec, {}, from_mask=True)
    mask = MASKS[0].astype(np.float32)
    one, _ = jax.eval_shape(start, FRAMES[0], EXTENT, mask)
    after, _ = jax.eval_shape(functools.partial(track_step, spec, {}), one, FRAMES[1])
    assert types_of(after) == types_of(one)
    many = jax.eval_shape(lambda one: multi_object.empty_slots(one, 2), one)
    number = jnp.int32(1)
    placed = jax.eval_shape(multi_object.place_object, many, one, number, number)
    removed = jax.eval_shape(multi_object.remove_object, placed, number)
    both = functools.partial(multi_object.step_objects, spec, {})
    after, _ = jax.eval_shape(both, removed, FRAMES[1])
    assert types_of(many) == types_of(placed) == types_of(removed) == types_of(after)


def make_objects(centers, sizes):
    """States without memories."""
    states = []
    for center, size in zip(centers, sizes, strict=True):
        size, area = floats(size, size), jnp.float32(size**2)
        target = Target(floats(*center), size, area, size, area)
        zero = jnp.int32(0)
        states.append(
            TrackerState(None, None, target, EXTENT, jnp.bool_(True), zero, zero)
        )
    return jax.tree.map(lambda *x: jnp.stack(x), *states)


@pytest.mark.parametrize("whole_frame", [True, False])
def test_every_object_sees_what_it_would_alone(whole_frame):
    spec = color_net.make_spec(whole_frame=whole_frame)
    objects = make_objects([(30.0, 30.0), (80.0, 50.0)], [12.0, 20.0])
    frame = jnp.asarray(FRAMES[0])

    @jax.jit
    def views(objects):
        zero = jnp.zeros((2,), jnp.float32)
        places = tracker.Place(None, objects.target, zero)
        return multi_object._look(spec, {}, objects, frame, places)

    @jax.jit
    def view(one):
        place = tracker.Place(None, one.target, jnp.float32(0))
        return tracker.look(spec, {}, one, frame, place)

    together = views(objects)
    for slot in range(2):
        alone = view(jax.tree.map(lambda x, slot=slot: x[slot], objects))
        jax.tree.map(
            lambda x, y, slot=slot: np.testing.assert_allclose(x[slot], y, atol=1e-4),
            together,
            alone,
        )


def numpy_shares(prob, kind):
    odds = np.clip(prob, 1e-7, 1 - 1e-7)
    background = np.clip(np.prod(1 - prob, axis=0), 1e-7, 1 - 1e-7)
    odds = odds / (1 - odds)
    background = background / (1 - background) if kind == "soft" else 1.0
    return odds / (background + odds.sum(axis=0))


@pytest.fixture(scope="module")
def in_crops():
    """Probabilities in three overlapping crops of one frame pixel per crop pixel."""
    probs = np.random.default_rng(0).uniform(size=(3, 64, 64)).astype(np.float32)
    corners = np.array([[0, 0], [20, 10], [50, 30]])
    places = crops.SquareCrop(
        jnp.asarray(corners + 32, jnp.float32),
        jnp.full((3,), 64.0),
        jnp.ones((3,), jnp.int32),
    )
    return probs, corners, places


def join(kind, probs, places):
    spec = color_net.make_spec(aggregation=kind)
    join = jax.jit(multi_object._join, static_argnums=(0, 4))
    return join(spec, probs, places, EXTENT, (128, 128))


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_share_in_a_crop_is_that_beside_the_others(in_crops, kind):
    probs, corners, places = in_crops
    in_frame = np.zeros((3, 128, 128), np.float32)
    for slot, (x, y) in enumerate(corners):
        in_frame[slot, y : y + 64, x : x + 64] = probs[slot]
    # Rows and columns past the true size are padding, where nothing is.
    in_frame[:, SIZE[0] :], in_frame[:, :, SIZE[1] :] = 0, 0
    ours = join(kind, probs, places)
    for slot, (x, y) in enumerate(corners):
        every = in_frame[:, y : y + 64, x : x + 64].copy()
        every[slot] = probs[slot]
        wanted = numpy_shares(every, kind)[slot]
        np.testing.assert_allclose(ours[slot], wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", aggregation.AGGREGATIONS)
def test_share_beside_empty_slots_is_that_of_one_alone(in_crops, kind):
    probs, _, places = in_crops
    probs = probs * np.array([0, 1, 0], np.float32)[:, None, None]
    ours = join(kind, probs, places)[1]
    alone = jax.jit(aggregation.join_one, static_argnames="kind")(probs[1], kind=kind)
    np.testing.assert_allclose(ours, alone, atol=1e-5)


def test_winner_is_the_most_probable_of_objects_and_background():
    shares = np.array([[[0.5, 0.2, 0.3, 0.0]], [[0.4, 0.1, 0.36, 0.0]]], np.float32)
    ids = jax.jit(multi_object.winners)(shares, jnp.array([7, 3], jnp.int32))
    assert ids.dtype == jnp.uint8
    np.testing.assert_array_equal(ids, [[7, 0, 3, 0]])
