import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax import errors
from samn_jax.memory.designs import ring
from samn_jax.tracking import TrackerConfig, state
from tests.tracking import color_net


@pytest.mark.parametrize(
    ("size", "padded"),
    [((1, 64), (64, 64)), ((65, 128), (128, 128)), ((480, 854), (512, 896))],
)
def test_buckets_are_the_next_multiples_of_64(size, padded):
    assert state.bucket(*size) == padded


@pytest.mark.parametrize("name", ["crop_size", "filter_crop_size"])
@pytest.mark.parametrize("side", [0, 8, 100])
def test_a_side_that_the_stride_does_not_divide_is_refused(name, side):
    with pytest.raises(errors.InputError, match=f"{name} is {side}: .*16"):
        TrackerConfig(**{name: side})


def test_one_search_region_of_the_whole_frame_is_refused():
    with pytest.raises(errors.InputError, match="one_search_region and whole_frame"):
        TrackerConfig(one_search_region=True, whole_frame=True)


def test_equal_specs_are_one_static_argument():
    one, same = color_net.make_spec(), color_net.make_spec()
    other = color_net.make_spec(memory={"last_add": False})
    assert one == same and hash(one) == hash(same)
    assert one != other


def test_spec_hands_its_switches_to_the_memory():
    memory = {"last_add": False, "machine.mode": "emd", "chunk_slots": 2}
    spec = color_net.make_spec(memory=memory)
    reader = spec.reader({"memory": 7})
    assert spec.memory == ring.Ring(capacity=4, last_add=False)
    assert (reader.machine.mode, reader.chunk_slots) == ("emd", 2)
    assert reader.similarity == "l2" and reader.parameters == 7


def test_floats_is_a_float32_vector():
    vector = state.floats(1.0, 0.5)
    assert vector.dtype == jnp.float32
    np.testing.assert_array_equal(vector, [1.0, 0.5])
