import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import peaks

SETTINGS = {"neighborhood_scale": 2.2, "hard_negative_ratio": 0.3}
TARGET_SIZE = jnp.array([10.0, 20.0])

_find = jax.jit(functools.partial(peaks.find_peak, **SETTINGS))
_upsample = jax.jit(peaks.upsample_scores, static_argnames=("stride", "kernel_size"))


def _wave(num_cells: int, frequency: int, position: np.ndarray) -> np.ndarray:
    return np.cos(2 * np.pi * frequency * (position - 1.3) / num_cells)


@pytest.mark.parametrize(("num_cells", "kernel_size"), [(15, 4), (16, 4), (18, 3)])
def test_waves_are_interpolated_exactly(num_cells, kernel_size):
    stride, cells = 8, np.arange(num_cells)
    fine = np.arange(num_cells * stride) / stride - 0.5 * (kernel_size % 2)
    scores = np.outer(_wave(num_cells, 2, cells), 1 + _wave(num_cells, 5, cells))
    expected = np.outer(_wave(num_cells, 2, fine), 1 + _wave(num_cells, 5, fine))
    actual = _upsample(
        jnp.asarray(scores, "f4"), stride=stride, kernel_size=kernel_size
    )
    np.testing.assert_allclose(actual, expected, atol=1e-4)


def test_map_need_not_be_square():
    actual = _upsample(jnp.ones((15, 17)), stride=4, kernel_size=4)
    assert actual.shape == (60, 68)
    np.testing.assert_allclose(actual, 1.0, atol=1e-4)


@pytest.mark.parametrize("size", [(8, 12), (9, 7)])
def test_window_is_one_in_the_middle_and_falls_to_the_border(size):
    window = peaks.hann_window(size)
    assert window[size[0] // 2, size[1] // 2] == 1.0
    assert window.min() > 0
    middle = window[size[0] // 2]
    center = size[1] // 2
    np.testing.assert_allclose(middle[center - 2], middle[center + 2])
    assert np.all(np.diff(middle[: center + 1]) > 0)


def _map(*bumps: tuple[int, int, float]) -> jax.Array:
    score_map = np.zeros((128, 96), np.float32)
    for row, column, height in bumps:
        score_map[row, column] = height
    return jnp.asarray(score_map)


def test_offset_is_from_the_center_in_x_and_y():
    peak = _find(_map((70, 40, 0.8)), TARGET_SIZE)
    np.testing.assert_array_equal(peak.offset_xy, [40 - 48, 70 - 64])
    assert peak.maximum == np.float32(0.8)
    assert not peak.hard_negative


@pytest.mark.parametrize(
    ("row", "column", "height", "expected"),
    [
        (64, 71, 0.4, True),  # 23 pixels away: outside of 2.2 · 20 / 2
        (64, 70, 0.4, False),
        (76, 48, 0.4, True),  # 12 pixels away: outside of 2.2 · 10 / 2
        (75, 48, 0.4, False),
        (20, 20, 0.29, False),
        (20, 20, 0.31, True),
    ],
)
def test_second_maximum_far_enough_and_high_enough(row, column, height, expected):
    peak = _find(_map((64, 48, 1.0), (row, column, height)), TARGET_SIZE)
    assert bool(peak.hard_negative) == expected


def test_a_map_without_positive_scores_is_no_hard_negative():
    peak = _find(jnp.full((128, 96), -0.1), TARGET_SIZE)
    assert peak.maximum == np.float32(-0.1)
    assert not peak.hard_negative
