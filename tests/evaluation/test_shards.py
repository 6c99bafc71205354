import pytest

from samn_jax import errors
from samn_jax.data import types
from samn_jax.evaluation import shards


def _dataset(num_videos):
    videos = tuple(
        types.Sequence(str(k), ("0",), lambda i: None, lambda i: None)
        for k in range(num_videos)
    )
    return types.Dataset("made-up", videos, "")


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_video_is_in_one_shard_and_shards_differ_by_one(count):
    dataset = _dataset(7)
    parts = [
        [s.name for s in shards.select_shard(dataset, shards.Shard(i, count)).sequences]
        for i in range(1, count + 1)
    ]
    assert sorted(sum(parts, [])) == [s.name for s in dataset.sequences]
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_shard_without_videos_is_refused():
    with pytest.raises(errors.InputError, match="take fewer shards"):
        shards.select_shard(_dataset(2), shards.Shard(3, 3))


def test_shards_are_read_as_one_counts():
    assert shards.parse_shard("2/3") == (2, 3)
    assert shards.parse_shard("2/3").label == "2of3"


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/", "a/b", "-1/3", "1/3/5"])
def test_other_texts_are_refused(text):
    with pytest.raises(errors.InputError, match="the first of three is 1/3"):
        shards.parse_shard(text)
