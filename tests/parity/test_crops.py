"""Crops against those of the authors' release (cv2, 8-bit and float)."""

from functools import partial

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.geometry import crops
from tests.parity.golden import files

SEGMENTATION_SIZE, FILTER_SIZE = 384, 256


@partial(jax.jit, static_argnames=("out_size", "border"))
def segmentation_sample(image, extent_hw, box_xywh, *, out_size, border="edge"):
    side = crops.search_side(box_xywh[2:], 4.0)
    crop = crops.segmentation_crop(box_xywh[:2] + box_xywh[2:] / 2, side)
    return crop, crops.sample_crop(
        image, extent_hw, crop, out_size=out_size, border=border
    )


@partial(jax.jit, static_argnames=("out_size",))
def filter_sample(image, extent_hw, box_xywh, *, out_size):
    side = crops.search_side(box_xywh[2:], 4.5)
    crop = crops.filter_crop(box_xywh[:2] + box_xywh[2:] / 2, side, out_size=out_size)
    return crops.sample_crop(image, extent_hw, crop, out_size=out_size)


def padded(array):
    """The array in a larger bucket filled with values that must never be read."""
    pad = [(0, 32), (0, 42)] + [(0, 0)] * (array.ndim - 2)
    return jnp.asarray(np.pad(array, pad, constant_values=np.nan))


@pytest.fixture(params=files("crops_*.npz"))
def case(request, davis16_dir):
    """The golden arrays, the frame and its mask."""
    golden = np.load(request.param)
    name = f"{golden['sequence']}/{int(golden['frame']):05d}"
    frame = cv2.imread(str(davis16_dir / f"JPEGImages/480p/{name}.jpg"))
    mask = cv2.imread(str(davis16_dir / f"Annotations/480p/{name}.png"), 0)
    image = frame[:, :, ::-1].astype(np.float32)
    return golden, image, (mask > 0).astype(np.float32)


def test_segmentation_crops_equal_golden(case):
    golden, image, mask = case
    # The release leaves out the last row and column of the image.
    extent_hw = jnp.asarray(image.shape[:2], jnp.int32) - 1
    for i, box in enumerate(golden["boxes"].astype(np.float32)):
        crop, sampled = segmentation_sample(
            padded(image), extent_hw, jnp.asarray(box), out_size=SEGMENTATION_SIZE
        )
        scale = crops.crop_scale(crop, SEGMENTATION_SIZE)
        assert float(scale) == pytest.approx(float(golden[f"seg_factor_{i}"]))
        error = np.abs(np.asarray(sampled)[::4, ::4] - golden[f"seg_crop_{i}"])
        assert error.max() < 1 and error.mean() < 0.5  # 8-bit rounding alone
        _, sampled = segmentation_sample(
            padded(mask),
            extent_hw,
            jnp.asarray(box),
            out_size=SEGMENTATION_SIZE,
            border="zero",
        )
        error = np.abs(np.asarray(sampled)[::4, ::4] - golden[f"mask_crop_{i}"])
        assert error.max() < 1e-3


def test_segmentation_crops_of_the_whole_image_are_close(case):
    """With the last row and column, too, the inside of the image hardly differs."""
    golden, image, _ = case
    extent_hw = jnp.asarray(image.shape[:2], jnp.int32)
    ones = padded(np.ones(image.shape[:2], np.float32))
    for i, box in enumerate(golden["boxes"].astype(np.float32)):
        sample = partial(
            segmentation_sample,
            extent_hw=extent_hw,
            box_xywh=jnp.asarray(box),
            out_size=SEGMENTATION_SIZE,
        )
        _, sampled = sample(padded(image))
        _, inside = sample(ones, border="zero")
        error = np.abs(np.asarray(sampled)[::4, ::4] - golden[f"seg_crop_{i}"])
        assert error[np.asarray(inside)[::4, ::4] == 1].mean() < 1


def test_filter_crops_equal_golden(case):
    golden, image, _ = case
    extent_hw = jnp.asarray(image.shape[:2], jnp.int32)
    for i, box in enumerate(golden["boxes"].astype(np.float32)):
        sampled = filter_sample(
            padded(image), extent_hw, jnp.asarray(box), out_size=FILTER_SIZE
        )
        error = np.abs(np.asarray(sampled)[::4, ::4] - golden[f"dcf_patch_{i}"])
        assert error.max() < 0.1  # the golden is rounded to float16
