"""The interpreter against Python's own pickler, and what it refuses."""

import argparse
import collections
import pathlib
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samn_jax.convert import limits, pickle_reader, torch_values
from samn_jax.convert.limits import RefusedError
from tests.convert import pickles

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**100), 2**100)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(), inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner).map(collections.OrderedDict)
    ),
    max_leaves=20,
)


def read(data, size=limits.STRUCTURE_BYTES):
    vocabulary = torch_values.TorchVocabulary()
    return pickle_reader.read(data, vocabulary, limits.Allowance(size))


@settings(deadline=None, derandomize=True, database=None)
@given(content=PLAIN, protocol=st.integers(2, 5), pure=st.booleans())
def test_plain_data_comes_back(content, protocol, pure):
    dump = pickle._dumps if pure else pickle.dumps
    data = dump(content, protocol)
    assert read(data + b"rest") == (content, len(data))


def test_one_object_in_two_places_stays_one():
    shared = ["a"]
    (one, other), _ = read(pickle.dumps((shared, shared), 2))
    assert one is other
    circle = []
    circle.append(circle)
    found, _ = read(pickle.dumps(circle, 4))
    assert found[0] is found


def test_memos_of_python_2_count_from_one():
    assert read(b"\x80\x02]q\x01h\x01\x86.")[0] == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        *({1, 2}, frozenset("a"), b"bytes", bytearray(9), 2**200),
        *(argparse.Namespace(a=1), pathlib.PosixPath("a"), np.float64(0.5)),
    ],
)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_is_no_weight_is_opaque(content, protocol):
    found, _ = read(pickle.dumps({"a": content, "b": 1}, protocol))
    assert found == {"a": pickle_reader.OPAQUE, "b": 1}


def test_keys_that_are_no_text_are_left_out():
    content = {1: "a", (2,): "b", None: "c", "d": 4}
    assert read(pickle.dumps(content, 2))[0] == {"d": 4}


def test_attributes_of_dicts_are_dropped():
    content = collections.OrderedDict(a=1)
    content._metadata = {"version": 2}
    found, _ = read(pickle.dumps(content, 2))
    assert found == {"a": 1} and not hasattr(found, "_metadata")


class Called:
    def __reduce__(self):
        return print, ("called",)


REFUSED = {
    "a foreign function": pickle.dumps(Called(), 2),
    "a foreign class": pickle.dumps(ValueError(), 4),
    "text opcodes": pickle.dumps([1], 0),
    "a registered extension": b"\x80\x02\x82\x01.",
    "an instance of old": b"\x80\x02(ios\nsystem\n.",
    "a text reference": b"\x80\x02Pkey\n.",
    "a buffer": b"\x80\x05\x97.",
    "a call of text": b"\x80\x02" + pickles.text("print") + b")R.",
    "arguments in a list": b"\x80\x02" + pickles.name("torch", "Size") + b"]R.",
    "attributes of a list": b"\x80\x02]}b.",
    "attributes of a name": b"\x80\x02" + pickles.name("torch", "Size") + b"}b.",
    "items of a list": b"\x80\x02]NNs.",
    "elements of a dict": b"\x80\x02}Na.",
    "a key alone": b"\x80\x02}(Nu.",
    "nothing on the stack": b"\x80\x02a.",
    "no mark": b"\x80\x02t.",
    "an object it never had": b"\x80\x02h\x07.",
    "an object numbered far on": b"\x80\x02]r\xff\x00\x00\x00.",
    "no end": b"\x80\x02]",
    "an empty file": b"",
    "an unknown opcode": b"\x80\x02\xff.",
    "a text cut off": b"\x80\x02X\xff\x00\x00\x00abc.",
    "text that is none": b"\x80\x02X\x02\x00\x00\x00\xff\xff.",
    "a storage that is none": b"\x80\x02" + pickles.group(b"N" * 5) + b"Q.",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_weights_need_not_is_refused(name, capsys):
    with pytest.raises(RefusedError):
        read(REFUSED[name])
    assert not capsys.readouterr().out


def test_what_is_made_is_counted_before_it_is_made():
    data = pickle.dumps([[] for _ in range(1000)], 2)
    with pytest.raises(RefusedError, match="more than weights need"):
        read(data, size=50_000)
    assert len(read(data, size=500_000)[0]) == 1000


def test_many_elements_of_one_shape_take_no_time():
    # Shapes are looked at again for each tensor: a long one must be refused at once.
    shape = pickle.MARK + pickles.integer(1) * 1000 + pickle.TUPLE
    call = pickles.name("torch", "Size") + shape + pickle.TUPLE1 + pickle.REDUCE
    with pytest.raises(RefusedError, match="shape makes no sense"):
        read(b"\x80\x02" + call + b".")
