"""Archives for the servers: whole, right, and the same each time."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import boxes, palette
from samn_jax.data.readers import youtube_vos as reader
from samn_jax.evaluation import submissions
from samn_jax.evaluation.protocols import ope
from tests.data import youtube_vos_folder


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Data set, and the files of a right archive."""
    root = tmp_path_factory.mktemp("youtube")
    split_dir = youtube_vos_folder.write(root / "valid", all_masks=True)
    dataset = reader.read_youtube_vos(split_dir)
    masks_dir = split_dir / "Annotations"  # The truth is a fine result.
    submissions.pack_masks(dataset, masks_dir, root / "s.zip")
    with zipfile.ZipFile(root / "s.zip") as packed:
        return dataset, {name: packed.read(name) for name in packed.namelist()}


def _gray(files, name):
    files[name] = cv2.imencode(".png", youtube_vos_folder.ids_of("cow", 0))[1].tobytes()


def _early(files, name):
    files[name] = files["Annotations/cow/00010.png"]


def _flip(files, name):
    turned = np.ascontiguousarray(youtube_vos_folder.ids_of("cow", 1).T)
    files[name] = palette.encode_indices(turned)


def _cut(files, name):
    files[name] = files[name][:-9]


def _leave_out(files, name):
    del files[name]


def _add(files, name):
    files["Annotations/cow/00007.png"] = files[name]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_gray, "cow/00005.png of the archive isn't an indexed PNG"),
        (_early, "cow/00005.png of the archive shows object 2, which isn't given"),
        (_flip, "is 60 .* and 40 wide, its frame 40 .* and 60"),
        (_cut, "cow/00005.png of the archive is damaged or cut short"),
        (_leave_out, "lacks Annotations/cow/00005.png"),
        (_add, "has Annotations/cow/00007.png, which is no frame"),
    ],
)
def test_archives_that_the_server_would_not_take(handed_in, tmp_path, harm, message):
    dataset, files = handed_in
    files = dict(files)
    harm(files, "Annotations/cow/00005.png")
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    with pytest.raises(errors.InputError, match=message):
        submissions.check_masks(dataset, tmp_path / "s.zip")


def test_archive_of_an_unfinished_run_is_not_written(handed_in, tmp_path):
    dataset, _ = handed_in
    with pytest.raises(errors.InputError, match="cow/00000.png is missing"):
        submissions.pack_masks(dataset, tmp_path, tmp_path / "s.zip")
    assert not (tmp_path / "s.zip").exists()
    (tmp_path / "s.zip").write_bytes(b"no archive")
    with pytest.raises(errors.InputError, match="is not a zip archive"):
        submissions.check_masks(dataset, tmp_path / "s.zip")


@pytest.fixture
def boxes_dir(tmp_path):
    """Two videos, and their boxes in both layouts."""
    frames = tuple(Path(f"{k:04d}.jpg") for k in range(5))
    truths = np.array([[k, 2.0, 6.0, 4.0] for k in range(5)])
    videos = tuple(boxes.box_sequence(name, frames, truths) for name in "ab")
    for protocol in (ope.OPE, ope.GOT10K_OPE):
        for video in videos:
            (path,) = protocol.result_files(video, tmp_path)
            boxes.write_boxes(path, truths)
            seconds = protocol.seconds_file(path)
            seconds.parent.mkdir(exist_ok=True)
            seconds.write_text("0.1\n" * 5)
    return types.Dataset("made", videos, ""), tmp_path


def test_the_archive_of_got10k_has_boxes_and_seconds(boxes_dir, tmp_path):
    archive = tmp_path / "new" / "s.zip"
    submissions.pack_got10k(*boxes_dir, archive)
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == [
            "a/a_001.txt",
            "a/a_time.txt",
            "b/b_001.txt",
            "b/b_time.txt",
        ]
        assert len(packed.read("b/b_001.txt").split()) == 5
    before = archive.read_bytes()
    submissions.pack_got10k(*boxes_dir, archive)
    assert archive.read_bytes() == before


def test_the_archive_of_trackingnet_has_the_boxes_alone(boxes_dir, tmp_path):
    submissions.pack_flat(*boxes_dir, tmp_path / "s.zip")
    with zipfile.ZipFile(tmp_path / "s.zip") as packed:
        assert packed.namelist() == ["a.txt", "b.txt"]


@pytest.mark.parametrize("pack", [submissions.pack_flat, submissions.pack_got10k])
def test_an_archive_of_boxes_needs_every_video_whole(boxes_dir, tmp_path, pack):
    dataset, results_dir = boxes_dir
    for path in (results_dir / "b.txt", results_dir / "b" / "b_001.txt"):
        path.write_text("1,1,1,1\n")
    with pytest.raises(errors.InputError, match="has 1 boxes for 5 frames"):
        pack(dataset, results_dir, tmp_path / "s.zip")
    for path in (results_dir / "b.txt", results_dir / "b" / "b_001.txt"):
        path.unlink()
    with pytest.raises(errors.InputError, match="b_001.txt: run|b.txt is missing"):
        pack(dataset, results_dir, tmp_path / "s.zip")
    assert not (tmp_path / "s.zip").exists()
