"""What can be evaluated can be trained on: `dataset` names it as evaluate.py does."""

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.training import assemble
from tests.data import blobs
from tests.training import tiny


@pytest.fixture
def davis(tmp_path):
    """A DAVIS-2017 folder with a clip in each of two parts."""
    lists = tmp_path / "ImageSets/2017"
    lists.mkdir(parents=True)
    for part, clip in (("train", "walk"), ("val", "judo")):
        blobs.write_clip(tmp_path, clip, 4, suffix="480p")
        (lists / f"{part}.txt").write_text(f"{clip}\n")
    return tmp_path


def test_the_part_that_is_named_is_drawn_from(davis):
    config = tiny.config(dataset="davis17", split="val", synthetic=False)
    data = assemble.read_data(config, davis)
    (video,) = data.clips.videos
    assert (video.name, video.origins) == ("judo", ("davis17",))
    sample = data.clips(np.random.default_rng(0))
    assert sample["masks"][0].any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "davis17"}, "say by split which to train on"),
        ({"dataset": "got10k", "split": "train"}, "got10k has boxes"),
        ({"dataset": "davis"}, "data set 'davis' is unknown"),
        ({"dataset": "youtubevos", "split": "val"}, "youtubevos has no split 'val'"),
        ({"dataset": "davis17", "split": "test"}, "test.txt"),
    ],
)
def test_what_cant_be_trained_on_is_refused(davis, fields, message):
    config = tiny.config(synthetic=False, **fields)
    with pytest.raises(InputError, match=message):
        assemble.read_data(config, davis)


def test_a_part_of_nothing_is_refused():
    with pytest.raises(InputError, match="split is 'val' of no data set"):
        tiny.config(split="val")
