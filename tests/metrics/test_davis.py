import itertools

import cv2
import numpy as np
import pytest

from samn_jax.metrics import davis


def _blobs(seed, shape=(60, 80)):
    """Two random masks that overlap in part and may touch the border."""
    noise = np.random.default_rng(seed).standard_normal((2, *shape))
    noise[1] = 0.6 * noise[0] + 0.8 * noise[1]
    smooth = [cv2.GaussianBlur(layer, (0, 0), 6) for layer in noise]
    return tuple(layer > 0.02 for layer in smooth)


def _plain_boundary(mask):
    """The official border rules, pixel by pixel."""
    height, width = mask.shape
    marked = []
    for y, x in itertools.product(range(height), range(width)):
        last_row, last_column = y == height - 1, x == width - 1
        near = []
        if not last_column:
            near.append(mask[y, x + 1])
        if not last_row:
            near.append(mask[y + 1, x])
        if not last_row and not last_column:
            near.append(mask[y + 1, x + 1])
        if any(value != mask[y, x] for value in near):
            marked.append((y, x))
    return np.array(marked, float).reshape(-1, 2)


def _plain_boundary_accuracy(mask, truth):
    radius = np.ceil(0.008 * np.sqrt(mask.shape[0] ** 2 + mask.shape[1] ** 2))
    found, true = _plain_boundary(mask), _plain_boundary(truth)
    distance = np.sqrt(((found[:, None] - true[None]) ** 2).sum(-1))
    precision = np.mean(distance.min(1) <= radius)
    recall = np.mean(distance.min(0) <= radius)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(60, 80), (110, 160)])  # radius 1 and 2
def test_boundary_accuracy_equals_plain_version(seed, shape):
    mask, truth = _blobs(seed, shape)
    expected = _plain_boundary_accuracy(mask, truth)
    assert 0.05 < expected < 0.95
    assert davis.boundary_accuracy(mask, truth) == pytest.approx(expected, abs=1e-9)


def test_region_overlap_equals_plain_version():
    mask, truth = _blobs(0)
    both, either = np.logical_and(mask, truth).sum(), np.logical_or(mask, truth).sum()
    assert davis.region_overlap(mask, truth) == both / either


def test_measures_at_the_extremes():
    empty, full = np.zeros((20, 30), bool), np.ones((20, 30), bool)
    square = empty.copy()
    square[5:9, 6:12] = True
    assert davis.region_overlap(empty, empty) == 1
    assert davis.region_overlap(square, empty) == 0
    assert davis.boundary_accuracy(square, square) == 1
    assert davis.boundary_accuracy(empty, empty) == 1
    assert davis.boundary_accuracy(square, empty) == 0
    assert davis.boundary_accuracy(full, empty) == 1  # neither has a boundary
    far = np.roll(square, 14, axis=1)
    assert davis.boundary_accuracy(square, far) == 0


def test_boundary_accuracy_is_symmetric():
    mask, truth = _blobs(3)
    swapped = davis.boundary_accuracy(truth, mask)
    assert davis.boundary_accuracy(mask, truth) == pytest.approx(swapped)


def test_statistics_by_hand():
    # Nine frames: quarters of frames 0-2, 2-4, 4-6 and 6-8.
    values = np.array([1.0, 0.9, 0.8, 0.5, 0.5, 0.5, 0.6, 0.3, 0.3])
    mean, recall, decay = davis.statistics(values)
    assert mean == pytest.approx(5.4 / 9)
    assert recall == pytest.approx(4 / 9)
    assert decay == pytest.approx(0.9 - 0.4)


@pytest.mark.parametrize("num_frames", [7, 48, 67, 103])
def test_decay_bins_round_halves_up(num_frames):
    values = np.random.default_rng(num_frames).random(num_frames)
    edges = [int(1 + (num_frames - 1) * part / 4 + 0.5) - 1 for part in range(5)]
    first, last = values[: edges[1] + 1], values[edges[3] :]
    expected = first.mean() - last.mean()
    assert davis.statistics(values).decay == pytest.approx(expected)


def test_one_frame_has_no_decay():
    assert davis.statistics(np.array([0.7])) == (0.7, 1.0, 0.0)


def test_first_and_last_frames_are_left_out():
    assert list(davis.scored_frames(5)) == [1, 2, 3]
