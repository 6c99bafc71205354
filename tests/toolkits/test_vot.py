"""The description of trackers that the VOT toolkit reads, and the warm-up."""

import configparser
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.toolkits import vot


def _read(path):
    config = configparser.ConfigParser()  # as the toolkit does
    config.read(path)
    return config


def test_trackers_are_described_for_each_kind_of_answer(tmp_path):
    path = vot.write_ini(tmp_path / "new", "samn", sizes=((480, 640), (720, 1280)))
    assert path == tmp_path / "new" / "trackers.ini"
    config = _read(path)
    assert config.sections() == ["samn-mask", "samn-polygon", "samn-box"]
    for name in config.sections():
        section = config[name]
        assert section["protocol"] == "traxpython"
        assert float(section["timeout"]) >= 300
        assert section["python"] == sys.executable
        assert (Path(section["paths"]) / "samn_jax").is_dir()


def test_the_command_calls_run_with_what_was_given(tmp_path, monkeypatch):
    (tmp_path / "my 100%.safetensors").touch()
    monkeypatch.chdir(tmp_path)
    settings = ("memory.capacity=4", "memory.machine.mode=emd")
    checkpoint = "my 100%.safetensors"
    path = vot.write_ini(
        tmp_path, checkpoint=checkpoint, sizes=((3, 4),), settings=settings
    )
    calls = []
    monkeypatch.setattr(
        vot, "run", lambda *given, **named: calls.append((given, named))
    )
    exec(_read(path)["samn-box"]["command"])
    ((given, named),) = calls
    assert given == ("samn", str(tmp_path / checkpoint))
    assert named == {"answer": "box", "sizes": ((3, 4),), "settings": settings}


def test_sizes_of_a_data_set_are_found_whatever_its_layout(tmp_path):
    sizes = {"a/color": (40, 60), "b/color": (40, 60), "c": (30, 20)}
    for folder, (height, width) in sizes.items():
        (tmp_path / folder).mkdir(parents=True)
        for name in ("1.jpg", "2.jpg"):
            image = np.zeros((height, width, 3), np.uint8)
            cv2.imwrite(str(tmp_path / folder / name), image)
    assert vot.frame_sizes(tmp_path) == ((30, 20), (40, 60))
    with pytest.raises(errors.InputError, match="no images below it"):
        vot.frame_sizes(tmp_path / "nowhere")


def test_command_line(tmp_path, capsys):
    flags = ["--write_ini", str(tmp_path), "--tracker", "copy_first"]
    assert vot.main([*flags, "--sizes", "640x480,32x16"]) == 0
    command = _read(tmp_path / "trackers.ini")["copy_first-mask"]["command"]
    assert "sizes=((480, 640), (16, 32))" in command
    assert vot.main([*flags, "--sizes", "640"]) == 2
    assert "--sizes 640 must be WIDTHxHEIGHT" in capsys.readouterr().err
    assert vot.main([*flags, "--set", "capacity"]) == 2
