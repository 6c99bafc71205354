import cv2
import numpy as np
import pytest

from samn_jax.data import check
from samn_jax.errors import InputError
from tests.data import blobs
from tests.data.formats import test_palette


def texts(folder, *, serious):
    report = check.check(folder)
    return [f"{p.path.name} {p.text}" for p in report.problems if p.serious is serious]


def one(folder, pattern, *, serious=True):
    found = [text for text in texts(folder, serious=serious) if pattern in text]
    assert len(found) == 1, check.check(folder).problems
    return found[0]


@pytest.fixture
def data(tmp_path):
    blobs.write_photos(tmp_path)
    blobs.write_clip(tmp_path, "walk")
    return tmp_path


def test_good_data_has_no_problem(data, capsys):
    report = check.check(data)
    assert report.problems == []
    assert (report.photos, report.videos, report.frames) == (3, 1, 7)
    assert check.main([str(data)]) == 0
    assert "0 errors, 0 notes" in capsys.readouterr().out


def test_each_fault_is_named_with_its_file(data):
    clip, masks = data / "JPEGImages/walk", data / "Annotations/walk"
    cv2.imwrite(str(masks / "00001.png"), np.zeros((3, 4), np.uint8))
    cv2.imwrite(str(masks / "00000.png"), np.zeros(blobs.SIZE, np.uint8))
    (clip / "00002.jpg").write_bytes((clip / "00002.jpg").read_bytes()[:300])
    (masks / "00003.png").unlink()
    (masks / "99999.png").write_bytes((masks / "00000.png").read_bytes())
    (data / "masks/p1.png").unlink()
    (data / "JPEGImages/empty").mkdir()
    one(data, "00001.png is 3 pixels high and 4 wide, its frame 40")
    one(data, "00000.png is empty")
    one(data, "00002.jpg is damaged")
    one(data, "00003.jpg has no mask", serious=False)
    one(data, "99999.png has no frame", serious=False)
    one(data, "p1.jpg has no mask")
    one(data, "empty holds no frames")
    assert check.main([str(data)]) == 1


def test_smoothed_masks_are_told_from_ids(data):
    soft = cv2.GaussianBlur((blobs.picture(0)[1] > 0) * np.uint8(255), (9, 9), 3)
    cv2.imwrite(str(data / "masks/p0.png"), soft)
    assert "p0.png" in one(data, "is smoothed")


def test_wrong_palettes_gaps_and_sizes(data):
    masks = data / "Annotations/walk"
    ids = blobs.picture(0)[1]
    white = test_palette.indexed_png(ids, colors=b"\xff" * 9)
    (masks / "00001.png").write_bytes(white)
    one(data, "palette whose index 0 isn't black")
    for i in (0, 2, 3):
        cv2.imwrite(str(masks / f"0000{i}.png"), ids * np.uint8(2))
    assert "leave out [1, 3]" in one(data, "object ids [2, 4]", serious=False)
    small = np.zeros((20, 20, 3), np.uint8)
    cv2.imwrite(str(data / "JPEGImages/walk/00003.jpg"), small)
    one(data, "frames change their size: 56x40")


def test_small_objects_are_noted(data):
    ids = np.zeros(blobs.SIZE, np.uint8)
    ids[:3, :3] = 1
    cv2.imwrite(str(data / "masks/p2.png"), ids)
    one(data, "object 1 has 9 pixels", serious=False)


def test_folders_without_a_layout_are_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="has neither JPEGImages"):
        check.check(tmp_path)
    assert check.main([str(tmp_path / "nothing")]) == 2
    assert "is missing" in capsys.readouterr().err
