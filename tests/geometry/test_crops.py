from functools import partial

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.geometry import crops

sample = jax.jit(crops.sample_crop, static_argnames=("out_size", "border"))
paste = jax.jit(crops.paste_crop, static_argnames=("image_hw",))


def square(center_xy, side, stride=1):
    return crops.SquareCrop(
        jnp.asarray(center_xy, jnp.float32), jnp.float32(side), jnp.int32(stride)
    )


def extent(image):
    return jnp.asarray(image.shape[:2], jnp.int32)


def cut(image, crop, border):
    """The pixels of an aligned square, by numpy padding."""
    left, top = (np.asarray(crop.center_xy) - float(crop.side) / 2).astype(int)
    side, reach = int(crop.side), 200
    mode = {"mode": "edge"} if border == "edge" else {}
    wide = np.pad(image, [(reach, reach)] * 2 + [(0, 0)] * (image.ndim - 2), **mode)
    return wide[top + reach :, left + reach :][:side, :side]


@pytest.mark.parametrize("border", ["edge", "zero"])
@pytest.mark.parametrize(
    ("center_xy", "side"),
    [((30, 20), 24), ((30.5, 20.5), 31), ((2, 3), 40), ((58, 44), 90), ((-40, 9), 20)],
)
def test_sample_equals_cv2_on_the_padded_cut(rng, border, center_xy, side):
    image = rng.random((48, 60, 3), np.float32)
    crop = square(center_xy, side)
    ours = sample(image, extent(image), crop, out_size=36, border=border)
    want = cv2.resize(cut(image, crop, border), (36, 36))
    np.testing.assert_allclose(ours, want, atol=2e-5)


def test_sample_never_reads_past_the_extent(rng):
    image = rng.random((40, 50), np.float32)
    bucket = np.full((64, 64), np.nan, np.float32)
    bucket[:40, :50] = image
    crop = square((48, 36), 40)
    ours = sample(bucket, extent(image), crop, out_size=20)
    np.testing.assert_array_equal(ours, sample(image, extent(image), crop, out_size=20))


