"""Configs and settings that can't be trained by: one line, before anything is written.

The numbers are those of the trial and the review that found the faults.
"""

from pathlib import Path

import pytest

import train
from samn_jax.training import config_file
from tests.training import tiny

BAD_INPUT = 2


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_clips(tmp_path_factory.mktemp("clips"))


def refused(capsys, arguments, *words, folder=None):
    """Runs the command; it must end with one line that holds the words."""
    assert train.main(arguments) == BAD_INPUT
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1, error
    assert all(word in error for word in words), error
    assert folder is None or not folder.exists()


# 11: configs that can't be run.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def get_config(:\n    pass\n", ["line 1", "invalid syntax"]),
        ("x = 1\nimport not_there\n", ["line 2", "No module named 'not_there'"]),
        ("def get_config():\n    return {}\n", ["gives a dict", "TrainConfig"]),
        ("def get_config():\n    return 1 / 0\n", ["line 2", "ZeroDivisionError"]),
        ("x = 1\n", ["no function get_config()"]),
        ("raise GeneratorExit\n", ["line 1", "GeneratorExit"]),
        ("class Odd(BaseException):\n    pass\nraise Odd('a')\n", ["line 3", "Odd: a"]),
        (
            "from samn_jax.training.optimizer import OptimizerConfig\n"
            "def get_config():\n    return OptimizerConfig(learning_rate=-1.0)\n",
            ["line 3", "learning_rate is -1.0: give a number above 0"],
        ),
    ],
)
def test_11_a_config_that_fails_is_one_line(tmp_path, capsys, text, words):
    path, folder = tmp_path / "mine.py", tmp_path / "out"
    path.write_text(text)
    arguments = ["--config", str(path), "--output_dir", str(folder)]
    refused(capsys, arguments, str(path), *words, folder=folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("num_steps=4.0", ["num_steps is 4.0: give a value like"]),
        ("batch_size=True", ["batch_size is True"]),
        ("sampling=None", ["sampling is None: give a value like SamplingConfig"]),
        ("frozen='^tap_'", ["frozen is '^tap_': give a value like ()"]),
        ("model=3", ["model is 3: give LiteConfig or SAMNConfig"]),
    ],
)
def test_values_of_another_kind_are_one_line(
    tmp_path, capsys, as_users_call, change, words
):
    path, folder = tmp_path / "mine.py", tmp_path / "out"
    path.write_text(
        "import dataclasses\nfrom samn_jax.training import config_file\n"
        "def get_config():\n    config = config_file.load_config('smoke')\n"
        f"    return dataclasses.replace(config, {change})\n"
    )
    arguments = ["--config", str(path), "--output_dir", str(folder)]
    refused(capsys, arguments, *words, folder=folder)


def test_a_config_that_changes_the_folder_moves_no_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(
        "import os\nfrom samn_jax.training import config_file\nos.chdir('/')\n"
        "def get_config():\n    os.chdir('/tmp')\n"
        "    return config_file.load_config('smoke')\n"
    )
    config_file.load_config(path)
    assert Path.cwd() == tmp_path


