"""Model files of strangers: FAULTS 6, what one may take, and headers that lie."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from samn_jax.models import model_file
from tests.faults import peak_memory, tiny_model_file
from tests.faults.tiny_model_file import KERNEL, parts, refused
from tests.models import tiny_lite

LOAD = "samn_jax.models.model_file:load_model"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    variables = tiny_lite.make_variables()
    return tiny_model_file.write(tmp_path_factory.mktemp("good"), variables)


@pytest.fixture
def path(tmp_path, good):
    return Path(shutil.copy(good, tmp_path))


@pytest.fixture(scope="module")
def worker(good):
    with peak_memory.worker() as made:
        made.warm_up(LOAD, good)
        yield made


def put_together(path, header, content):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)


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


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_large_good_file_takes_four_times_its_size(tmp_path, worker, dtype):
    wide = dataclasses.replace(tiny_lite.CONFIG, decoder_dims=(768, 512, 8, 4))
    path = tmp_path / "a.safetensors"
    model_file.save_model(path, wide, tiny_lite.make_variables(wide), {}, dtype=dtype)
    outcome = worker.read(LOAD, path)
    assert not outcome.error
    assert path.stat().st_size > 2**24
    assert outcome.growth <= 4 * path.stat().st_size + 64 * 2**20


def test_bytes_between_arrays_are_refused(path):
    header, content = parts(path)
    put_together(path, header, content + b"hidden")
    refused(path)
