import shutil

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.readers import davis


def test_validation_split(davis16_dir):
    dataset = davis.read_davis16(davis16_dir)
    assert len(dataset.sequences) == 20
    assert sum(sequence.num_frames for sequence in dataset.sequences) == 1376
    camel = dataset.select(("camel",)).sequences[0]
    assert camel.frame_names[:2] == ("00000", "00001")
    assert camel.frame(3).shape == (480, 854, 3)
    mask = camel.first_mask()
    assert mask.shape == (480, 854)
    assert np.unique(mask).tolist() == [0, 1]


def test_unknown_sequence_is_refused(davis16_dir):
    dataset = davis.read_davis16(davis16_dir)
    with pytest.raises(errors.InputError, match="'camle' is not in davis16.*camel"):
        dataset.select(("camle",))


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(errors.InputError, match="val.txt is missing"):
        davis.read_davis16(tmp_path)


def test_damaged_list_is_refused(tmp_path):
    list_file = tmp_path / "ImageSets" / "480p" / "val.txt"
    list_file.parent.mkdir(parents=True)
    list_file.write_text("/JPEGImages/480p/a/00000.jpg\n")
    with pytest.raises(errors.InputError, match="a frame and its mask"):
        davis.read_davis16(tmp_path)


def test_missing_frame_names_the_file(davis16_dir, tmp_path):
    shutil.copytree(davis16_dir / "ImageSets", tmp_path / "ImageSets")
    sequence = davis.read_davis16(tmp_path).sequences[0]
    with pytest.raises(errors.InputError, match="blackswan/00000.jpg is missing"):
        sequence.frame(0)
