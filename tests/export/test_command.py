import json
import subprocess
import sys

import pytest
from jax import export as jax_export

from samn_jax.export import command
from samn_jax.track import command as track_command
from samn_jax.tracking import Tracker
from tests.tracking import color_net


@pytest.fixture
def run(capsys, monkeypatch):
    tracker = Tracker(color_net.make_spec(use_spatial=False), {})
    monkeypatch.setattr(track_command, "load_tracker", lambda flags: tracker)

    def run(*words):
        status = command.main([str(word) for word in words])
        return status, *capsys.readouterr()

    return run


def test_a_folder_is_written(run, tmp_path):
    output = tmp_path / "deep" / "out"
    status, said, _ = run(
        "lite", "--size", "64x80", "--output", output, "--platforms", "cpu,tpu"
    )
    assert status == 0 and "64 x 80" in said
    names = {path.name for path in output.iterdir()}
    assert names == {
        "init.jax", "init_box.jax", "step.jax", "weights.npz", "export.json",
    }  # fmt: skip
    facts = json.loads((output / "export.json").read_text())
    assert facts["frame_height_width"] == [64, 80]
    assert facts["platforms"] == ["cpu", "tpu"]
    read = jax_export.deserialize((output / "step.jax").read_bytes())
    assert read.platforms == ("cpu", "tpu")
    again = run("lite", "--size", "64x80", "--output", output)
    assert again[0] == 2 and "isn't empty" in again[2]


@pytest.mark.parametrize("size", ["480", "0x5", "480x854x3", "1e3x5", "99999x9"])
def test_a_size_that_is_none(run, tmp_path, size, capsys):
    with pytest.raises(SystemExit):
        run("lite", "--size", size, "--output", tmp_path / "out")
    assert "give HEIGHTxWIDTH" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_a_platform_that_is_none(run, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run("lite", "--size", "9x9", "--output", tmp_path / "o", "--platforms", "gpu")
    assert "cpu,cuda,tpu" in capsys.readouterr().err


def test_a_file_in_the_way(run, tmp_path):
    (tmp_path / "out").write_text("here")
    status, _, error = run("lite", "--size", "64x64", "--output", tmp_path / "out")
    assert status == 2 and error.count("\n") == 1 and "folder" in error


def test_help_needs_no_jax():
    program = (
        "import sys\nfrom samn_jax.export import command\n"
        "try: command.main(['--help'])\nexcept SystemExit: pass\n"
        "print({'jax', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("set()\n") and "--platforms" in done.stdout
