import cv2
import numpy as np
import pytest

from samn_jax.data import prepare
from samn_jax.data.clips import folder, read, tfds_records
from samn_jax.errors import InputError
from tests.data import blobs


@pytest.mark.filterwarnings("ignore")  # TFDS's own
def test_records_hold_what_the_folder_does(tmp_path, capsys):
    data, out = tmp_path / "data", tmp_path / "out"
    blobs.write_photos(data / "static")
    blobs.write_clip(data / "video", "walk", 4)
    blobs.write_clip(data / "video", "short", 1)
    assert prepare.main([str(data), str(out)]) == 0
    assert "3 photos, 2 videos, 8 frames" in capsys.readouterr().out
    assert prepare.main([str(data), str(out)]) == 2
    assert "holds a data set" in capsys.readouterr().err

    plain = folder.read_folder(data, min_frames=2)
    found, fingerprint = read.read_sources(str(out), min_frames=2)
    assert fingerprint == folder.fingerprint(data)
    assert [p.name for p in found.photos] == [p.name for p in plain.photos]
    assert [v.name for v in found.videos] == ["walk"]
    assert found.skipped == {"clips of fewer than 2 annotated frames": ["short"]}
    pairs = [*zip(found.photos, plain.photos, strict=True)]
    pairs += zip(found.videos[0].frames, plain.videos[0].frames, strict=True)
    for ours, theirs in pairs:
        for a, b in zip(ours.load(), theirs.load(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_bad_data_stops_it(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has neither JPEGImages"):
        prepare.prepare(tmp_path / "empty", tmp_path / "out")
    blobs.write_photos(tmp_path / "data", 1)
    cv2.imwrite(str(tmp_path / "data/masks/p0.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match="p0.png is 3 pixels high and 3 wide"):
        list(prepare.records(folder.read_folder(tmp_path / "data")))


def test_other_folders_are_not_prepared(tmp_path):
    assert not tfds_records.is_prepared(tmp_path)
    assert not tfds_records.is_prepared(tmp_path / "nothing")


@pytest.mark.filterwarnings("ignore")  # TFDS's own
def test_a_damaged_frame_is_one_line_and_leaves_no_records(tmp_path, capsys):
    data, out = tmp_path / "data", tmp_path / "out"
    blobs.write_photos(data, 2)
    whole = (data / "images/p1.jpg").read_bytes()
    (data / "images/p1.jpg").write_bytes(whole[:300])
    assert prepare.main([str(data), str(out)]) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "error: frame " in last and "p1.jpg is damaged" in last
    assert not [path for path in out.rglob("*") if path.is_file()]
    (data / "images/p1.jpg").write_bytes(whole)
    assert prepare.main([str(data), str(out)]) == 0


def test_clips_of_one_name_are_refused(tmp_path):
    for part in ("video", "train"):
        blobs.write_clip(tmp_path / part, "walk")
    with pytest.raises(InputError, match="two clips called walk: rename one"):
        prepare.prepare(tmp_path, tmp_path / "out")
