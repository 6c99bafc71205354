import subprocess
import sys
from pathlib import Path

import pytest

from samn_jax.inspect import command, trace_file
from tests.inspect import clips

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def saved(tmp_path):
    paths = [tmp_path / "ring.npz", tmp_path / "stm.npz"]
    for path in paths:
        trace_file.save(path, clips.content(design=path.stem))
    return paths


def test_it_writes_one_page(saved, tmp_path, capsys):
    output = tmp_path / "page.html"
    assert command.main([*map(str, saved), "--output", str(output)]) == 0
    assert "wrote" in capsys.readouterr().out
    text = output.read_text()
    assert "ring" in text and "stm" in text and text.startswith("<!doctype html>")


@pytest.mark.parametrize("frames", ["5", "a:b", "9:2", "-1:4", "1:2:3", "²:3"])
def test_frames_that_are_none_are_refused(saved, tmp_path, capsys, frames):
    output = tmp_path / "page.html"
    words = [str(saved[0]), "--output", str(output), f"--frames={frames}"]
    assert command.main(words) == 2
    assert "give first:last" in capsys.readouterr().err and not output.exists()


def test_a_stretch(saved, tmp_path):
    output = tmp_path / "page.html"
    words = [str(saved[0]), "--output", str(output), "--frames", "6:7"]
    assert command.main(words) == 0
    assert '"first":6,"last":7' in output.read_text()


def test_a_trace_is_never_written_over(saved, capsys):
    before = saved[0].read_bytes()
    assert command.main([str(saved[0]), "--output", str(saved[0])]) == 2
    assert "is the input file" in capsys.readouterr().err
    assert saved[0].read_bytes() == before


def test_a_damaged_trace_is_one_line(tmp_path):
    path = tmp_path / "a\nb.npz"
    path.write_bytes(b"PK\3\4 no")
    output = tmp_path / "page.html"
    words = [sys.executable, "-m", "samn_jax.inspect", str(path), f"--output={output}"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ") and not output.exists()
