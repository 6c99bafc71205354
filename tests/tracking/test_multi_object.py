import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import filter_fit
from samn_jax.tracking import init_tracker, multi_object, track_step, tracker
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
        same = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5)
        jax.tree.map(same, second, (one, answer))
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


def make_two(spec):
    """A red object and a gray one, each with a state of its own, and both together."""
    masks = MASKS[0], np.roll(MASKS[0], 40, axis=1)
    ones = []
    for mask in masks:
        mask = mask.astype(np.float32)
        ones.append(init(spec, {}, FRAMES[0], EXTENT, mask, from_mask=True)[0])
    many = multi_object.empty_slots(ones[0], 3)
    for slot, one in enumerate(ones):
        number = jnp.int32(slot)
        many = multi_object.place_object(many, one, number, number + 1)
    return ones, many


@pytest.mark.parametrize(
    "switches",
    [
        {"whole_frame": True, "use_spatial": False},
        {"use_spatial": False},
        {"one_search_region": True},
    ],
)
def test_every_object_sees_what_it_would_alone(switches):
    spec = color_net.make_spec(**switches)
    ones, many = make_two(spec)
    frame = jnp.asarray(FRAMES[1])

    @functools.partial(jax.jit, compiler_options=QUICK)
    def observe_alone(one):
        return tracker.observe(spec, {}, one, frame)

    observe = functools.partial(multi_object._observe, spec, {}, frame=frame)
    together = jax.jit(observe, compiler_options=QUICK)(many)
    for slot, one in enumerate(ones):
        jax.tree.map(
            lambda x, y, slot=slot: np.testing.assert_allclose(x[slot], y, atol=1e-5),
            together,
            observe_alone(one),
        )
    for leaf in jax.tree.leaves(together):
        assert not np.any(leaf[2]), "the third slot is empty"


def test_work_is_done_for_filled_slots_and_filters_that_are_due(monkeypatch):
    """Under vmap every slot was located and refined in every frame."""
    done = []

    def counted(module, name):
        function = getattr(module, name)

        def note(*arguments, **named):
            jax.debug.callback(lambda: done.append(name))
            return function(*arguments, **named)

        monkeypatch.setattr(module, name, note)

    counted(tracker, "_estimate")
    counted(filter_fit, "refine_filter")
    # Two of three slots are filled. Filters are refined every third frame, and no peak
    # is taken for a distractor, on which they would be at once.
    spatial = dataclasses.replace(color_net.CONFIG.spatial, hard_negative_ratio=1.0)
    spec = color_net.make_spec(spatial=spatial)
    _, many = make_two(spec)
    step = functools.partial(multi_object.step_objects, spec, {})
    step = jax.jit(step, compiler_options=QUICK)
    for index in range(4):
        done.clear()
        many, _ = step(many, FRAMES[index])
        jax.effects_barrier()
        assert done.count("_estimate") == 2
        assert done.count("refine_filter") == (2 if index == 2 else 0)
