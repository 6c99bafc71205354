"""Odd folders and names given to the commands that check and prepare data."""

import os

import pytest

from samn_jax.data import check, prepare
from tests.data import blobs


@pytest.mark.parametrize("command", [check.main, prepare.main])
def test_10_circular_folders_are_one_line(command, tmp_path, capsys):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    arguments = [str(tmp_path / "loop"), str(tmp_path / "out")]
    assert command(arguments[: 1 if command is check.main else 2]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1


def test_10_long_paths_of_other_commands_are_one_line(tmp_path, capsys):
    long = str(tmp_path / ("x" * 300))
    blobs.write_photos(tmp_path / "data", 1)
    commands = [(check.main, [long]), (prepare.main, [long, str(tmp_path / "out")])]
    commands.append((prepare.main, [str(tmp_path / "data"), long]))
    for command, arguments in commands:
        assert command(arguments) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ") and "Traceback" not in error


def test_10_prepare_into_a_file_is_one_line(tmp_path, capsys):
    blobs.write_photos(tmp_path / "data", 1)
    (tmp_path / "out").write_text("mine")
    for output in (tmp_path / "out", tmp_path / "out/deeper"):
        assert prepare.main([str(tmp_path / "data"), str(output)]) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ") and "a file" in error
    assert (tmp_path / "out").read_text() == "mine"


def test_13_names_are_shown_escaped_by_check(tmp_path, capsys):
    blobs.write_clip(tmp_path / "data", "walk", 3)
    os.mkdir(tmp_path / "data/JPEGImages/a\nb")
    assert check.main([str(tmp_path / "data")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and r"a\nb" in error
