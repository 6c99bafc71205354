"""Trace files of strangers: small ones take little memory, names are lists of text."""

import io
import zipfile

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.inspect import trace_file
from tests.inspect import clips
from tests.inspect.test_trace_file import about, entries, rewrite, saved  # noqa: F401

_MEGA = 1 << 20


def test_a_small_file_that_would_take_a_gigabyte_is_refused_unread(
    saved,  # noqa: F811
    monkeypatch,
):
    header = io.BytesIO()
    form = {"descr": "|u1", "fortran_order": False, "shape": (100 * _MEGA,)}
    np.lib.format.write_array_header_1_0(header, form)
    content = entries(saved)
    content["pictures/jpeg.npy"] = header.getvalue() + bytes(100 * _MEGA)
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    assert saved.stat().st_size < _MEGA
    monkeypatch.setattr(trace_file.np, "load", None)  # It isn't come to that.
    with pytest.raises(InputError, match="would take too much memory"):
        trace_file.load(saved)


@pytest.mark.parametrize("objects", [{"one": 1}, "o"])
def test_names_that_are_no_list_are_refused(saved, objects):  # noqa: F811
    rewrite(saved, about=about(objects=objects))
    with pytest.raises(InputError, match="its names"):
        trace_file.load(saved)


def test_a_trace_is_far_below_the_bound(saved):  # noqa: F811
    with zipfile.ZipFile(saved) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    assert size < 10 * saved.stat().st_size
    assert len(trace_file.load(saved).pictures) == clips.COUNT
