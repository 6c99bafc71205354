"""Bad settings, damaged run folders and changed data: one line, and nothing is lost.

The numbers are those of the trial and the review that found the faults.
"""

import dataclasses
import functools
import json
import shutil
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import model_file
from samn_jax.training import checkpoints, divergence, loop, run_folder, step, unroll
from tests.faults import simultaneous_starts
from tests.training import tiny

known_network = tiny.known_network


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny.write_clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """The folder of a run of 4 steps, its checkpoints after 2 and 4."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert loop.train_and_evaluate(tiny.config(num_steps=4), data, folder) == "finished"
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """A copy of that folder, to be damaged."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def go_on(folder, data, **settings):
    return loop.train_and_evaluate(tiny.config(num_steps=4, **settings), data, folder)


# 8: a disk that is full.


@pytest.mark.parametrize("kilobytes", [63, 54])
def test_8_a_full_disk_is_one_line_and_the_run_goes_on(
    finished, data, tmp_path, small_disk, kilobytes
):
    filler, folder = small_disk / "filler", small_disk / "run"
    filler.write_bytes(bytes(kilobytes << 10))
    with pytest.raises(InputError, match=r"can't be written.*(full|space)") as error:
        go_on(folder, data)
    assert str(error.value).isprintable()
    moved = tmp_path / "run"  # With what was kept of it to a larger disk.
    if folder.exists():
        shutil.copytree(folder, moved)
    assert go_on(moved, data) == "finished"
    whole = (finished / "model.safetensors").read_bytes()
    assert (moved / "model.safetensors").read_bytes() == whole


def test_a_folder_in_which_another_process_trains_is_refused(run, data):
    with run_folder.held(run):
        with pytest.raises(InputError, match="another process trains in .*another"):
            go_on(run, data)
    assert go_on(run, data) == "finished"


# 8, 11: damaged files of a run folder.


@pytest.mark.parametrize("name", ["config.json", "run.json"])
@pytest.mark.parametrize("content", ['{"settings": ', "[1, 2", "[1]", "", "\x00"])
def test_11_damaged_json_is_named_with_the_cure(run, data, name, content):
    (run / name).write_text(content)
    with pytest.raises(InputError, match=f"{name} .*(remove|give another)") as error:
        go_on(run, data)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("part", ["state/_METADATA", "data/metadata", "state/d/*"])
def test_11_a_damaged_checkpoint_is_told_from_a_foreign_one(run, data, part, capfd):
    (path,) = (run / "checkpoints" / "4").glob(part)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    (run / "finished.json").unlink(missing_ok=True)
    expected = r"checkpoints/4 is damaged: remove that folder, .* goes on from step 2"
    with pytest.raises(InputError, match=expected):
        go_on(run, data)
    assert "Traceback" not in capfd.readouterr().err
    shutil.rmtree(run / "checkpoints" / "4")
    whole = (run / "model.safetensors").read_bytes()
    assert go_on(run, data) == "finished"
    assert (run / "model.safetensors").read_bytes() == whole


def test_12_a_checkpoint_of_another_network_is_called_that(run):
    saved = checkpoints.Checkpoints(run)
    with pytest.raises(InputError, match="of another network or optimizer"):
        saved.restore(tiny.state(name="sgd"))
    saved.close()


# 12, 11: what a run is a run of.


def test_12_changed_data_is_another_run(run, data, tmp_path):
    changed = shutil.copytree(data, tmp_path / "data")
    (mask,) = changed.glob("Annotations/clip0/00003.png")
    content = bytearray(mask.read_bytes())
    content[-20] ^= 1  # The same name, the same size.
    mask.write_bytes(content)
    expected = r"holds another run \(data.fingerprint was .*, now .*go back .*give"
    with pytest.raises(InputError, match=expected):
        go_on(run, changed)
    assert go_on(run, shutil.copytree(data, tmp_path / "copy")) == "finished"


def test_12_other_weights_to_start_from_are_another_run(run, data):
    start = str(run / "model.safetensors")
    with pytest.raises(InputError, match=r"another run \(start.sha256 was , now"):
        go_on(run, data, init_from=start)


def test_10_changed_code_of_a_memory_of_ones_own_is_another_run(tmp_path):
    path = tmp_path / "mine.py"
    text = (
        "import dataclasses\nfrom samn_jax.memory.designs.ring import Ring\n"
        "@dataclasses.dataclass(frozen=True)\nclass Mine(Ring):\n    pass\n"
    )
    memory = dataclasses.replace(tiny.config().memory, design=f"{path}:Mine")
    found = []
    for source in (text, text, text + "    # another\n"):
        path.write_text(source)
        identity = run_folder.Identity(tiny.config(memory=memory), {}, {})
        found.append(identity.to_json())
    assert run_folder.differences(found[0], found[1]) == []
    (changed,) = run_folder.differences(found[1], found[2])
    assert changed.startswith("memory_source was ")


def test_14_equal_runs_give_equal_files(finished, data, tmp_path):
    again = tmp_path / "again"
    go_on(again, data)
    for name in ("model.safetensors", "config.json"):
        assert (finished / name).read_bytes() == (again / name).read_bytes()


def test_14_a_model_file_names_no_folder_of_this_machine(finished, data, tmp_path):
    start, folder = finished / "model.safetensors", tmp_path / "from"
    go_on(folder, data, init_from=str(start))
    notes = model_file.load_model(folder / "model.safetensors").notes
    assert notes["train_config"]["init_from"] == "model.safetensors"
    assert str(tmp_path.parent) not in json.dumps(notes)


# Review 4.


def test_4_hosts_that_start_together_all_start(tmp_path):
    assert simultaneous_starts.count_failures(tmp_path, 40) == []
    assert not list(tmp_path.rglob("*partial*"))


# Review 8.


def test_8_the_schedule_of_the_loss_is_no_divergence(tmp_path, monkeypatch):
    """Right about most pixels and wrong about a few: the hardest ones cost 10 times."""
    config = step.LossConfig(hard_fraction=0.02, hard_steps=100, threshold_stride=1)
    objective = tiny.objective()._replace(loss=config)
    batch = jax.tree.map(jnp.asarray, tiny.batch(num_frames=2))
    odds = 8.0 * (batch.masks[:, 1] > 0).astype(jnp.float32) - 4.0
    odds = odds.at[:, ::7, ::7].multiply(-1.0)
    logits = jnp.stack([jnp.zeros_like(odds), odds], axis=1)[None]
    monkeypatch.setattr(unroll, "unroll", lambda *_: logits)
    loss = jax.jit(functools.partial(step.loss_fn, objective, {}, {}, batch))
    watch = divergence.DivergenceMonitor(tmp_path, ["a"] * 4)
    shown = []
    for number in range(200):
        values = {name: float(x) for name, x in loss(jnp.int32(number))[1].items()}
        shown.append(values)
        watch.check(number, values | {"gradient_norm": 1.0}, {"source": np.arange(4)})
    assert shown[-1]["loss"] > divergence.DIVERGED * shown[0]["loss"]
    assert shown[-1]["plain_loss"] == pytest.approx(shown[0]["loss"], rel=1e-5)
