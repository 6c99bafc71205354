"""Results never take the place of what is no file: devices, folders behind links."""

import os
import stat

import pytest

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.media.destination import Destination

NULL = os.stat("/dev/null")


@pytest.fixture
def device(tmp_path):
    """A device as /dev/null, of its own: root could replace the real one."""
    path = tmp_path / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, NULL.st_rdev)
    except PermissionError:
        pytest.skip("only root makes devices, and only root would lose them")
    return path


@pytest.fixture(params=[files.whole_file, Destination], ids=["file", "destination"])
def open_place(request):
    def open_place(path):
        place = request.param(path)
        return place.__enter__() if hasattr(place, "__enter__") else place

    return open_place


def test_a_device_stays_what_it_is(device, open_place):
    for path in (device, device.with_name("link")):
        path.is_symlink() or path == device or path.symlink_to(device)
        with pytest.raises(InputError, match="is a device: write to a file"):
            open_place(path)
    assert stat.S_ISCHR(device.stat().st_mode)


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    link = tmp_path / "link"
    (tmp_path / "folder").mkdir()
    link.symlink_to(tmp_path / "folder")
    with pytest.raises(InputError, match="it is a folder: give a file"):
        files.write_text(link, "")
    assert link.is_symlink() and not list((tmp_path / "folder").iterdir())


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_what_has_no_name_is_a_folder(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="it is a folder: give a file"):
        files.write_text(files.Path(name), "")
