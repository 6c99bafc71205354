"""A small model file to spoil, what it is made of, and how it must be refused."""

import json

import pytest

from samn_jax.errors import InputError
from samn_jax.models import model_file
from tests.models import tiny_lite

CONFIG = tiny_lite.CONFIG
NOTES = {"data": "blobs", "licence": "Apache-2.0"}
KERNEL = "params/decoder/logit/kernel"  # One of its arrays.


def write(folder, variables):
    """Writes it; returns its path."""
    path = folder / "tiny.safetensors"
    model_file.save_model(path, CONFIG, variables, NOTES)
    return path


def parts(path):
    """Returns the header and the bytes after it."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def refused(path, *words):
    """The file must be refused in one line that names it and holds the words."""
    with pytest.raises(InputError) as error:
        model_file.load_model(path)
    message = str(error.value)
    assert message.isprintable()
    for word in (path.name, *words):
        assert word in message
