"""Bad input of every command, thought of after the trial: one line, nothing lost.

Most ended with a traceback, a wrong exit code, a line broken by a name, or lost what
was there; the others are here so that they stay right.
"""

import json
import os
import shutil

import cv2
import numpy as np
import pytest

import evaluate
import train
from samn_jax import files
from samn_jax.convert import __main__ as convert
from samn_jax.data import check as data_check
from samn_jax.data import prepare
from samn_jax.errors import InputError
from samn_jax.evaluation import run as evaluation_run
from samn_jax.memory import check as memory_check
from samn_jax.models import average
from samn_jax.track import arguments
from samn_jax.training.recipe import __main__ as recipe_command
from samn_jax.training.recipe import cross_validation, jobs
from samn_jax.training.recipe.config import Recipe, Stage
from tests.track import conftest

# The fixtures of the command's own tests.
clip, first_mask, run, tracker = (
    conftest.clip, conftest.first_mask, conftest.run, conftest.tracker,
)  # fmt: skip


def assert_one_line(capsys, code, *words):
    assert code not in (0, None)
    error = capsys.readouterr().err
    line = error.rstrip("\n").split("\n")[-1]
    assert line.startswith("error: ") and line.isprintable(), error
    assert "Traceback" not in error
    assert all(word in line for word in words), line


# samn-track: what is there is not lost, and numbers that nothing can be made of.


def test_an_output_around_the_input_is_refused(run, tmp_path):
    frames = tmp_path / "all" / "frames"
    frames.mkdir(parents=True)
    for index in range(3):
        cv2.imwrite(str(frames / f"{index}.jpg"), conftest.FRAMES[index])
    before = {p: p.read_bytes() for p in frames.iterdir()}
    for output in (tmp_path / "all", frames / ".."):
        status, _, error = run(frames, "--masks", output, "--overwrite")
        assert status == 2 and "lies in" in error and error.count("\n") == 1
    assert {p: p.read_bytes() for p in frames.iterdir()} == before


def test_a_mask_in_the_folder_of_masks_is_not_lost(run, clip, tmp_path, first_mask):
    (tmp_path / "masks").mkdir()
    mask = shutil.copy(first_mask, tmp_path / "masks")
    words = ["--masks", tmp_path / "masks", "--overwrite"]
    status, _, error = run(clip, *words, f"--mask={mask}")
    assert status == 2 and "lies in" in error
    assert (tmp_path / "masks" / first_mask.name).is_file()


def test_outputs_inside_each_other_are_refused(run, clip, tmp_path):
    out = tmp_path / "out"
    for words in (
        ("--masks", out, "--cutouts", out / "c"),
        ("--cutouts", out / "c", "--masks", out),
        ("--output", out, "--boxes", out / "boxes.csv"),
    ):
        status, _, error = run(clip, *words)
        assert status == 2 and "one lies in the other" in error
        assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--frames=1" + "0" * 30,),
        ("--frames=0",),
        ("--every=1" + "0" * 30,),
        ("--start=1" + "0" * 30,),
        ("--box=1e999,0,1,1",),
        ("--box=nan,nan,nan,nan",),
        ("--box==1,2,3,4",),
        ("--box=a\nb=1,2,3,4",),
        ("--box=" + "9" * 5000 + ",1,1,1",),
        ("--box=.5,.5,-1,-1",),
        ("--box=5,5,5,5",) * 256,
    ],
)
def test_impossible_numbers_are_one_line(run, clip, tmp_path, words):
    status, _, error = run(clip, "--output", tmp_path / "out.mp4", *words)
    assert status == 2 and error.count("\n") == 1 and error[:-1].isprintable(), error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("box", ["-1e30,-1e30,2e30,2e30", "5,5,1e-30,1e-30"])
