import io
import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import efficientnet_lite, trunk_file
from tests.models import random_variables
from tests.models.test_efficientnet_lite import folded_arrays

BLOCKS = ((3, 1, 1, 4), (5, 2, 2, 6))


@pytest.fixture(scope="module")
def params():
    net = efficientnet_lite.EfficientNetLite(BLOCKS, 4, (1, 0))
    image = jnp.zeros((1, 32, 32, 3))
    return random_variables.variables_for(net, image)["params"]


@pytest.fixture
def path(tmp_path, params):
    path = tmp_path / "trunk.npz"
    np.savez(path, **folded_arrays(params))
    return path


def rewrite(path, change):
    with np.load(path) as file:
        arrays = dict(file)
    change(arrays)
    np.savez(path, **arrays)


def refused(path, params, message):
    with pytest.raises(InputError, match=message) as error:
        trunk_file.read_trunk(path, params)
    assert "trunk.npz" in str(error.value) and str(error.value).isprintable()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", [np.float32, np.float16, np.float64, ">f4"])
def test_every_floating_type_and_packing_comes_back(tmp_path, params, save, kind):
    path = tmp_path / "trunk.npz"
    arrays = {name: x.astype(kind) for name, x in folded_arrays(params).items()}
    arrays["stem_w"] = np.asfortranarray(arrays["stem_w"])
    save(path, **arrays)
    read = trunk_file.read_trunk(path, params)
    tolerance = 1e-3 if kind is np.float16 else 0
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance),
        read,
        params,
    )
    assert {x.dtype for x in jax.tree.leaves(read)} == {jnp.dtype("float32")}


CHANGES = {
    "NaN": (lambda a: a["stem_w"].fill(np.nan), "weight stem_w holds NaN or inf"),
    "integers": (
        lambda a: a.update(stem_b=a["stem_b"].astype(np.int64)),
        "no floating-point numbers",
    ),
    "a name less": (lambda a: a.pop("b01_dw_w"), "b01_dw_w .*has nothing"),
    "a name more": (lambda a: a.update(b99_dw_w=a["stem_w"]), "b99_dw_w is one too"),
    "shape": (lambda a: a.update(stem_b=a["stem_b"][:-1]), "stem_b .should have 4, "),
    "text": (lambda a: a.update(stem_b=np.array("text")), "no floating-point"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_arrays_of_another_trunk_are_refused(path, params, name):
    change, message = CHANGES[name]
    rewrite(path, change)
    refused(path, params, message)


def test_nothing_is_unpickled(path, params):
    rewrite(path, lambda arrays: arrays.update(stem_b=np.array([{}], object)))
    refused(path, params, "no floating-point numbers, or is damaged")


def packed(arrays, compression=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in arrays.items():
            archive.writestr(name, content)
    return made.getvalue()


def header(shape):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "content",
    {
        "a bomb": packed({"stem_w.npy": header((2**25,)) + bytes(2**27)}),
        "a huge shape": packed({"stem_w.npy": header((10**8, 10**8, 10**8))}),
        "a negative shape": packed({"stem_w.npy": header((-1, 3))}),
        "nested shapes": packed({"stem_w.npy": header("(" * 300)}),
        "another packing": packed({"stem_w.npy": b""}, zipfile.ZIP_LZMA),
        "countless arrays": packed({f"{i}.npy": b"" for i in range(5000)}),
        "no archive": b"PK\x05\x06" + bytes(10),
        "text": b"hello",
        "nothing": b"",
    }.items(),
    ids=lambda item: item[0],
)
def test_damaged_and_hostile_files_are_one_line(path, params, content):
    path.write_bytes(content[1])
    refused(path, params, "can't be read as the weights of a trunk")


def test_a_missing_file_is_one_line(tmp_path, params):
    refused(tmp_path / "trunk.npz", params, "trunk.npz is missing")
