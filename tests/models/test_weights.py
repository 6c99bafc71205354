import ml_dtypes
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.models import weights


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, "bfloat16"])
def test_floating_types_become_float32_of_ones_own(kind):
    kind = ml_dtypes.bfloat16 if kind == "bfloat16" else kind
    given = np.arange(6).reshape(2, 3).astype(kind).T
    made = weights.as_float32(given, "file", "name")
    assert made.dtype == np.float32 and made.flags.c_contiguous and made.flags.owndata
    np.testing.assert_array_equal(made, given.astype(np.float32))
    given[0] = 7
    assert made[0, 0] == 0


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1.0, np.nan]), "holds NaN or infinity"),
        (np.array([-np.inf], np.float16), "holds NaN or infinity"),
        (np.array([1e39]), "too large for float32"),
        (np.array([1]), "int64, not floating point"),
        (np.array([True]), "bool, not floating point"),
        (np.array([1j]), "complex128, not floating point"),
    ],
)
def test_others_are_refused_with_file_and_name(array, message):
    with pytest.raises(InputError, match=rf"a\\nb\.pth: weight w .*{message}"):
        weights.as_float32(array, "a\nb.pth", "w")


def test_variances_are_not_negative():
    assert weights.as_float32(np.zeros(2), "file", "bn.running_var").size == 2
    with pytest.raises(InputError, match="bn.running_var is a variance below 0"):
        weights.as_float32(np.array([-1e-9]), "file", "bn.running_var")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": (2, 3)}, r"1 weights differ .*first b .should have 4, has nothing"),
        ({"a": (3, 2), "b": (4,)}, r"first a .should have 2x3, has \[3, 2\]"),
        ({"a": (2, 3), "b": (4,), "c": ()}, "first c .has a weight too many"),
    ],
)
def test_other_names_and_shapes_are_told(given, message):
    wanted = {"a": (2, 3), "b": (4,)}
    weights.check_shapes("file", wanted, wanted)
    with pytest.raises(InputError, match=message):
        weights.check_shapes("file", wanted, given)
