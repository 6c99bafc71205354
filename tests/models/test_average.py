import dataclasses
import hashlib

import jax
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import average, model_file
from tests.models import tiny_lite


@pytest.fixture
def files(tmp_path):
    variables = tiny_lite.make_variables()
    paths = []
    for scale in (1.0, 2.0, 6.0):
        paths.append(tmp_path / f"{scale}.safetensors")
        scaled = jax.tree.map(lambda x, s=scale: np.array(x) * s, variables)
        notes = {"scale": scale, "data": "blobs", "train_config": {"data": "/there"}}
        model_file.save_model(paths[-1], tiny_lite.CONFIG, scaled, notes)
    return variables, paths


def test_the_mean_is_written_with_where_it_comes_from(files, tmp_path):
    variables, paths = files
    output = tmp_path / "mean.safetensors"
    assert average.main([*map(str, paths), "--output", str(output)]) == 0
    model = model_file.load_model(output)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, 3 * y, rtol=1e-3, atol=1e-5),
        model.variables,
        variables,
    )
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert model.notes == {
        "data": "blobs",
        "mean_of": [
            {"name": path.name, "sha256": digest}
            for path, digest in zip(paths, digests, strict=True)
        ],
    }


def test_files_of_two_networks_are_refused(files, tmp_path, capsys):
    _, paths = files
    other = dataclasses.replace(tiny_lite.CONFIG, similarity="dot")
    model = model_file.load_model(paths[0])
    model_file.save_model(tmp_path / "other", other, model.variables, {})
    with pytest.raises(InputError, match="another network"):
        average.average([paths[0], tmp_path / "other"])
    command = [
        str(paths[0]),
        str(tmp_path / "missing"),
        "--output",
        str(tmp_path / "o"),
    ]
    assert average.main(command) == 2
    error = capsys.readouterr().err
    assert "missing" in error and error.count("\n") == 1
