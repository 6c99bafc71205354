import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import images
from samn_jax.evaluation import run_folder

IDENTITY = {"checkpoint": "lite", "config": {"capacity": 8, "sizes": (1, 2)}}
VIDEO = types.Sequence("clip", ("0", "1"), lambda i: None, lambda i: None)


def test_sequence_is_finished_with_its_record_and_all_masks(tmp_path):
    folder = run_folder.open_run(tmp_path / "out", IDENTITY)
    assert folder.record_of(VIDEO) is None
    images.write_mask(folder.mask_path(VIDEO, 0), np.ones((4, 4), np.uint8))
    folder.finish(VIDEO, {"num_frames": 2})
    assert folder.record_of(VIDEO) is None
    images.write_mask(folder.mask_path(VIDEO, 1), np.ones((4, 4), np.uint8))
    assert folder.record_of(VIDEO) == {"num_frames": 2}


def test_same_run_goes_on(tmp_path):
    run_folder.open_run(tmp_path, IDENTITY)
    assert run_folder.open_run(tmp_path, IDENTITY).root == tmp_path


def test_other_run_is_refused(tmp_path):
    run_folder.open_run(tmp_path, IDENTITY)
    with pytest.raises(errors.InputError, match="differs in checkpoint.*--output_dir"):
        run_folder.open_run(tmp_path, {**IDENTITY, "checkpoint": "resnet50"})
    with pytest.raises(errors.InputError, match="differs in start"):
        run_folder.open_run(tmp_path, {**IDENTITY, "start": "box"})
