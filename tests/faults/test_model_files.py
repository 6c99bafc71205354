"""Model files of strangers: FAULTS 4 (averaging onto a part), 5, 6, 8 and 14."""

import json
import os

import jax
import numpy as np
import pytest
import safetensors.numpy

from samn_jax import Tracker
from samn_jax.errors import InputError
from samn_jax.models import average, model_file, samn
from samn_jax.training import config as train_config
from samn_jax.training import initialize
from tests.faults import peak_memory
from tests.models import random_variables, tiny_lite
from tests.models.test_efficientnet_lite import folded_arrays

TINY = tiny_lite.CONFIG
NOTES = {"data": "blobs", "licence": "Apache-2.0"}
KERNEL = "params/decoder/logit/kernel"
LOAD = "samn_jax.models.model_file:load_model"


@pytest.fixture(scope="module")
def variables():
    return tiny_lite.make_variables()


@pytest.fixture
def path(tmp_path, variables):
    path = tmp_path / "tiny.safetensors"
    model_file.save_model(path, TINY, variables, NOTES)
    return path


@pytest.fixture(scope="module")
def worker(tmp_path_factory, variables):
    good = tmp_path_factory.mktemp("good") / "tiny.safetensors"
    model_file.save_model(good, TINY, variables, NOTES)
    with peak_memory.worker() as made:
        made.warm_up(LOAD, good)
        yield made


def parts(path):
    """The header and the bytes after it."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def put_together(path, header, content):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)


def refused(path, *words):
    with pytest.raises(InputError) as error:
        model_file.load_model(path)
    message = str(error.value)
    assert message.isprintable()
    for word in (path.name, *words):
        assert word in message


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
    frames = np.zeros((1, 32, 32, 3), np.uint8)
    with pytest.raises(InputError, match=r"trunk\.npz"):
        initialize.initial_variables(config, frames)


def test_a_mean_of_large_weights_does_not_overflow(tmp_path, variables):
    large = jax.tree.map(lambda x: x * 0 + 3e38, variables)
    model_file.save_model(tmp_path / "a", TINY, large, {})
    mean = average.average([tmp_path / "a"] * 3)
    leaves = jax.tree.leaves(mean.variables)
    assert all(np.all(x == np.float32(3e38)) for x in leaves)


def test_unusable_weights_are_not_saved(tmp_path, path, variables):
    before = path.read_bytes()
    bad = jax.tree.map(lambda x: x * np.nan, variables)
    with pytest.raises(InputError, match="NaN or infinity"):
        model_file.save_model(path, TINY, bad, NOTES)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_a_variance_below_zero_is_refused(tmp_path):
    config = samn.SAMNConfig(
        stage_blocks=(1, 1, 1), width=4, key_dim=4, value_dim=6, decoder_dim=8
    )
    image = np.zeros((1, 32, 32, 3), np.float32)
    made = random_variables.variables_for(samn.SAMN(config), image, image[..., 0])
    made["batch_stats"] = jax.tree.map(lambda x: -x, made["batch_stats"])
    with pytest.raises(InputError, match="variance below 0"):
        model_file.save_model(tmp_path / "a", config, made, {})


# Case 6: what a small file may take, and headers that lie.


def with_config(**fields):
    def change(header):
        text = header["__metadata__"]
        text["config"] = json.dumps({**json.loads(text["config"]), **fields})

    return change


def deep(depth=50_000):
    return '{"a":' * depth + "1" + "}" * depth


ABSURD = {
    "width": with_config(key_dim=10**9),
    "huge width": with_config(value_dim=10**30),
    "negative width": with_config(value_dim=-1),
    "no width": with_config(stem_channels=0),
    "truth as width": with_config(key_dim=True),
    "blocks": with_config(blocks=[[3, 1, 1, 4]] * 100_000),
    "no blocks": with_config(blocks=[]),
    "kernel": with_config(blocks=[[10**5, 1, 1, 4]] + [[3, 2, 1, 4]] * 3),
    "stride 0": with_config(blocks=[[3, 0, 1, 4]] + [[3, 2, 1, 4]] * 3),
    "tap": with_config(taps=[99, 2, 1, 0]),
    "negative tap": with_config(taps=[-1, 2, 1, 0]),
    "few dims": with_config(decoder_dims=[8]),
    "similarity": with_config(similarity="foo"),
    "dtype": with_config(compute_dtype="int32"),
    "deep config": lambda header: header["__metadata__"].update(config=deep()),
    "deep notes": lambda header: header["__metadata__"].update(notes=deep()),
    "list as notes": lambda header: header["__metadata__"].update(notes="[1]"),
    "number as notes": lambda header: header["__metadata__"].update(notes=3),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_settings_are_refused_before_anything_is_made(path, worker, name):
    header, content = parts(path)
    ABSURD[name](header)
    put_together(path, header, content)
    outcome = worker.read(LOAD, path)
    assert outcome.refused, outcome.error or "it was read"
    assert outcome.error.isprintable() and path.name in outcome.error
    assert outcome.growth < 64 * 2**20


def change_entry(**fields):
    return lambda header: header[KERNEL].update(fields)


LIES = {
    "offset past the end": change_entry(data_offsets=[0, 2**40]),
    "negative offset": change_entry(data_offsets=[-4, 4]),
    "offsets of another": change_entry(data_offsets=[0, 8]),
    "three offsets": change_entry(data_offsets=[0, 4, 8]),
    "huge shape": change_entry(shape=[2**31, 2**31]),
    "empty huge shape": change_entry(shape=[0, 2**62], data_offsets=[0, 0]),
    "negative shape": change_entry(shape=[-1]),
    "text as shape": change_entry(shape="12"),
    "fractional shape": change_entry(shape=[1.0]),
    "unknown type": change_entry(dtype="F1"),
    "list as type": change_entry(dtype=[]),
    "no entry": lambda header: header.update({KERNEL: None}),
    "text that is none": lambda header: header["__metadata__"].update(x=[]),
}


@pytest.mark.parametrize("name", LIES)
def test_headers_that_lie_are_refused(path, name):
    header, content = parts(path)
    LIES[name](header)
    put_together(path, header, content)
    refused(path)


def test_a_name_that_comes_twice_is_refused(path):
    header, content = parts(path)
    entry = f'"{KERNEL}":{json.dumps(header[KERNEL])},'
    put_together(path, ("{" + entry + json.dumps(header)[1:]).encode(), content)
    refused(path, "twice")


def test_a_long_header_is_refused_unread(tmp_path, worker):
    path = tmp_path / "a.safetensors"
    put_together(path, b"{" + b'"a":[' * 2**20 + b"]" * 2**20 + b"}", b"")
    outcome = worker.read(LOAD, path)
    assert outcome.refused and outcome.growth < 16 * 2**20


def test_bytes_between_arrays_are_refused(path):
    header, content = parts(path)
    put_together(path, header, content + b"hidden")
    refused(path)


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
        scaled = jax.tree.map(lambda x, s=scale: x * s, variables)
        notes = {**NOTES, "train_config": {"data": str(tmp_path)}}
        model_file.save_model(files[-1], TINY, scaled, notes)
    one, other = average.average(files), average.average(files[::-1])
    jax.tree.map(np.testing.assert_array_equal, one.variables, other.variables)
    assert str(tmp_path) not in json.dumps(one.notes)