# 11, review 7: settings that are impossible, or train nothing.


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("batch_size=0", ["batch_size is 0: give at least 1"]),
        ("batch_size=3", ["batch_size is 3", "2 devices"]),
        ("optimizer.accumulate=3", ["optimizer.accumulate is 3"]),
        ("num_steps=0", ["num_steps is 0: give at least 1"]),
        ("save_every=0", ["save_every is 0"]),
        ("log_every=0", ["log_every is 0"]),
        ("validate_every=0", ["validate_every is 0"]),
        ("loader_threads=0", ["loader_threads is 0"]),
        ("loader_threads=100000", ["loader_threads is 100000: give 256 or less"]),
        ("model.network=resnet50", ["model.network is 'resnet50': leave it to"]),
        ("model.network=nope", ["model.network is 'nope': leave it to"]),
        ("seed=-1", ["seed is -1"]),
        ("sampling.num_frames=0", ["num_frames is 0: give at least 2"]),
        ("sampling.num_frames=1", ["num_frames is 1: give at least 2"]),
        ("sampling.crop_size=63", ["crop_size is 63: give a multiple of 16"]),
        ("sampling.video_share=1.5", ["video_share is 1.5: give a share"]),
        ("sampling.crop_factor=4.0,2.0", ["crop_factor is (4.0, 2.0)"]),
        ("frozen=(", ["frozen has the pattern '('", "no regular expression"]),
        ("frozen=^tap_,", ["frozen has an empty pattern"]),
        ("frozen=^trnk/", ["'^trnk/', which no weight's name matches", "trunk"]),
        ("frozen=/", ["leaves no weight to train"]),
        ("held_out=a,a", ["held_out names a twice"]),
        ("held_out=nothing", ["nothing is not in the data"]),
        ("optimizer.learning_rate=-1e-3", ["learning_rate is -0.001"]),
        ("optimizer.name=lion", ["name 'lion' is unknown: choose from adam"]),
        ("optimizer.schedule=linear", ["schedule 'linear' is unknown"]),
        ("optimizer.average_decay=1.0", ["average_decay is 1"]),
        ("unroll.mode=three", ["mode 'three' is unknown: choose from recurrent"]),
        ("unroll.aggregation=hard", ["aggregation 'hard' is unknown"]),
        ("loss.hard_fraction=0.0", ["hard_fraction is 0.0: give a number above 0"]),
        ("memory.design=nope", ["memory.design is 'nope': choose from ring"]),
        ("init_from=nope.safetensors", ["nope.safetensors", "neither a file nor"]),
    ],
)
def test_11_impossible_settings_are_one_line_before_anything_is_written(
    tmp_path, capsys, assignment, words
):
    folder = tmp_path / "out"
    arguments = ["--config", "configs/smoke.py", "--output_dir", str(folder)]
    refused(capsys, [*arguments, "--set", assignment], *words, folder=folder)


DESIGN = """
import dataclasses, jax, jax.numpy as jnp
from samn_jax.memory.designs import ring

@dataclasses.dataclass(frozen=True)
class Mine(ring.Ring):
    def write(self, *given, **named):
        return jax.tree.map({change}, super().write(*given, **named))
"""


@pytest.mark.parametrize(
    "change",
    ["lambda x: jnp.stack([x, x])", "lambda x: x.astype(jnp.float16)"],
)
def test_a_memory_whose_state_changes_its_form_is_not_trained(
    tmp_path, capsys, as_users_call, change
):
    path, folder = tmp_path / "my.py", tmp_path / "out"
    path.write_text(DESIGN.format(change=change))
    arguments = ["--config", "configs/smoke.py", "--output_dir", str(folder)]
    arguments += ["--set", f"memory.design={path}:Mine"]
    refused(capsys, arguments, "memory design Mine: write makes", folder=folder)


@pytest.mark.parametrize(
    "words",
    [
        ("--num_hosts", "2"),
        ("--host", "0"),
        ("--coordinator", "a:99999", "--num_hosts", "2", "--host", "0"),
        ("--coordinator", "a:\u00b2", "--num_hosts", "2", "--host", "0"),
    ],
)
def test_hosts_that_can_not_meet_are_one_line(tmp_path, capsys, words):
    folder = tmp_path / "out"
    arguments = ["--config", "configs/smoke.py", "--output_dir", str(folder)]
    refused(capsys, [*arguments, *words], "--coordinator", folder=folder)


def test_11_data_that_would_not_be_read_is_refused(tmp_path, capsys, data):
    folder = tmp_path / "out"
    arguments = ["--config", "configs/smoke.py", "--output_dir", str(folder)]
    refused(
        capsys,
        [*arguments, "--data_dir", str(data)],
        "synthetic is True",
        folder=folder,
    )
