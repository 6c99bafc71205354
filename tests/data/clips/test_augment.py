import numpy as np
import pytest

from samn_jax.data.clips import augment


def test_box_of_a_mask():
    mask = np.zeros((10, 20), bool)
    mask[2:5, 6:16] = True
    np.testing.assert_array_equal(augment.box_of(mask), [11, 3.5, 10, 3])


def test_an_integer_crop_is_a_slice():
    image = np.random.default_rng(0).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    center = np.array([20.0, 15.0])
    transform = augment.crop_transform(center, 16.0, 16, np.eye(2))
    np.testing.assert_array_equal(
        augment.warp(image, transform, 16), image[7:23, 12:28]
    )
    outside = augment.crop_transform(np.zeros(2), 16.0, 16, np.eye(2))
    mask = np.ones((30, 40), np.uint8)
    assert augment.warp(mask, outside, 16).sum() == 64


def test_a_bend_of_nothing_changes_nothing():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    transform = augment.crop_transform(np.array([32.0, 32.0]), 32.0, 32, np.eye(2))
    bend = augment.random_bend(rng, 32, thin_plate=0.0, perspective=0.0)
    bent = augment.warp(image, transform, 32, bend).astype(int)
    assert np.abs(bent - augment.warp(image, transform, 32)).max() <= 1


def test_bends_move_pixels_and_keep_frames_and_masks_together():
    rng = np.random.default_rng(1)
    mask = np.zeros((64, 64), np.uint8)
    mask[20:44, 20:44] = 1
    transform = augment.crop_transform(np.array([32.0, 32.0]), 64.0, 64, np.eye(2))
    bend = augment.random_bend(rng, 64, thin_plate=0.06, perspective=0.3)
    frame = augment.warp(np.repeat(mask[..., None] * 255, 3, 2), transform, 64, bend)
    bent = augment.warp(mask, transform, 64, bend)
    assert (bent != mask).mean() > 0.01
    assert np.mean((frame[..., 0] > 127) != (bent > 0)) < 0.02


def thin_plate_by_hand(controls, values, points):
    """The spline of least bending, by its linear system."""

    def kernel(a, b):
        square = np.sum((a[:, None] - b[None]) ** 2, axis=-1)
        return square * np.log(np.maximum(square, 1e-12))

    count = len(controls)
    affine = np.concatenate((np.ones((count, 1)), controls), axis=1)
    system = np.block(
        [[kernel(controls, controls), affine], [affine.T, np.zeros((3, 3))]]
    )
    weights = np.linalg.solve(system, np.concatenate((values, np.zeros((3, 2)))))
    return kernel(points, controls) @ weights[:count] + (
        weights[count] + points @ weights[count + 1 :]
    )


def test_a_bend_is_a_thin_plate_between_shifted_control_points():
    bend = augment.random_bend(
        np.random.default_rng(5), 24, thin_plate=0.05, perspective=0.0
    )
    rng = np.random.default_rng(5)
    rng.uniform(-1, 1, 2)  # of the perspective
    cells = np.linspace(-0.5, 0.5, 4)
    controls = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2)
    axis = (np.arange(24) + 0.5) / 24 - 0.5
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    shifts = rng.normal(0.0, 0.05, controls.shape)
    shift = thin_plate_by_hand(controls, shifts, points)
    expected = (points + shift + 0.5) * 24 - 0.5
    np.testing.assert_allclose(bend.reshape(-1, 2), expected, atol=1e-6)


def test_random_linear_stays_in_its_ranges():
    rng = np.random.default_rng(3)
    for _ in range(50):
        linear = augment.random_linear(rng, degrees=10.0, scale=1.2, shear=0.1)
        assert 1 / 1.2**2 * 0.8 < np.linalg.det(linear) < 1.2**2 * 1.25


def test_pasting_replaces_what_is_set():
    frame = np.zeros((20, 20, 3), np.uint8)
    patch = np.full_like(frame, 200)
    over = np.zeros((20, 20), bool)
    over[5:15, 5:15] = True
    pasted = augment.paste(frame, patch, over)
    assert (pasted[7:13, 7:13] == 200).all()
    assert not pasted[:3].any()


@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_colors_change_with_strength(strength):
    table = augment.color_table(np.random.default_rng(4), strength)
    changed = np.abs(table.astype(int) - np.arange(256)[:, None]).max()
    assert changed <= 1 if strength == 0 else changed > 5
