import pickle

import cv2
import numpy as np
import pytest

from samn_jax.data.readers import scenes, synthetic

LAST = synthetic.NUM_FRAMES - 1


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return synthetic.read_synthetic(tmp_path_factory.mktemp("none"))


def test_every_scene_has_one_target_and_starts_well(dataset):
    assert [sequence.name for sequence in dataset.sequences] == list(scenes.SCENES)
    for sequence in dataset.sequences:
        moment = scenes.SCENES[sequence.name](0.5)
        assert sum(actor.target for actor in moment.actors) == 1
        assert sequence.first_mask().sum() > 800
        assert sequence.frame(0).shape == (*synthetic.FRAME_SIZE, 3)


def test_same_seed_same_picture_other_seed_another():
    picture = synthetic.render_frame("turning", 0, 7)
    synthetic._wall.cache_clear()
    synthetic._texture.cache_clear()
    np.testing.assert_array_equal(picture, synthetic.render_frame("turning", 0, 7))
    other = synthetic.render_frame("turning", 1, 7)
    assert np.abs(picture.astype(int) - other).mean() > 20


def test_frames_can_be_read_in_another_process(dataset):
    sequence = dataset.sequences[2]
    copy = pickle.loads(pickle.dumps(sequence))
    np.testing.assert_array_equal(copy.frame(5), sequence.frame(5))


@pytest.mark.parametrize("scene", ["turning", "approaching", "changing"])
@pytest.mark.parametrize("index", [0, 17, LAST])
def test_mask_fills_the_outline(scene, index):
    actor = scenes.SCENES[scene](index / LAST).actors[-1]
    direction = np.linspace(-np.pi, np.pi, 2000)
    radius = synthetic._outline(direction[None], actor, seed=0)[0] * actor.radius
    x = actor.x + radius * np.cos(direction + actor.angle)
    y = actor.y + radius * np.sin(direction + actor.angle)
    corners = np.stack([x, y], axis=-1) * synthetic.FRAME_SIZE[0]
    height, width = synthetic.FRAME_SIZE
    large = np.zeros((8 * height, 8 * width), np.uint8)
    cv2.fillPoly(large, [np.round(8 * corners - 0.5).astype(np.int32)], 1)
    expected = large.reshape(height, 8, width, 8).mean((1, 3)) > 0.5
    mask = synthetic.render_mask(scene, 0, index)
    assert (mask & expected).sum() / (mask | expected).sum() > 0.98


def test_target_is_hidden_and_comes_back():
    areas = _areas_of("hidden")
    assert areas.min() == 0
    assert areas[-1] > 0.9 * areas[0]


def test_target_leaves_and_comes_back():
    areas = _areas_of("leaving")
    assert (areas == 0).sum() >= 5
    assert areas[-1] == pytest.approx(areas[0], rel=0.05)


def test_target_grows_threefold_in_each_direction():
    areas = _areas_of("approaching")
    assert areas.max() / areas.min() == pytest.approx(3.2**2, rel=0.05)


def test_look_alikes_are_not_in_the_mask():
    moment = scenes.SCENES["look_alikes"](0.0)
    mask = synthetic.render_mask("look_alikes", 0, 0)
    for actor in moment.actors:
        row, column = (int(place * synthetic.FRAME_SIZE[0]) for place in actor[2:0:-1])
        assert mask[row, column] == actor.target
    assert len({actor.look for actor in moment.actors}) == 1


def _areas_of(scene):
    frames = range(synthetic.NUM_FRAMES)
    masks = [synthetic.render_mask(scene, 0, index) for index in frames]
    return np.array([np.count_nonzero(mask) for mask in masks])
