import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.entry import Key, make_entry
from samn_jax.tracking import segmentation
from samn_jax.tracking.state import Target, floats
from tests.tracking import color_net


def first_memory(spec, key, value):
    """The memory of a first frame whose mask does not matter."""
    entry = make_entry(key, value, jnp.zeros((64, 64)), 0, given=True)
    return spec.memory.init(entry, spec.reader({}))


EXTENT = np.array([96, 120], np.int32)
choose = jax.jit(segmentation.choose_crop, static_argnums=0)


def make_target(center=(50.0, 40.0), size=(20.0, 30.0)):
    size = floats(*size)
    area = jnp.float32(400.0)
    return Target(floats(*center), size, area, size, area)


def choose_for(target, lost=0, **fields):
    spec = color_net.make_spec(**fields)
    return choose(spec, target, jnp.asarray(EXTENT), jnp.int32(lost))


def test_crop_is_the_search_factor_times_the_targets_size():
    crop = choose_for(make_target())
    assert crop.side == np.ceil(np.sqrt(20.0 * 30.0) * 4.0)
    np.testing.assert_allclose(crop.center_xy, [50.0, 40.0], atol=0.5)


def test_whole_frame_covers_the_frame_whatever_the_target():
    crop = choose_for(make_target(center=(5.0, 5.0)), whole_frame=True)
    np.testing.assert_array_equal(crop.center_xy, [60.0, 48.0])
    assert crop.side == 120


@pytest.mark.parametrize(
    ("size", "side"),
    # √(60·60)·4 = 240: cut to √(96·120); or to 1.2 times the longer side.
    [((60.0, 60.0), np.sqrt(96 * 120)), ((110.0, 40.0), 132.0), ((10.0, 10.0), 40.0)],
)
def test_clamped_crop_has_at_most_the_frames_area(size, side):
    crop = choose_for(make_target(size=size), clamp_crop=True)
    assert crop.side == np.ceil(np.float32(side))


def test_crop_grows_while_the_target_is_lost_up_to_the_frame():
    sides = [choose_for(make_target(), n, lost_growth=1.05).side for n in (0, 2, 9000)]
    assert sides[0] == 98
    np.testing.assert_allclose(sides[1], np.ceil(np.sqrt(600) * 4.0 * 1.05**2))
    assert sides[2] == 120
    wide = choose_for(make_target(size=(60.0, 60.0)), 50, lost_growth=1.05)
    assert wide.side == 240, "a crop wider than the frame is left as it is"


@pytest.fixture(scope="module")
def seen():
    """The first frame's search region and what is remembered of it."""
    spec = color_net.make_spec()
    frame, mask = color_net.draw([(40, 30, 20, 20)])
    target = make_target(size=(20.0, 20.0))
    search_region = jax.jit(segmentation.search_region, static_argnums=0)
    region = search_region(spec, {}, frame, EXTENT, target, jnp.int32(0))
    # 80 pixels around (50, 40), 64 of the crop: 0.8 crop pixels per pixel.
    inside = np.zeros((64, 64), np.float32)
    inside[24:40, 24:40] = 1.0
    encode = jax.jit(segmentation.encode, static_argnums=0)
    return spec, region, inside, encode(spec, {}, region, inside)


def test_search_region_shows_the_crop_and_where_the_target_is_in_it(seen):
    _, region, inside, _ = seen
    np.testing.assert_allclose(region.center_xy, [[32.0, 32.0]], atol=1e-4)
    assert region.image.shape == (1, 64, 64, 3)
    red = np.asarray(region.image[0, :, :, 0]) > 0.6
    np.testing.assert_array_equal(red, inside > 0.5)


def test_segment_reads_what_was_encoded(seen):
    spec, region, inside, entry = seen

    @functools.partial(jax.jit, static_argnums=0)
    def segment(spec, region, memory):
        return segmentation.segment(spec, {}, region, memory)[0]

    prob = segment(spec, region, first_memory(spec, *entry))
    assert prob.shape == (64, 64)
    np.testing.assert_array_equal(prob > 0.5, inside > 0.5)
    # A memory of background alone shows nothing.
    nothing = first_memory(spec, entry[0], jax.tree.map(jnp.zeros_like, entry[1]))
    assert not np.any(np.asarray(segment(spec, region, nothing)) > 0.5)


@pytest.mark.parametrize("mode", ["cross_reference", "cosine", "emd"])
def test_machine_changes_what_is_read_from_two_frames(seen, mode):
    _, region, _, (key, value) = seen
    other = Key.plain(key.attention[::-1] + 0.5), jax.tree.map(jnp.zeros_like, value)

    @functools.partial(jax.jit, static_argnums=0)
    def read(spec, key):
        memory, reader = first_memory(spec, *other), spec.reader({})
        query = jax.tree.map(lambda x: x[0], region.query.key)
        entry = make_entry(key, value, jnp.zeros((64, 64)), 1)
        past = spec.memory.read(memory, query, reader)
        memory, _ = spec.memory.write(memory, entry, past, reader)
        return spec.memory.read(memory, query, reader).readout.attention

    plain = read(color_net.make_spec(), key)
    weighed = read(color_net.make_spec(memory={"machine.mode": mode}), key)
    assert np.isfinite(weighed).all()
    assert np.abs(np.asarray(plain - weighed)).max() > 1e-4