def test_boxes_of_any_size_are_tracked_or_refused(run, clip, tmp_path, box):
    words = ("--frames=2", "--boxes", tmp_path / "b.csv", f"--box={box}")
    status, _, error = run(clip, *words)
    assert "Traceback" not in error
    assert status == 2 or "nan" not in (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize(
    "text", ["1e999999999", "nan", "inf", "0", "-25", "1/0", "2000", "1/5000", "9" * 99]
)
def test_rates_that_no_video_has_are_refused(text):
    with pytest.raises(arguments.argparse.ArgumentTypeError):
        arguments.rate(text)


@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
def test_what_is_no_file_is_no_video(run, tmp_path, kind):
    path = tmp_path / "in.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path.symlink_to("/dev/zero")
    status, _, error = run(path, "--output", tmp_path / "out.mp4")
    assert status == 2 and error.count("\n") == 1


# Files of code: whatever they do, the exit code is not theirs.

EXITS = ("import sys\nsys.exit(0)\n", "exit()\n", "raise SystemExit\n")


@pytest.mark.parametrize("text", EXITS)
def test_a_design_that_exits_is_an_error(tmp_path, capsys, text):
    path = tmp_path / "my.py"
    path.write_text(text)
    code = memory_check.main([f"{path}:Mine"])
    assert_one_line(capsys, code, "my.py", "SystemExit")


@pytest.mark.parametrize("command", [train, recipe_command])
@pytest.mark.parametrize("text", EXITS)
def test_a_config_that_exits_is_an_error(tmp_path, capsys, command, text):
    path, out = tmp_path / "my.py", tmp_path / "out"
    path.write_text(text)
    given = ["--config", str(path)] if command is train else [str(path)]
    code = command.main([*given, "--output_dir", str(out)])
    assert_one_line(capsys, code, "my.py line", "SystemExit")
    assert not out.exists()


DESIGN = """
import dataclasses
from samn_jax.memory.designs import ring

@dataclasses.dataclass(frozen=True)
class Mine(ring.Ring):
{body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "    def __post_init__(self):\n        raise ValueError('two\\nlines')",
        "    def __post_init__(self):\n        1 / 0",
        "    def __init__(self):\n        pass",
    ],
)
def test_a_design_that_can_not_be_made_is_one_line(tmp_path, capsys, body):
    path = tmp_path / "my.py"
    path.write_text(DESIGN.format(body=body))
    code = memory_check.main([f"{path}:Mine"])
    assert_one_line(capsys, code, "my.py:Mine", "can't be made")


@pytest.mark.parametrize("name", ["init", "read", "write", "slots", "init_parameters"])
def test_a_design_that_raises_is_a_fault_of_the_check(tmp_path, capsys, name):
    path = tmp_path / "my.py"
    body = f"    def {name}(self, *given):\n        raise KeyError('a\\nb')"
    path.write_text(DESIGN.format(body=body))
    assert memory_check.main([f"{path}:Mine"]) == 1
    said = capsys.readouterr()
    assert "FAULT" in said.out and "KeyError" in said.out and not said.err


# Recipes: what would fail after days is refused before the first training.


@pytest.mark.parametrize(
    ("stage", "more", "message"),
    [
        ({"name": "recipe.json"}, {}, "rename it"),
        ({"settings": {"seed": np.float32(1)}}, {}, "settings of stage a can't be"),
        ({}, {"notes": {"data": {1, 2}}}, "notes can't be written as JSON"),
        ({}, {"notes": {"score": float("nan")}}, "notes can't be written as JSON"),
    ],
)
def test_recipes_that_could_not_be_noted_are_refused(stage, more, message):
    with pytest.raises(InputError, match=message):
        Recipe((Stage(**{"name": "a", "config": "smoke", **stage}),), ("a",), **more)


@pytest.mark.parametrize("name", ["name", "config", "start"])
def test_what_is_no_text_is_refused(name):
    stage = Stage("a", "smoke")
    object.__setattr__(stage, name, 3)  # Past the checks of types that tests have.
    with pytest.raises(InputError, match=f"{name} is 3: give text"):
        stage.__post_init__()


def test_networks_that_differ_are_not_to_be_averaged(tmp_path):
    stages = (Stage("a", "smoke"), Stage("b", "resnet50"))
    recipe = Recipe(stages, ("a", "b"))
    planned = jobs.plan(recipe, tmp_path, [], "")
    with pytest.raises(InputError, match="b is of another network than a"):
        jobs.check(recipe, planned, devices=1)


@pytest.mark.parametrize(
    "result",
    [{"frames": 3}, {"frames": "3", "J": 1, "F": 1}, {"frames": 3, "J": "a", "F": 1},
     {"frames": 3, "J": float("nan"), "F": 0.5}, {"frames": 3, "J": None, "F": 0.5}],
)  # fmt: skip
def test_a_damaged_result_of_a_fold_is_tracked_again(tmp_path, result):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"model_sha256": "m", **result}))
    assert cross_validation._read(path, "m") is None


# evaluate.py.


def test_an_interrupted_evaluation_is_one_line(tmp_path, capsys, monkeypatch):
    def interrupt(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluation_run, "run_benchmark", interrupt)
    out = ["--output_dir", str(tmp_path / "out")]
    assert evaluate.main(["--tracker", "copy_first", *out]) == 130
    assert capsys.readouterr().err == "stopped; the same command goes on\n"


# Names with line breaks and escape codes, in every command.

ODD = "a\nb\x1b[31m\udcff.py"


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (evaluate.main, ("--data_dir", ODD, "--dataset", "davis16")),
        (evaluate.main, ("--merge", ODD)),
        (evaluate.main, ("--dataset", ODD)),
        (evaluate.main, ("--shard", ODD)),
        (evaluate.main, ("--checkpoint", ODD)),
        (train.main, ("--config", ODD, "--output_dir", "out")),
        (recipe_command.main, (ODD, "--output_dir", "out")),
        (convert.main, (ODD, "out.safetensors")),
        (average.main, (ODD, "--output", "out.safetensors")),
        (data_check.main, (ODD,)),
        (prepare.main, (ODD, "out")),
        (memory_check.main, (ODD + ":Mine",)),
        (memory_check.main, (ODD,)),
    ],
)
def test_names_are_shown_escaped_by_every_command(
    tmp_path, capsys, monkeypatch, main, words
):
    monkeypatch.chdir(tmp_path)
    assert_one_line(capsys, main(list(words)), r"a\nb\x1b[31m")
    assert list(tmp_path.iterdir()) == []


def test_a_note_that_is_no_text_is_written_escaped(tmp_path):
    files.write_text(tmp_path / "report.html", "a note \udcff")
    assert (tmp_path / "report.html").read_text() == "a note \\udcff"
