import dataclasses
import logging

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import model_file
from samn_jax.training import initialize
from samn_jax.training.config import TrainConfig
from tests.models import tiny_lite

FRAMES = np.zeros((1, 32, 32, 3), np.uint8)
SHOWN = dataclasses.replace(tiny_lite.CONFIG, previous_mask=True)


@pytest.fixture
def plain_file(tmp_path):
    path = tmp_path / "plain.safetensors"
    model_file.save_model(path, tiny_lite.CONFIG, tiny_lite.make_variables(), {})
    return str(path)


def test_weights_that_change_nothing_at_first_are_filled_in(plain_file, caplog):
    config = TrainConfig(model=SHOWN, init_from=plain_file)
    with caplog.at_level(logging.WARNING):
        initialize.check(config)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "plain.safetensors lacks decoder/previous_s16/kernel, decoder/prev" in line
    assert "\n" not in line
    variables = initialize.initial_variables(config, FRAMES)
    decoder = variables["params"]["decoder"]
    assert not np.any(decoder["previous_s8"]["kernel"])
    given = model_file.load_model(plain_file).variables["params"]["decoder"]
    np.testing.assert_array_equal(decoder["fuse"]["kernel"], given["fuse"]["kernel"])
    assert initialize.shapes_of(config)["params"].keys() == variables["params"].keys()


def test_weights_that_are_there_are_taken(tmp_path, caplog):
    path = tmp_path / "shown.safetensors"
    kept = tiny_lite.make_variables(SHOWN)
    model_file.save_model(path, SHOWN, kept, {})
    config = TrainConfig(model=SHOWN, init_from=str(path))
    initialize.check(config)
    assert not caplog.records
    given = initialize.initial_variables(config, FRAMES)["params"]["decoder"]
    name = "previous_s8"
    np.testing.assert_array_equal(
        given[name]["kernel"], kept["params"]["decoder"][name]["kernel"]
    )


@pytest.mark.parametrize("change", [{"key_dim": 6}, {"positions": "none"}])
def test_all_other_differences_are_refused(plain_file, change):
    model = dataclasses.replace(SHOWN, **change)
    with pytest.raises(InputError, match="is of another network than the config's"):
        initialize.check(TrainConfig(model=model, init_from=plain_file))


def test_a_file_with_them_is_refused_where_they_are_not_wanted(tmp_path):
    path = tmp_path / "shown.safetensors"
    model_file.save_model(path, SHOWN, tiny_lite.make_variables(SHOWN), {})
    with pytest.raises(InputError, match="previous_s16"):
        initialize.check(TrainConfig(model=tiny_lite.CONFIG, init_from=str(path)))
