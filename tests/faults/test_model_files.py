"""Model files of strangers: FAULTS 4 (averaging onto a part), 5, 8 and 14."""

import json
import os

import chex
import jax
import numpy as np
import pytest
import safetensors.numpy

from samn_jax import Tracker
from samn_jax.errors import InputError
from samn_jax.models import average, model_file, samn, tensor_file, trunk_file
from samn_jax.training import config as train_config
from samn_jax.training import initialize
from tests.faults import tiny_model_file
from tests.faults.tiny_model_file import KERNEL, NOTES, parts, refused
from tests.models import random_variables, tiny_lite
from tests.models.test_efficientnet_lite import folded_arrays

TINY = tiny_lite.CONFIG


@pytest.fixture(scope="module")
def variables():
    return tiny_lite.make_variables()


@pytest.fixture
def path(tmp_path, variables):
    return tiny_model_file.write(tmp_path, variables)


# Case 4: what is there is lost.


@pytest.mark.parametrize("link", [None, os.link, os.symlink])
def test_a_mean_is_not_written_over_a_part(tmp_path, path, capsys, link):
    before = path.read_bytes()
    output = path
    if link is not None:
        output = tmp_path / "other.safetensors"
        link(path, output)
    assert average.main([str(path), str(path), "--output", str(output)]) != 0
    assert "tiny.safetensors" in capsys.readouterr().err
    assert path.read_bytes() == output.read_bytes() == before


# Case 5: weights that no network can use.

UNUSABLE = {
    "NaN": lambda x: np.full_like(x, np.nan),
    "one infinity": lambda x: np.where(x == x.max(), np.inf, x).astype(np.float16),
    "integers": lambda x: x.astype(np.int32),
    "too large": lambda x: x.astype(np.float64) * 1e300,
}


def spoil(path, kind):
    """Writes the file anew with one weight that is of no use."""
    arrays = safetensors.numpy.load_file(path)
    arrays[KERNEL] = UNUSABLE[kind](arrays[KERNEL])
    header, _ = parts(path)
    path.write_bytes(safetensors.numpy.save(arrays, header["__metadata__"]))


@pytest.mark.parametrize("kind", UNUSABLE)
def test_unusable_weights_are_not_loaded(path, kind):
    spoil(path, kind)
    refused(path, KERNEL)
    with pytest.raises(InputError, match=KERNEL):
        Tracker.from_checkpoint(path)


@pytest.mark.parametrize("kind", ["NaN", "integers"])
def test_unusable_weights_are_not_averaged(tmp_path, path, variables, capsys, kind):
    other, output = tmp_path / "other.safetensors", tmp_path / "mean.safetensors"
    model_file.save_model(other, TINY, variables, NOTES)
    spoil(other, kind)
    assert average.main([str(path), str(other), "--output", str(output)]) != 0
    error = capsys.readouterr().err
    assert KERNEL in error and "other.safetensors" in error and error.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize("kind", UNUSABLE)
def test_training_does_not_start_from_unusable_weights(tmp_path, variables, kind):
    arrays = folded_arrays(variables["params"]["trunk"])
    arrays["b01_expand_w"] = UNUSABLE[kind](arrays["b01_expand_w"])
    np.savez(tmp_path / "trunk.npz", **arrays)
    config = train_config.TrainConfig(
        model=TINY, init_from=str(tmp_path / "trunk.npz"), num_steps=1
    )
    with pytest.raises(InputError, match=r"trunk\.npz"):
        initialize.check(config)


def test_a_mean_of_large_weights_does_not_overflow(tmp_path, variables):
    large = jax.tree.map(lambda x: np.full(x.shape, 3e38, np.float32), variables)
    model_file.save_model(tmp_path / "a", TINY, large, {})
    mean = average.average([tmp_path / "a"] * 3)
    leaves = jax.tree.leaves(mean.variables)
    assert all(np.all(x == np.float32(3e38)) for x in leaves)


def test_unusable_weights_are_not_saved(tmp_path, path, variables):
    before = path.read_bytes()
    bad = jax.tree.map(lambda x: np.full(x.shape, np.nan, np.float32), variables)
    with pytest.raises(InputError, match="NaN or infinity"):
        model_file.save_model(path, TINY, bad, NOTES)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_variance_below_zero_is_refused(tmp_path):
    config = samn.SAMNConfig(
        stage_blocks=(1, 1, 1), width=4, key_dim=4, value_dim=6, decoder_dim=8
    )
    image = np.zeros((1, 32, 32, 3), np.float32)
    made = random_variables.variables_for(samn.SAMN(config), image, image[..., 0])
    made["batch_stats"] = jax.tree.map(lambda x: -np.array(x), made["batch_stats"])
    with pytest.raises(InputError, match="variance below 0"):
        model_file.save_model(tmp_path / "a", config, made, {})


# Case 8: outputs that can't be written.


def test_a_full_disk_is_one_line_and_leaves_nothing(small_disk, path, capsys):
    output = small_disk / "mean.safetensors"
    filler = small_disk / "filler"
    filler.write_bytes(bytes(60 * 1024))
    assert average.main([str(path), "--output", str(output)]) != 0
    error = capsys.readouterr().err
    assert "full" in error and error.count("\n") == 1
    assert list(small_disk.iterdir()) == [filler]


def test_an_output_below_a_file_is_one_line(path, capsys):
    assert average.main([str(path), "--output", str(path / "mean")]) != 0
    error = capsys.readouterr().err
    assert "tiny.safetensors/mean" in error and error.count("\n") == 1


# Case 14: equal models, equal bytes.


def test_equal_models_are_equal_files(tmp_path, variables):
    shuffled = {name: variables[name] for name in reversed(variables)}
    files = []
    for index in range(8):
        files.append(tmp_path / f"{index}.safetensors")
        given = variables if index % 2 else shuffled
        notes = dict(sorted(NOTES.items(), reverse=bool(index % 2)))
        model_file.save_model(files[-1], TINY, given, notes, dtype="float16")
    assert len({path.read_bytes() for path in files}) == 1


def test_a_mean_is_the_same_file_in_any_order(tmp_path, variables):
    files = []
    for scale in (1.0, 0.3, 7.7):
        files.append(tmp_path / f"{scale}.safetensors")
        scaled = jax.tree.map(lambda x, s=scale: np.array(x) * s, variables)
        notes = {**NOTES, "train_config": {"data": str(tmp_path)}}
        model_file.save_model(files[-1], TINY, scaled, notes)
    one, other = average.average(files), average.average(files[::-1])
    chex.assert_trees_all_equal(one.variables, other.variables)
    assert str(tmp_path) not in json.dumps(one.notes)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_not_waited_for(tmp_path, kind):
    path = tmp_path / "model.npz"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"model\.npz is no file: put a file there"):
        tensor_file.open_file(path)
    with pytest.raises(InputError, match=r"model\.npz is no file: put a file there"):
        trunk_file.read_trunk(path, {})
