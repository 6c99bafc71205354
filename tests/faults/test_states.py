"""State files whose numbers can't be: refused, though each is finite."""

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import tensor_file
from samn_jax.tracking import load_state
from tests.tracking.test_state_file import TRACKER, one, saved  # noqa: F401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target.area", -1.0),
        ("target.first_area", -3e38),
        ("target.size_wh", 0.0),
        ("frame_idx", 2**31 - 1),
        ("lost_frames", 2**31 - 1),
        ("frame_idx", -1),
    ],
)
def test_what_no_tracker_says_is_refused(saved, name, value):  # noqa: F811
    file = tensor_file.open_file(saved)
    arrays = {key: file.read(key) for key in file.entries}
    arrays[name] = np.full_like(arrays[name], value)
    tensor_file.write_file(saved, arrays, file.metadata)
    with pytest.raises(InputError, match=r"one\.safetensors is damaged"):
        load_state(saved, TRACKER)


def test_a_pipe_is_no_state(tmp_path):
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="zero is no file: put a file there"):
        load_state(tmp_path / "zero", TRACKER)
