import concurrent.futures
import pickle

import numpy as np
import pytest

from samn_jax.data.clips import sampling
from samn_jax.data.clips.config import SamplingConfig
from samn_jax.data.clips.frame_cache import FrameCache
from samn_jax.data.clips.sources import Frame, Video
from samn_jax.errors import InputError
from tests.data import blobs

SIZE = 10 * 10 * 4  # bytes of a frame and its mask


def counted(name, reads, side=10):
    def load():
        reads.append(name)
        return np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.uint8)

    return Frame(name, load)


def test_frames_are_decoded_once_while_they_fit():
    reads = []
    frames = [counted(str(i), reads) for i in range(3)]
    cache = FrameCache(3 * SIZE)
    for _ in range(4):
        for frame in frames:
            cache.load(frame)
    assert reads == ["0", "1", "2"]
    assert cache.num_bytes == 3 * SIZE


def test_the_least_recently_used_goes_first():
    reads = []
    first, second, third = (counted(name, reads) for name in "abc")
    cache = FrameCache(2 * SIZE)
    for frame in (first, second, first, third, first, second):
        cache.load(frame)
    assert reads == ["a", "b", "c", "b"]


def test_the_bound_is_one_of_bytes():
    reads = []
    rng = np.random.default_rng(0)
    frames = [counted(str(i), reads, side=int(rng.integers(1, 60))) for i in range(40)]
    cache = FrameCache(20_000)
    for number in rng.integers(0, 40, 500):
        cache.load(frames[number])
        assert cache.num_bytes == sum(x.nbytes for p in cache._kept.values() for x in p)
        assert cache.num_bytes <= 20_000
    assert len(reads) < 500, "some were kept"


def test_what_is_too_large_or_unwanted_is_not_kept():
    reads = []
    frame = counted("a", reads)
    for cache in (FrameCache(SIZE - 1), FrameCache(0)):
        cache.load(frame)
        cache.load(frame)
        assert cache.num_bytes == 0
    assert reads == ["a"] * 4


def test_kept_frames_cannot_be_changed():
    frame, ids = FrameCache(SIZE).load(counted("a", []))
    for array in (frame, ids):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_failures_are_not_kept():
    def fail():
        raise InputError("frame a is damaged")

    cache = FrameCache(SIZE)
    for _ in range(2):
        with pytest.raises(InputError):
            cache.load(Frame("a", fail))
    assert cache.num_bytes == 0


def test_threads_share_it():
    reads = []
    frames = [counted(str(i), reads) for i in range(20)]
    cache = FrameCache(7 * SIZE)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(cache.load, frames[i % 20]) for i in range(4000)]
        assert all(job.result()[0].shape == (10, 10, 3) for job in jobs)
    assert cache.num_bytes == 7 * SIZE == len(cache._kept) * SIZE


def test_a_copy_for_another_process_is_empty():
    cache = FrameCache(SIZE)
    cache.load(counted("a", []))
    copy = pickle.loads(pickle.dumps(cache))
    assert (copy.max_bytes, copy.num_bytes) == (SIZE, 0)
    copy.load(counted("a", []))
    assert copy.num_bytes == SIZE


def test_clips_keep_frames_up_to_the_setting():
    reads = []

    def load(seed):
        reads.append(seed)
        return blobs.picture(seed)

    frames = tuple(Frame(f"{i}", lambda i=i: load(i)) for i in range(4))
    size = blobs.SIZE[0] * blobs.SIZE[1] * 4
    for kept, expected in ((0, 40), (2, None), (4, 4)):
        reads.clear()
        config = SamplingConfig(crop_size=32, cache_bytes=kept * size, num_frames=2)
        config_of_one = {"distractor_share": 0.0, "occluder_share": 0.0}
        config = SamplingConfig(**{**vars(config), **config_of_one})
        clips = sampling.Clips((), (Video("v", frames),), config)
        for seed in range(20):
            clips(np.random.default_rng(seed))
        assert clips.cache.num_bytes == kept * size
        assert expected is None or len(reads) == expected
    assert SamplingConfig().cache_bytes == 2 * 2**30
