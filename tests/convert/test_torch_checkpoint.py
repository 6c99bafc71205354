import functools
import sys

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import convert
from samn_jax.convert import __main__ as command
from samn_jax.convert import torch_checkpoint
from samn_jax.errors import InputError
from samn_jax.models import model_file, samn
from tests.convert import torch_files

TINY = samn.SAMNConfig(
    stage_blocks=(1, 1, 1), width=4, key_dim=4, value_dim=6, decoder_dim=8
)


@pytest.fixture(autouse=True)
def names_of_torch(monkeypatch):
    for name, module in torch_files.fake_torch().items():
        monkeypatch.setitem(sys.modules, name, module)


@functools.cache
def torch_arrays() -> dict[str, np.ndarray]:
    """Returns random weights by torch name, made from our names the other way round."""
    rng = np.random.default_rng(0)
    image = jnp.zeros((1, 32, 32, 3))
    shapes = jax.eval_shape(
        samn.SAMN(TINY).init, jax.random.key(0), image, image[..., 0]
    )
    leaves = {"kernel": "weight", "scale": "weight", "bias": "bias"}
    leaves |= {"mean": "running_mean", "var": "running_var"}
    arrays = {}
    for path, x in flax.traverse_util.flatten_dict(dict(shapes)).items():
        name = ".".join((*path[1:-1], leaves[path[-1]]))
        for ours, torch in (("_conv", ".0"), ("_bn", ".1")):
            name = name.replace(f"downsample{ours}", f"downsample{torch}")
        for stage in ("res2", "res3", "res4"):
            name = name.replace(f"{stage}_", f"{stage}.")
        shape = (
            x.shape if len(x.shape) == 1 else tuple(x.shape[i] for i in (3, 2, 0, 1))
        )
        arrays[name] = rng.uniform(0.5, 1.0, shape).astype(np.float32)
    return arrays


def save(path, arrays: dict[str, np.ndarray]) -> None:
    torch_files.save_zip(path, {"state_dict": torch_files.tensors(arrays)})


def extras() -> dict[str, np.ndarray]:
    return {
        "Encoder_Q.bn1.num_batches_tracked": np.array(3),
        "Encoder_M.mean": np.zeros((1, 3, 1, 1), np.float32),
    }


def test_every_weight_lands_and_every_name_is_told(tmp_path):
    save(tmp_path / "a.pth", torch_arrays() | extras())
    variables, report = convert.load_torch_checkpoint(tmp_path / "a.pth", config=TINY)
    assert (report.kind, report.missing) == ("samn", {})
    assert set(report.used) == set(torch_arrays())
    assert set(report.unexpected) == set(extras())
    assert "counter of training steps" in str(report)
    kernel = variables["params"]["Encoder_Q"]["res3_0"]["conv2"]["kernel"]
    theirs = torch_arrays()["Encoder_Q.res3.0.conv2.weight"]
    np.testing.assert_array_equal(kernel, theirs.transpose(2, 3, 1, 0))
    var = variables["batch_stats"]["Encoder_M"]["res2_0"]["downsample_bn"]["var"]
    theirs = torch_arrays()["Encoder_M.res2.0.downsample.1.running_var"]
    np.testing.assert_array_equal(var, theirs)


def test_stm_is_the_same_network_without_positions(tmp_path):
    arrays = {f"module.{name}": x for name, x in torch_arrays().items()}
    torch_files.save_legacy(tmp_path / "a.pth", torch_files.tensors(arrays))
    none = samn.SAMNConfig(**{**vars(TINY), "positions": "none"})
    _, report = convert.load_torch_checkpoint(
        tmp_path / "a.pth", kind="stm", config=none
    )
    assert report.config.positions == "none" and len(report.used) == len(arrays)


def test_torchvision_fills_both_encoders_and_leaves_the_rest_fresh(tmp_path):
    arrays = {}
    for name, x in torch_arrays().items():
        encoder, _, rest = name.partition(".")
        if encoder == "Encoder_Q":
            for ours, theirs in (("res2", "layer1"), ("res3", "layer2")):
                rest = rest.replace(ours, theirs)
            arrays[rest.replace("res4", "layer3")] = x
    head = {"fc.weight": np.zeros((3, 2), np.float32), "fc.bias": np.zeros(3)}
    head = {k: v.astype(np.float32) for k, v in head.items()}
    save(tmp_path / "a.pth", arrays | head)
    variables, report = convert.load_torch_checkpoint(tmp_path / "a.pth", config=TINY)
    assert report.kind == "resnet50" and set(report.unexpected) == set(head)
    params = variables["params"]
    theirs = torch_arrays()["Encoder_Q.conv1.weight"].transpose(2, 3, 1, 0)
    for encoder in ("Encoder_M", "Encoder_Q"):
        np.testing.assert_array_equal(params[encoder]["conv1"]["kernel"], theirs)
    assert "params.Encoder_M.conv1_m.kernel" in report.missing
    assert np.std(params["Decoder"]["pred2"]["kernel"]) > 0
    assert not np.any(params["Decoder"]["pred2"]["bias"])


def test_missing_and_unexpected_names_are_errors_that_name_them(tmp_path):
    arrays = dict(torch_arrays())
    arrays["Decoder.pred9.weight"] = arrays.pop("Decoder.pred2.weight")
    save(tmp_path / "a.pth", arrays)
    with pytest.raises(InputError, match=r"unexpected 1 names: Decoder\.pred9\.weight"):
        convert.load_torch_checkpoint(tmp_path / "a.pth", config=TINY)
    del arrays["Decoder.pred9.weight"]
    save(tmp_path / "a.pth", arrays)
    with pytest.raises(InputError, match=r"lacks 1 names: params\.Decoder\.pred2"):
        convert.load_torch_checkpoint(tmp_path / "a.pth", config=TINY)


def test_unequal_shapes_are_an_error_that_names_them(tmp_path):
    arrays = dict(torch_arrays())
    arrays["Decoder.pred2.bias"] = np.zeros(3, np.float32)
    save(tmp_path / "a.pth", arrays)
    with pytest.raises(
        InputError, match=r"Decoder\.pred2\.bias \(3,\) \(ours \(2,\)\)"
    ):
        convert.load_torch_checkpoint(tmp_path / "a.pth", config=TINY)


def test_unknown_kind(tmp_path):
    save(tmp_path / "a.pth", torch_arrays())
    with pytest.raises(InputError, match="'swin' is unknown"):
        convert.load_torch_checkpoint(tmp_path / "a.pth", kind="swin")


def test_command_writes_a_model_file_and_the_report(tmp_path, monkeypatch, capsys):
    save(tmp_path / "a.pth", torch_arrays() | extras())
    load = functools.partial(convert.load_torch_checkpoint, config=TINY)
    monkeypatch.setattr(torch_checkpoint, "load_torch_checkpoint", load)
    out = tmp_path / "models" / "a.safetensors"
    assert command.main([str(tmp_path / "a.pth"), str(out)]) == 0
    assert "tensors used" in capsys.readouterr().out
    model = model_file.load_model(out)
    assert model.config == TINY
    kernel = model.variables["params"]["KV_Q_r4"]["Key"]["kernel"]
    theirs = torch_arrays()["KV_Q_r4.Key.weight"]
    np.testing.assert_array_equal(kernel, theirs.transpose(2, 3, 1, 0))


def test_command_tells_bad_input_in_one_line(tmp_path, capsys):
    (tmp_path / "a.pth").write_bytes(b"no checkpoint")
    assert command.main([str(tmp_path / "a.pth"), str(tmp_path / "b")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert not (tmp_path / "b").exists()
