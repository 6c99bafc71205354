"""One piece of code finds what is evaluated and what is trained on."""

import pytest

from samn_jax.data.clips import folder as training
from samn_jax.data.readers import folder, layouts
from samn_jax.errors import InputError
from tests.data import blobs


def names_of(videos):
    return [video.name for video in videos]


@pytest.fixture
def data(tmp_path):
    blobs.write_photos(tmp_path / "static", 2)
    blobs.write_clip(tmp_path / "video", "walk")
    blobs.write_clip(tmp_path / "train", "run")
    blobs.write_clip(tmp_path, "jump")
    return tmp_path


def test_what_is_trained_on_can_be_evaluated(data):
    evaluated, trained = folder.read_folder(data), training.read_folder(data)
    assert names_of(evaluated.sequences) == ["jump", "walk", "run"]
    assert names_of(trained.videos) == ["jump", "walk", "run"]
    assert names_of(trained.photos) == ["static/images/p0.jpg", "static/images/p1.jpg"]
    for sequence, video in zip(evaluated.sequences, trained.videos, strict=True):
        for index, frame in enumerate(video.frames):
            assert frame.files == sequence.files_of(index)
            image, ids = frame.load()
            assert (image == sequence.frame(index)).all()
            assert (ids == sequence.mask(index)).all()


def test_photos_alone_are_one_video_a_folder(tmp_path):
    blobs.write_photos(tmp_path / "holiday", 3)
    blobs.write_photos(tmp_path / "holiday/static", 2)
    found = folder.read_folder(tmp_path / "holiday").sequences
    assert [(s.name, s.num_frames) for s in found] == [("holiday", 3), ("static", 2)]


def test_davis_is_evaluated_whole_and_trained_on_by_its_list(tmp_path):
    for name in ("bear", "camel"):
        blobs.write_clip(tmp_path, name, suffix="480p")
    assert names_of(folder.read_folder(tmp_path).sequences) == ["bear", "camel"]
    with pytest.raises(InputError, match="add the training list"):
        training.read_folder(tmp_path)
    listed = tmp_path / "ImageSets/2017/train.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("bear\n")
    assert names_of(training.read_folder(tmp_path).videos) == ["bear"]


def test_both_refuse_the_same_folders(tmp_path):
    (tmp_path / "empty").mkdir()
    for read in (folder.read_folder, training.read_folder):
        with pytest.raises(InputError, match="nowhere is missing: give another"):
            read(tmp_path / "nowhere")
        with pytest.raises(InputError, match="neither JPEGImages/ . Annotations/ nor"):
            read(tmp_path / "empty")


def test_layouts_say_in_which_part_they_lie(data):
    found = layouts.find_layouts(data)
    assert [layout.part for layout in found] == ["", "static", "video", "train"]
    assert not any(layout.is_davis for layout in found)
