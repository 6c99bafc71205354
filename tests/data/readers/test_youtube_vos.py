import dataclasses

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.readers import youtube_vos
from tests.data import youtube_vos_folder


@pytest.fixture
def split_dir(tmp_path):
    return youtube_vos_folder.write(tmp_path / "valid", all_masks=False)


def test_objects_start_where_they_first_appear(split_dir):
    dataset = youtube_vos.read_youtube_vos(split_dir)
    cow, dog = dataset.sequences
    assert cow.starts() == {0: (1,), 2: (2,)}
    assert dog.starts() == {0: (1,)}
    assert cow.frame_names == ("00000", "00005", "00010", "00015", "00020")
    assert cow.mask(1) is None
    np.testing.assert_array_equal(cow.mask(2), youtube_vos_folder.ids_of("cow", 2))
    assert dataset.note == "YouTube-VOS valid"


def test_masks_of_all_frames_start_objects_once(tmp_path):
    split_dir = youtube_vos_folder.write(tmp_path / "train", all_masks=True)
    (cow, _) = youtube_vos.read_youtube_vos(split_dir).sequences
    assert cow.starts() == {0: (1,), 2: (2,)}
    # Without late objects those of the first frame are all.
    assert dataclasses.replace(cow, late_objects=False).starts() == {0: (1,)}


def test_meta_names_the_videos_and_is_optional(split_dir):
    youtube_vos_folder.write_meta(split_dir, {"dog": {1: "dog"}})
    (only,) = youtube_vos.read_youtube_vos(split_dir).sequences
    assert only.name == "dog"
    (split_dir / "meta.json").unlink()
    assert len(youtube_vos.read_youtube_vos(split_dir).sequences) == 2


def test_seen_categories_are_those_of_the_training_set(split_dir):
    assert youtube_vos.seen_categories(split_dir) is None
    train = {"a": {1: "cow", 2: "dog"}, "b": {1: "cow"}}
    youtube_vos_folder.write_meta(split_dir.parent / "train", train)
    assert youtube_vos.seen_categories(split_dir) == {"cow", "dog"}
    assert youtube_vos.read_categories(split_dir) == youtube_vos_folder.CATEGORIES


def test_what_is_missing_is_named(split_dir):
    with pytest.raises(errors.InputError, match="nowhere/JPEGImages is missing"):
        youtube_vos.read_youtube_vos(split_dir / "nowhere")
    (split_dir / "JPEGImages/dog").rename(split_dir / "dog")
    with pytest.raises(errors.InputError, match="JPEGImages/dog is missing"):
        youtube_vos.read_youtube_vos(split_dir)
    (split_dir / "meta.json").write_text('{"videos": 3}')
    with pytest.raises(errors.InputError, match="isn't the meta.json"):
        youtube_vos.read_youtube_vos(split_dir)


def test_a_video_without_objects_is_refused(split_dir):
    (split_dir / "Annotations/cow/00000.png").unlink()
    (cow, dog) = youtube_vos.read_youtube_vos(split_dir).sequences
    assert cow.starts() == {2: (1, 2)}, "a video may start empty"
    empty = dataclasses.replace(dog, read_mask=lambda index: None)
    with pytest.raises(errors.InputError, match="no mask of sequence dog shows"):
        empty.starts()
    (split_dir / "Annotations/dog/00000.png").unlink()
    with pytest.raises(errors.InputError, match="Annotations/dog has no mask"):
        youtube_vos.read_youtube_vos(split_dir)
