import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import images
from samn_jax.data.readers import davis17

IDS = np.zeros((24, 32), np.uint8)
IDS[4:12, 5:20] = 1
IDS[14:20, 8:30] = 2


@pytest.fixture
def data_dir(tmp_path):
    """Two videos of three frames; of the second only the first mask is public."""
    for name, num_masks in (("judo", 3), ("pigs", 1)):
        frame_dir = tmp_path / "JPEGImages/480p" / name
        frame_dir.mkdir(parents=True)
        for index in range(3):
            frame = np.full((24, 32, 3), 20 * index, np.uint8)
            cv2.imwrite(str(frame_dir / f"{index:05d}.jpg"), frame)
            if index < num_masks:
                path = tmp_path / "Annotations/480p" / name / f"{index:05d}.png"
                images.write_mask(path, IDS)
    list_file = tmp_path / "ImageSets/2017/val.txt"
    list_file.parent.mkdir(parents=True)
    list_file.write_text("pigs\njudo\n")
    return tmp_path


def test_videos_of_the_list_with_their_objects(data_dir):
    dataset = davis17.read_davis17(data_dir)
    assert [sequence.name for sequence in dataset.sequences] == ["pigs", "judo"]
    pigs, judo = dataset.sequences
    assert pigs.starts() == judo.starts() == {0: (1, 2)}
    np.testing.assert_array_equal(judo.mask(2), IDS)
    assert pigs.mask(2) is None
    assert judo.frame_names == ("00000", "00001", "00002")


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("ImageSets/2017/val.txt", "val.txt is missing"),
        ("Annotations/480p/judo/00000.png", "judo/00000.png is missing"),
        ("JPEGImages/480p/judo", "480p/judo is missing"),
    ],
)
def test_what_is_missing_is_named(data_dir, missing, message):
    (data_dir / missing).rename(data_dir / "elsewhere")
    with pytest.raises(errors.InputError, match=message):
        davis17.read_davis17(data_dir)


def test_empty_list_is_refused(data_dir):
    (data_dir / "ImageSets/2017/val.txt").write_text("\n")
    with pytest.raises(errors.InputError, match="names no video"):
        davis17.read_davis17(data_dir)
