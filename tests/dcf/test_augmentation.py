import functools

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.dcf import augmentation

CONFIG = augmentation.AugmentationConfig()
SIZE = 64
FIRST_SHIFT, MIRROR, FIRST_BLUR, FIRST_ROTATION = 1, 9, 10, 15

_augment = jax.jit(functools.partial(augmentation.augment_first_frame, config=CONFIG))


@pytest.fixture(scope="module")
def patch() -> np.ndarray:
    noise = np.random.default_rng(0).random((2 * SIZE, 2 * SIZE, 3))
    return cv2.GaussianBlur(noise, (0, 0), 1.5).astype(np.float32)


@pytest.fixture(scope="module")
def samples(patch) -> augmentation.AugmentedSamples:
    return _augment(patch, jnp.full(2, float(SIZE)))


def _middle(image: np.ndarray) -> np.ndarray:
    return image[SIZE // 2 : -SIZE // 2, SIZE // 2 : -SIZE // 2]


def test_there_are_27_crops_and_the_first_is_unchanged(patch, samples):
    assert samples.crops.shape == (27, SIZE, SIZE, 3)
    assert samples.target_centers_px.shape == (27, 2)
    np.testing.assert_array_equal(samples.crops[0], _middle(patch))


def test_shifts_move_the_content(patch, samples):
    for index, (x, y) in enumerate(CONFIG.shifts, start=FIRST_SHIFT):
        moved = np.roll(patch, (int(y * SIZE / 2), int(x * SIZE / 2)), axis=(0, 1))
        np.testing.assert_array_equal(samples.crops[index], _middle(moved))


def test_mirror_is_left_right(patch, samples):
    np.testing.assert_array_equal(samples.crops[MIRROR], _middle(patch[:, ::-1]))


def test_blurs_against_opencv(patch, samples):
    for index, (vertical, horizontal) in enumerate(CONFIG.blurs, start=FIRST_BLUR):
        size = [2 * int(np.ceil(2 * s)) + 1 for s in (horizontal, vertical)]
        expected = cv2.GaussianBlur(patch, size, sigmaX=horizontal, sigmaY=vertical)
        np.testing.assert_allclose(samples.crops[index], _middle(expected), atol=1e-5)


def test_rotations_against_opencv(patch, samples):
    middle = (SIZE - 0.5, SIZE - 0.5)  # OpenCV counts from the first pixel's center
    for index, angle in enumerate(CONFIG.rotations, start=FIRST_ROTATION):
        matrix = cv2.getRotationMatrix2D(middle, angle, 1.0)
        expected = cv2.warpAffine(patch, matrix, patch.shape[:2])
        # OpenCV rounds positions to 1/32 pixel.
        np.testing.assert_allclose(samples.crops[index], _middle(expected), atol=0.01)


def test_centers_follow_a_spot_through_every_copy():
    center = np.array([SIZE + 3.0, SIZE - 1.5])
    y, x = np.mgrid[: 2 * SIZE, : 2 * SIZE] + 0.5
    spot = np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * 1.2**2))
    samples = _augment(spot[..., None].astype(np.float32), jnp.asarray(center, "f4"))
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    for crop, expected in zip(
        np.asarray(samples.crops[..., 0]), samples.target_centers_px, strict=True
    ):
        centroid = [(x * crop).sum() / crop.sum(), (y * crop).sum() / crop.sum()]
        np.testing.assert_allclose(centroid, expected, atol=0.15)


@pytest.mark.parametrize("shape", [(64, 60, 3), (66, 66, 3)])
def test_a_patch_of_wrong_size_is_refused(shape):
    with pytest.raises(errors.InputError, match="multiple of 4"):
        _augment(jnp.zeros(shape), jnp.full(2, 32.0))
