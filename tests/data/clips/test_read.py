import numpy as np
import pytest

from samn_jax.data.clips import read
from samn_jax.data.readers import synthetic
from samn_jax.errors import InputError
from tests.data import blobs


def test_folders_between_commas_are_joined(tmp_path):
    blobs.write_photos(tmp_path / "a", 2)
    blobs.write_clip(tmp_path / "b", "walk")
    blobs.write_clip(tmp_path / "b", "short", 1)
    both, fingerprint = read.read_sources(f"{tmp_path}/a,{tmp_path}/b", min_frames=2)
    assert [p.origins for p in both.photos] == [("a",), ("a",)]
    assert [(v.name, v.origins) for v in both.videos] == [("walk", ("b",))]
    assert both.skipped == {"clips of fewer than 2 annotated frames": ["short"]}
    singles = [read.read_sources(tmp_path / name)[1] for name in ("a", "b")]
    assert fingerprint == "+".join(singles)
    with pytest.raises(InputError, match="c is missing"):
        read.read_sources(f"{tmp_path}/a,{tmp_path}/c")


def test_a_folder_whose_name_has_a_comma_is_one(tmp_path):
    blobs.write_photos(tmp_path / "a,b", 1)
    found, _ = read.read_sources(tmp_path / "a,b")
    assert found.photos[0].origins == ("a,b",)


def test_every_scene_is_rendered_as_a_video():
    found = read.rendered_sources(seed=3)
    dataset = synthetic.read_synthetic(seed=3)
    assert [v.name for v in found.videos] == [s.name for s in dataset.sequences]
    frame, ids = found.videos[2].frames[5].load()
    index = 5 * read.RENDERED_STEP
    np.testing.assert_array_equal(frame, dataset.sequences[2].frame(index))
    np.testing.assert_array_equal(ids, dataset.sequences[2].mask(index))
