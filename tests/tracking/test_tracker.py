import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.models import lite
from samn_jax.tracking import (
    Tracker,
    TrackerSpec,
    init_tracker,
    track_step,
    track_video,
)
from tests.models import tiny_lite
from tests.tracking import color_net

SPEC = color_net.make_spec()
step = jax.jit(track_step, static_argnums=0)
video = jax.jit(track_video, static_argnums=0)
init = jax.jit(init_tracker, static_argnums=0, static_argnames="from_mask")
EXTENT = jnp.array([96, 120], jnp.int32)
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(9)])
BLANK, _ = color_net.draw([])


@functools.cache
def begin(from_mask=True):
    mask = MASKS[0].astype(np.float32)
    return init(SPEC, {}, FRAMES[0], EXTENT, mask, from_mask=from_mask)


@functools.cache
def run():
    """States and answers of the clip, frame by frame, from the first mask."""
    states, answers = [begin()[0]], [begin()[1]]
    for frame in FRAMES[1:]:
        state, answer = step(SPEC, {}, states[-1], frame)
        states.append(state)
        answers.append(answer)
    return states, answers


def assert_finite(tree):
    for path, leaf in jax.tree.leaves_with_path(tree):
        assert np.isfinite(leaf).all(), jax.tree_util.keystr(path)


def test_first_answer_is_the_mask_itself():
    state, answer = begin()
    np.testing.assert_array_equal(answer.mask, MASKS[0])
    np.testing.assert_allclose(answer.box_xywh, [30, 30, 20, 20], atol=1.5)
    assert answer.confidence > 0.9
    np.testing.assert_array_equal(state.target.center_xy, [40.0, 40.0])
    np.testing.assert_array_equal(state.target.size_wh, [20.0, 20.0])
    assert state.from_mask and state.frame_idx == 0


def test_target_is_followed():
    states, answers = run()
    for index, (state, answer) in enumerate(zip(states, answers, strict=True)):
        assert color_net.overlap(answer.mask, MASKS[index]) > 0.8
        wanted = np.array([40.0 + 3 * index, 40.0 + 2 * index])
        np.testing.assert_allclose(state.target.center_xy, wanted, atol=1.5)
        np.testing.assert_allclose(state.target.size_wh, 20.0, rtol=0.1)
        assert answer.confidence > 0.8 and state.lost_frames == 0
        assert state.frame_idx == index
    # After five frames the spatial memory says how certain it is.
    assert 0.2 < answers[-1].uncertainty < 3.0
    assert_finite(states[-1])


def test_both_memories_learn():
    states, _ = run()
    # First, last, and frame 5, which moved to the ring when frame 6 came.
    assert states[1].memory.bank.valid.tolist() == [True, True, False, False]
    assert [bool(s.memory.keep_last) for s in states] == [i == 5 for i in range(9)]
    assert states[6].memory.bank.valid.tolist() == [True, True, True, False]
    samples = [int(jnp.sum(s.spatial.samples.weights > 0)) for s in states[:4]]
    assert samples == [3, 4, 5, 6]
    assert np.any(states[0].spatial.filter != states[4].spatial.filter)


def test_video_equals_frame_by_frame():
    states, answers = run()
    last, together = video(SPEC, {}, states[0], FRAMES[1:])
    apart = jax.tree.map(lambda *x: np.stack(x), *answers[1:])
    same = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-5)
    jax.tree.map(same, last, states[-1])
    jax.tree.map(same, together, apart)


def test_one_search_region_is_encoded_once_and_follows_the_target(monkeypatch):
    spec = color_net.make_spec(one_search_region=True)
    mask = MASKS[0].astype(np.float32)
    state, _ = init(spec, {}, FRAMES[0], EXTENT, mask, from_mask=True)
    seen = []
    encode = color_net.ColorNet.encode_query

    def counted(net, image):
        seen.append(image.shape)
        return encode(net, image)

    monkeypatch.setattr(color_net.ColorNet, "encode_query", counted)
    monkeypatch.setattr(color_net.ColorNet, "filter_features", None)
    follow = jax.jit(track_step, static_argnums=0)
    for index in range(1, len(FRAMES)):
        state, answer = follow(spec, {}, state, FRAMES[index])
        assert color_net.overlap(answer.mask, MASKS[index]) > 0.8
    assert seen == [(1, 64, 64, 3)], "one crop a frame, traced once"
    assert 0.2 < answer.uncertainty < 3.0
    accepted = int(jnp.sum(state.spatial.samples.weights > 0))
    assert accepted == 6, "the filter has learned from it"


def test_lost_target_is_said_to_be_lost_and_found_again():
    state = run()[0][3]
    target = state.target
    for count in range(1, 4):
        state, answer = step(SPEC, {}, state, BLANK)
        assert answer.confidence == 0 and state.lost_frames == count
        np.testing.assert_array_equal(answer.box_xywh, 0)
        assert not np.any(answer.mask > 0.5)
    assert_finite(state)
    np.testing.assert_array_equal(state.target.size_wh, target.size_wh)
    np.testing.assert_array_equal(state.target.area, target.area)
    state, answer = step(SPEC, {}, state, FRAMES[4])
    assert color_net.overlap(answer.mask, MASKS[4]) > 0.7
    assert answer.confidence > 0.5 and state.lost_frames == 0


def test_box_start_segments_the_first_frame():
    state, answer = begin(from_mask=False)
    assert not state.from_mask
    assert color_net.overlap(answer.mask, MASKS[0]) > 0.8
    _, answer = step(SPEC, {}, state, FRAMES[1])
    assert color_net.overlap(answer.mask, MASKS[1]) > 0.8


