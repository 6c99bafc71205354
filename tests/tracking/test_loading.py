"""A design that can't be used is told in its author's terms before anything is run."""

import dataclasses

import jax.numpy as jnp
import pytest

from samn_jax.errors import InputError
from samn_jax.memory.designs.first_last import FirstLast
from samn_jax.models import model_file
from samn_jax.tracking import Tracker
from tests.models import tiny_lite


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    model_file.save_model(path, tiny_lite.CONFIG, tiny_lite.make_variables(), {})
    return path


@dataclasses.dataclass(frozen=True)
class Wide(FirstLast):
    """Reads twice as many channels as were remembered."""

    def read(self, state, query, reader):
        read = super().read(state, query, reader)
        wide = jnp.concatenate((read.readout.attention,) * 2, -1)
        return read._replace(readout=read.readout._replace(attention=wide))


@dataclasses.dataclass(frozen=True)
class Half(FirstLast):
    """Reads half as precisely as was remembered."""

    def read(self, state, query, reader):
        read = super().read(state, query, reader)
        half = read.readout.attention.astype(jnp.bfloat16)
        return read._replace(readout=read.readout._replace(attention=half))


@dataclasses.dataclass(frozen=True)
class Bare(FirstLast):
    """Reads values instead of a `Read`."""

    def read(self, state, query, reader):
        return super().read(state, query, reader).readout


@dataclasses.dataclass(frozen=True)
class Silent(FirstLast):
    """Writes, and reports nothing."""

    def write(self, state, entry, read, reader):
        return super().write(state, entry, read, reader)[0]


@pytest.mark.parametrize(
    ("design", "words"),
    [(Bare(), "read returns Value: return a Read"), (Silent(), "write returns some")],
)
def test_what_is_returned_must_be_of_the_seams_types(checkpoint, design, words):
    with pytest.raises(InputError, match=f"{type(design).__name__}: {words}"):
        Tracker.from_checkpoint(
            checkpoint, design=design, crop_size=32, use_spatial=False
        )


@pytest.mark.parametrize("design", [Wide(), Half()])
def test_a_readout_of_another_form_is_told_as_such_each_time(checkpoint, design):
    words = "read gives readout.attention as .*, the network was trained on float32"
    for _ in range(2):
        with pytest.raises(InputError, match=f"{type(design).__name__}: {words}"):
            Tracker.from_checkpoint(
                checkpoint, design=design, crop_size=32, use_spatial=False
            )


def test_a_design_is_looked_at_and_left_as_it_is(checkpoint):
    @dataclasses.dataclass(frozen=True)
    class Mine(FirstLast):
        pass

    tracker = Tracker.from_checkpoint(
        checkpoint, design=Mine(), crop_size=32, use_spatial=False
    )
    assert tracker.spec.memory == Mine()
