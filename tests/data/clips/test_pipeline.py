import numpy as np
import pytest

from samn_jax.data.clips import pipeline, sampling
from samn_jax.data.clips.config import SamplingConfig
from tests.data.clips.test_sampling import PHOTOS, VIDEOS

CLIPS = sampling.Clips(PHOTOS, VIDEOS, SamplingConfig(num_frames=2, crop_size=32))


def batches(size=4, seed=0, **loader):
    given = pipeline.Loader(**loader)
    return pipeline.batches(CLIPS, batch_size=size, seed=seed, loader=given)


def same(first, second):
    return all((first[name] == second[name]).all() for name in first)


def test_the_seed_decides_and_threads_do_not():
    one, many, other = batches(), batches(threads=3), batches(seed=1)
    for _ in range(3):
        first = next(one)
        assert same(first, next(many))
        assert not same(first, next(other))
    assert first["frames"].shape == (4, 2, 32, 32, 3)
    assert first["source"].shape == (4,)


def test_it_goes_on_where_it_was():
    whole = batches()
    drawn = [next(whole) for _ in range(5)]
    part = batches()
    for _ in range(2):
        next(part)
    again = batches(threads=2)
    again.set_state(part.get_state())
    assert all(same(next(again), expected) for expected in drawn[2:])


def test_hosts_share_the_batch_of_one():
    whole = batches()
    hosts = [batches(host=i, num_hosts=2) for i in range(2)]
    for _ in range(2):
        expected, parts = next(whole), [next(host) for host in hosts]
        assert parts[0]["frames"].shape[0] == 2
        for i, part in enumerate(parts):
            np.testing.assert_array_equal(part["frames"], expected["frames"][i::2])
    assert hosts[0].get_state() == hosts[1].get_state()


def test_a_batch_must_divide():
    with pytest.raises(ValueError, match="4 can't be divided over 3 hosts"):
        batches(num_hosts=3)