def test_box_start_keeps_to_the_dilated_box():
    # Two red squares; the box is around the left one.
    frame, masks = color_net.draw([(30, 30, 20, 20), (60, 30, 20, 20)])
    box = np.where(np.arange(120)[None, :] < 55, masks, False).astype(np.float32)
    _, answer = init(SPEC, {}, frame, EXTENT, box, from_mask=False)
    assert color_net.overlap(answer.mask, box > 0.5) > 0.8
    assert not np.any(answer.mask[:, 56:] > 0.1)


def test_a_second_pass_segments_by_what_the_first_has_found():
    # Gray around the target dilutes the color that the box shows of it.
    loose = np.zeros((96, 120), np.float32)
    loose[27:53, 27:53] = 1.0
    answers = [
        init(
            color_net.make_spec(box_passes=passes),
            {},
            FRAMES[0],
            EXTENT,
            loose,
            from_mask=False,
        )[1]
        for passes in (1, 2)
    ]
    assert answers[0].confidence < 0.8 < 0.95 < answers[1].confidence
    assert color_net.overlap(answers[1].mask, MASKS[0]) > 0.8


def test_box_start_falls_back_on_the_box_where_nothing_is_segmented():
    # The box lies on plain gray, in a frame of plain gray but for one corner.
    frame, _ = color_net.draw([(20, 20, 60, 60)])
    box = np.zeros((96, 120), np.float32)
    box[40:60, 40:60] = 1.0
    state, answer = init(SPEC, {}, frame, EXTENT, box, from_mask=False)
    assert answer.confidence > 0.5
    assert_finite(state)


def doubt(state):
    """The state before frame 5, in doubt: its filter used to see far more."""
    maxima = jnp.full_like(state.spatial.maxima, 1e6)
    spatial = state.spatial._replace(maxima=maxima, num_frames=jnp.int32(9))
    return state._replace(spatial=spatial, frame_idx=jnp.int32(4))


@pytest.mark.parametrize("from_mask", [True, False])
def test_an_uncertain_frame_teaches_nothing(from_mask):
    before = doubt(begin(from_mask)[0])
    state, answer = step(SPEC, {}, before, FRAMES[1])
    assert answer.uncertainty > 10.0
    # From a box it is not even segmented; from a mask always.
    assert (answer.confidence > 0) == from_mask
    assert not state.memory.keep_last
    np.testing.assert_array_equal(state.target.size_wh, before.target.size_wh)
    np.testing.assert_array_equal(
        state.spatial.samples.weights, before.spatial.samples.weights
    )


def test_uncertain_frames_are_kept_if_samples_are_not_filtered():
    spec = color_net.make_spec(memory={"filter_samples": False})
    before = doubt(begin()[0])
    state, answer = step(spec, {}, before, FRAMES[1])
    assert answer.uncertainty > 10.0 and state.memory.keep_last


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_compact_networks_state_keeps_its_shapes_and_types(dtype):
    # So that a video is one scan. Nothing is compiled here.
    config = dataclasses.replace(tiny_lite.CONFIG, compute_dtype=dtype)
    spec = TrackerSpec.of(lite.LiteNet(config), color_net.CONFIG)
    given = tiny_lite.make_variables(config), FRAMES[0], EXTENT
    mask = MASKS[0].astype(np.float32)
    begin_lite = functools.partial(init_tracker, spec, from_mask=True)
    first, _ = jax.eval_shape(begin_lite, *given, mask)
    state, answer = jax.eval_shape(
        functools.partial(track_step, spec), given[0], first, FRAMES[1]
    )
    assert jax.tree.map(lambda x: (x.shape, x.dtype), first) == jax.tree.map(
        lambda x: (x.shape, x.dtype), state
    )
    shapes = [x.shape for x in first.memory.bank.key]
    assert shapes == [(4, 4, 4, 4), (4, 4, 4, 3)]
    assert {x.dtype for x in first.memory.bank.key} == {jnp.dtype(dtype)}
    assert answer.mask.shape == (96, 120) and answer.mask.dtype == jnp.float32


def test_without_spatial_memory_and_intervals_the_last_mask_is_followed():
    spec = color_net.make_spec(use_spatial=False, memory={"memorize_every": 0})
    tracker = Tracker(spec, {})
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    assert state.spatial is None
    for frame, mask in zip(FRAMES[1:7], MASKS[1:7], strict=True):
        state, answer = tracker.step(state, frame)
        assert color_net.overlap(answer.mask, mask) > 0.8
        assert answer.uncertainty == 0
        assert state.memory.bank.valid.tolist() == [True, True, False, False]


def test_target_at_the_edge_is_what_is_seen_of_it():
    # The edge is repeated outside the frame, and is as red as the target.
    state = begin()[0]
    state = state._replace(
        target=state.target._replace(center_xy=jnp.float32([109, 48]))
    )
    frame, mask = color_net.draw([(110, 38, 10, 20)])
    state, answer = step(SPEC, {}, state, frame)
    assert color_net.overlap(answer.mask, mask) > 0.8
    np.testing.assert_allclose(answer.box_xywh, [110, 38, 10, 20], atol=1.5)
    np.testing.assert_allclose(state.target.area, 200.0, rtol=0.15)


def test_size_changes_by_a_limited_share():
    # The target is twice as large (four times the area is no plausible change).
    grown, _ = color_net.draw([(28, 28, 28, 28)])
    jumped, _ = color_net.draw([(20, 20, 44, 44)])
    for from_mask, share in ((True, 0.10), (False, 0.05)):
        before = begin(from_mask)[0]
        after, _ = step(SPEC, {}, before, grown)
        growth = np.asarray(after.target.size_wh / before.target.size_wh)
        np.testing.assert_allclose(growth, 1 + share, rtol=1e-4)
        after, _ = step(SPEC, {}, before, jumped)
        np.testing.assert_array_equal(after.target.size_wh, before.target.size_wh)
