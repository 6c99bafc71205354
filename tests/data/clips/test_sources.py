import numpy as np
import pytest

from samn_jax.data.clips import folder
from samn_jax.errors import InputError
from tests.data import blobs


def test_photos_and_clips_are_read_by_name(tmp_path):
    blobs.write_photos(tmp_path / "static")
    blobs.write_clip(tmp_path / "video", "walk")
    blobs.write_clip(tmp_path / "video", "run")
    sources = folder.read_folder(tmp_path)
    assert [photo.name for photo in sources.photos] == [
        f"static/images/p{i}.jpg" for i in range(3)
    ]
    assert [video.name for video in sources.videos] == ["run", "walk"]
    frame, ids = sources.videos[0].frames[2].load()
    np.testing.assert_array_equal(ids, blobs.picture(2)[1])
    assert frame.shape == (*blobs.SIZE, 3)
    assert sources.skipped == {}


def test_what_cannot_be_used_is_counted(tmp_path, caplog):
    blobs.write_clip(tmp_path, "long", 4)
    blobs.write_clip(tmp_path, "short", 2)
    (tmp_path / "Annotations/long/00003.png").unlink()
    sources = folder.read_folder(tmp_path, min_frames=3)
    assert [video.name for video in sources.videos] == ["long"]
    assert len(sources.videos[0].frames) == 3
    assert sources.skipped == {
        "images without a mask": ["long/00003.jpg"],
        "clips of fewer than 3 annotated frames": ["short"],
    }
    sources.report()
    assert "skipped 1: clips of fewer than 3 annotated frames (short)" in caplog.text


def test_of_davis_only_the_training_list_is_read(tmp_path):
    for name in ("bear", "blackswan"):
        blobs.write_clip(tmp_path, name, suffix="480p")
    with pytest.raises(InputError, match="add the training list"):
        folder.read_folder(tmp_path)
    listed = tmp_path / "ImageSets/480p/train.txt"
    listed.parent.mkdir(parents=True)
    listed.write_text("/JPEGImages/480p/bear/00000.jpg /Annotations/480p/bear/0.png\n")
    assert [v.name for v in folder.read_folder(tmp_path).videos] == ["bear"]
    newer = tmp_path / "ImageSets/2017/train.txt"
    newer.parent.mkdir(parents=True)
    newer.write_text("blackswan\n")
    assert [v.name for v in folder.read_folder(tmp_path).videos] == ["blackswan"]


def test_held_out_clips_are_taken_away(tmp_path):
    for name in ("a", "b", "c"):
        blobs.write_clip(tmp_path, name, 1)
    kept, held_out = folder.read_folder(tmp_path).without(("b",))
    assert [v.name for v in kept.videos] == ["a", "c"]
    assert [v.name for v in held_out] == ["b"]
    with pytest.raises(InputError, match="held-out clip z"):
        kept.without(("z",))


def test_bad_files_are_named(tmp_path):
    with pytest.raises(InputError, match="nothing is missing"):
        folder.read_folder(tmp_path / "nothing")
    blobs.write_photos(tmp_path, 1)
    large = np.zeros((9, 9), np.uint8)
    blobs.cv2.imwrite(str(tmp_path / "masks/p0.png"), large)
    (photo,) = folder.read_folder(tmp_path).photos
    with pytest.raises(InputError, match="p0.png is 9 pixels high and 9 wide"):
        photo.load()


def test_the_fingerprint_follows_names_and_sizes(tmp_path):
    for name in ("a", "b"):
        blobs.write_clip(tmp_path / name, "x")
    first = folder.fingerprint(tmp_path / "a")
    assert first == folder.fingerprint(tmp_path / "b")
    (tmp_path / "b/Annotations/x/00001.png").unlink()
    assert first != folder.fingerprint(tmp_path / "b")