@pytest.mark.parametrize("samples", [2, 3])
def test_mean_of_samples_is_the_mean_of_the_pixels_in_a_pixel(rng, samples):
    image = rng.random((48, 60, 3), np.float32)
    crop = square((30, 24), 12 * samples)
    mean = jax.jit(crops.sample_mean, static_argnames=("out_size", "samples"))
    ours = mean(image, extent(image), crop, out_size=12, samples=samples)
    want = cv2.resize(cut(image, crop, "edge"), (12, 12), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(ours, want, atol=2e-5)
    once = mean(image, extent(image), crop, out_size=20, samples=1)
    np.testing.assert_allclose(
        once, sample(image, extent(image), crop, out_size=20), atol=1e-6
    )


def test_thinned_sample_equals_cv2_on_every_third_pixel(rng):
    image = rng.random((60, 90, 3), np.float32)
    crop = jax.jit(partial(crops.filter_crop, out_size=8))(
        jnp.array([47.3, 31.9]), jnp.float32(27)
    )
    assert (int(crop.stride), float(crop.side)) == (3, 27)
    rows = 31 + 3 * (np.arange(9) - 4)
    columns = 47 + 3 * (np.arange(9) - 4)
    want = cv2.resize(image[rows[:, None], columns], (8, 8))
    ours = sample(image, extent(image), crop, out_size=8)
    np.testing.assert_allclose(ours, want, atol=1e-5)


def test_segmentation_crop_is_aligned_and_contains_the_wanted_side():
    crop = jax.jit(crops.segmentation_crop)(jnp.array([10.3, 7.0]), jnp.float32(5.2))
    assert float(crop.side) == 6
    np.testing.assert_array_equal(crop.center_xy, [10, 7])
    empty = crops.segmentation_crop(jnp.array([10.3, 7.0]), jnp.float32(0))
    assert float(empty.side) == 1


@pytest.mark.parametrize("side", [1, 2, 16, 17, 500, 986])
def test_filter_crop_is_centered_on_the_pixel_of_the_center(side):
    crop = crops.filter_crop(jnp.array([100.7, 50.2]), jnp.float32(side), out_size=16)
    assert abs(float(crop.side) - max(side, 2)) <= float(crop.stride) / 2
    offset = np.asarray(crop.center_xy) - [100.5, 50.5]
    assert np.all((offset >= 0) & (offset <= float(crop.stride) / 2))


@pytest.mark.parametrize(("side", "size"), [(24, 36), (37, 24), (24, 24)])
def test_paste_equals_cv2_resize(rng, side, size):
    crop = square((30 + side % 2 / 2, 20 + side % 2 / 2), side)
    crop_map = rng.random((size, size), np.float32)
    want = np.zeros((48, 60), np.float32)
    left, top = (np.asarray(crop.center_xy) - side / 2).astype(int)
    want[top : top + side, left : left + side] = cv2.resize(crop_map, (side, side))
    ours = paste(crop_map, crop, image_hw=(48, 60))
    np.testing.assert_allclose(ours, want, atol=1e-5)


def test_paste_undoes_sample(rng):
    smooth = cv2.GaussianBlur(rng.random((48, 60), np.float32), (0, 0), 4)
    crop = square((55, 20), 30)
    sampled = sample(smooth, extent(smooth), crop, out_size=60)
    back = np.asarray(paste(sampled, crop, image_hw=(48, 60)))
    np.testing.assert_allclose(back[5:35, 40:], smooth[5:35, 40:], atol=2e-3)
    assert not back[:5].any() and not back[:, :40].any()


def test_points_follow_the_pixels():
    """A bright spot is found in the crop where its point maps to, and back."""
    image = np.zeros((48, 60), np.float32)
    image[20:24, 30:34] = 1
    crop = square((36, 25), 20)
    sampled = np.asarray(sample(image, extent(image), crop, out_size=40))
    y, x = np.mean(np.argwhere(sampled > 0.5) + 0.5, axis=0)
    center = jnp.array([32.0, 22.0])
    mapped = crops.points_to_crop(center, crop, out_size=40)
    np.testing.assert_allclose(mapped, [x, y], atol=1e-4)
    assert float(crops.crop_scale(crop, 40)) == 2
    corners = jnp.array([[0.0, 0.0], [13.0, 40.0]])
    there = crops.points_to_crop(corners, crop, out_size=40)
    back = crops.points_to_image(there, crop, out_size=40)
    np.testing.assert_allclose(back, corners, atol=1e-4)


def test_crops_of_several_objects_by_vmap(rng):
    image = rng.random((48, 60), np.float32)
    one = [square((20, 20), 16), square((50, 30), 22)]
    both = jax.tree.map(lambda *leaves: jnp.stack(leaves), *one)
    get = partial(crops.sample_crop, out_size=12)
    ours = jax.jit(jax.vmap(get, (None, None, 0)))(image, extent(image), both)
    for i, crop in enumerate(one):
        want = sample(image, extent(image), crop, out_size=12)
        np.testing.assert_allclose(ours[i], want, atol=1e-6)


def test_a_map_over_one_crop_is_seen_by_another(rng):
    seen = jax.jit(crops.recrop, static_argnames="out_size")
    values = rng.random((32, 32), np.float32)
    first = square((50.0, 40.0), 64)
    same = seen(values, first, first, out_size=32)
    np.testing.assert_allclose(same, values, atol=1e-5)
    # Four cells to the right and two up, at two image pixels a cell.
    moved = seen(values, first, square((58.0, 36.0), 64), out_size=32)
    expected = np.zeros_like(values)
    expected[2:, :28] = values[:30, 4:]
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    # A quarter of it, enlarged.
    part = seen(values, first, square((34.0, 24.0), 32), out_size=32)
    want = cv2.resize(values[:16, :16], (32, 32))
    np.testing.assert_allclose(part, want, atol=2e-5)
