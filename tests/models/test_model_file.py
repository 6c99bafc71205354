import dataclasses
import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy

from samn_jax import errors
from samn_jax.models import lite, model_file, samn
from tests.models import tiny_lite

TINY = tiny_lite.CONFIG
NOTES = {"data": "synthetic", "tracker": {"crop_size": 64}}


@pytest.fixture(scope="module")
def variables():
    return tiny_lite.make_variables()


@pytest.fixture
def path(tmp_path, variables):
    path = tmp_path / "folder" / "tiny.safetensors"
    model_file.save_model(path, TINY, variables, NOTES)
    return path


def refused(path, message):
    with pytest.raises(errors.InputError, match=message) as error:
        model_file.load_model(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 0), ("float16", 1e-3)])
def test_round_trip(tmp_path, variables, dtype, tolerance):
    path = tmp_path / "tiny.safetensors"
    model_file.save_model(path, TINY, variables, NOTES, dtype=dtype)
    model = model_file.load_model(path)
    assert model.config == TINY and hash(model.config) == hash(TINY)
    assert model.notes == NOTES
    assert isinstance(model_file.build_network(model.config), lite.LiteNet)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance),
        model.variables,
        variables,
    )
    assert {x.dtype for x in jax.tree.leaves(model.variables)} == {jnp.dtype("float32")}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tiny.safetensors"]


def test_what_half_precision_cannot_hold_stays_as_it_is(tmp_path, variables):
    path = tmp_path / "large.safetensors"
    large = jax.tree.map(lambda x: np.full(x.shape, 1e5, np.float32), variables)
    model_file.save_model(path, TINY, large, NOTES, dtype="float16")
    leaves = jax.tree.leaves(model_file.load_model(path).variables)
    assert all(float(x.max()) == pytest.approx(1e5) for x in leaves)


def test_half_precision_halves_the_file(tmp_path, variables, path):
    half = tmp_path / "half.safetensors"
    model_file.save_model(half, TINY, variables, NOTES, dtype="float16")
    count = sum(x.size for x in jax.tree.leaves(variables))
    assert path.stat().st_size - half.stat().st_size >= 2 * count


def test_config_of_the_large_network_comes_back():
    config = samn.SAMNConfig(stage_blocks=(1, 1, 1), width=4)
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    assert model_file.config_from_dict(values) == config


def test_files_that_are_no_model_are_refused(tmp_path, path):
    data = path.read_bytes()
    other = tmp_path / "other.safetensors"
    damaged = {
        "empty": b"",
        "cut in the header": data[:40],
        "cut in the weights": data[:-10],
        "damaged header": data[:8] + b"}" + data[9:],
        "text": b"hello, this is no model\n" * 9,
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    }
    for content in damaged.values():
        other.write_bytes(content)
        refused(other, "is damaged, or no safetensors file")
    other.write_bytes(safetensors.numpy.save({"x": np.zeros(3)}))
    refused(other, "is not a samn_jax model 1 file")
    with pytest.raises(errors.InputError, match="neither a file nor a shipped model"):
        model_file.load_model(tmp_path)


def test_nothing_is_unpickled(tmp_path):
    trap = tmp_path / "sprung"

    class Trap:
        def __reduce__(self):
            return trap.write_text, ("sprung",)

    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps(Trap()))
    refused(path, "samn_jax.convert")
    assert not trap.exists()


def rewrite(path, change):
    """Saves the file again with changed metadata and arrays."""
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(metadata, arrays)
    path.write_bytes(safetensors.numpy.save(arrays, metadata))


def with_config(**fields):
    def change(metadata, arrays):
        config = {**json.loads(metadata["config"]), **fields}
        metadata["config"] = json.dumps(config)

    return change


def set_metadata(key, value):
    return lambda metadata, arrays: metadata.update({key: value})


OTHERS = {
    "network": (with_config(network="huge"), "'huge' is unknown"),
    "field": (with_config(depth=3), "no field .*depth"),
    "widths": (with_config(key_dim=5), "2 weights differ .*key_head/bias"),
    "depth": (with_config(blocks=[[3, 1, 1, 4]], taps=[0, 0, 0, 0]), "taps must be"),
    "kind of width": (with_config(key_dim="wide"), "another model"),
    "no config": (lambda metadata, arrays: metadata.pop("config"), "another model"),
    "config that is no JSON": (set_metadata("config", "{"), "another model"),
    "config of another kind": (set_metadata("config", "[]"), "another model"),
    "notes that are no JSON": (set_metadata("notes", "{"), "another model"),
    "a weight missing": (
        lambda metadata, arrays: arrays.pop("params/decoder/logit/bias"),
        "1 weights differ .*decoder/logit/bias",
    ),
    "a weight too many": (
        lambda metadata, arrays: arrays.update(extra=np.zeros(2, np.float32)),
        "1 weights differ .*extra",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_models_of_another_kind_are_refused(path, name):
    change, message = OTHERS[name]
    rewrite(path, change)
    refused(path, message)


def test_shipped_models_are_found_by_name(tmp_path, monkeypatch, path):
    shipped = tmp_path / "pretrained"
    shipped.mkdir()
    monkeypatch.setattr(model_file, "PRETRAINED", shipped)
    path.rename(shipped / "tiny.safetensors")
    assert model_file.find_model("tiny") == shipped / "tiny.safetensors"
    with pytest.raises(errors.InputError, match=r"lite is neither .* \(tiny\)"):
        model_file.find_model("lite")
    # A file of one's own goes first.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny").write_bytes(b"")
    assert model_file.find_model("tiny").resolve() == tmp_path / "tiny"
