"""The appearance network against the authors', array by array."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import read as read_lib
from samn_jax.memory.entry import Value
from samn_jax.models import samn, winograd
from tests.parity import formula_weights
from tests.parity.golden import files

TOLERANCE = 1e-4  # of each array's largest magnitude


def channels_first(x: jax.Array) -> np.ndarray:
    return np.moveaxis(np.asarray(x[0]), -1, 0)


def compare(golden: dict, name: str, ours: np.ndarray) -> None:
    expected = golden[name]
    ours = np.asarray(ours)
    assert ours.shape == expected.shape, name
    error = np.abs(ours - expected).max() / np.abs(expected).max()
    assert error <= TOLERANCE, f"{name}: {error:.2e}"


def soft_aggregate(prob: np.ndarray) -> np.ndarray:
    """Returns log-odds of background and object after soft aggregation."""
    em = np.clip(np.stack([1.0 - prob, prob]), 1e-7, 1.0 - 1e-7)
    return np.log(em / (1.0 - em))


def check_query(golden: dict, n: int, query) -> None:
    compare(golden, f"qkey_{n}", channels_first(query.key.attention)[:, ::4, ::4])
    compare(golden, f"qval_{n}", channels_first(query.value)[::8, ::4, ::4])
    for name, features, stride in zip(
        ("r4", "r3", "r2"), query.pyramid, (3, 6, 12), strict=True
    ):
        cut = channels_first(features)[::16, ::stride, ::stride]
        compare(golden, f"{name}_{n}", cut)


def inputs(golden: dict, request) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns images (1, 384, 384, 3) in [0, 1] and masks, of the file or of DAVIS."""
    if "images" not in golden:
        folder, name = request.getfixturevalue("davis16_dir"), str(golden["sequence"])
        return [
            formula_weights.load_frame(folder, name, int(frame))
            for frame in golden["frames"]
        ]
    images = golden["images"].repeat(4, axis=1).repeat(4, axis=2)
    mask = golden["mask"].repeat(4, axis=0).repeat(4, axis=1)[None]
    return [
        (image[None].astype(np.float32) / np.float32(255), mask.astype(np.float32))
        for image in images
    ]


def check_file(golden: dict, variables: dict, frames) -> None:
    net = samn.SAMN()
    jitted = jax.jit(net.apply, static_argnames="method")
    apply = functools.partial(jitted, variables)

    attend = jax.jit(read_lib.attend)
    keys, values = [], []
    for n, (image, truth) in enumerate(frames):
        prob = truth
        query = apply(image, method="encode_query")
        if n > 0:
            check_query(golden, n, query)
            memory_keys, memory_values = jnp.stack(keys), jnp.stack(values)
            shut = jnp.zeros(memory_keys.shape[:3])
            readout = attend(query.key.attention[0], memory_keys, memory_values, shut)[
                None
            ]
            joined = jnp.concatenate([readout, query.value], axis=-1)
            compare(golden, f"read_{n}", channels_first(joined)[::16, ::3, ::3])
            affinity = read_lib.similarity(
                query.key.attention[0, 0, :1], memory_keys.reshape(-1, 128), kind="dot"
            )
            compare(golden, f"aff_col0_{n}", jax.nn.softmax(affinity[0]))
            center_xy = jnp.full((1, 2), 192.0)
            log_odds = apply(Value.plain(readout), query, center_xy, method="decode")
            prob = np.asarray(jax.nn.sigmoid(log_odds[0]))
            compare(golden, f"ps_{n}", prob[::4, ::4])
            logits = soft_aggregate(prob)
            compare(golden, f"logit_{n}", logits[:, ::8, ::8])
            prob = np.asarray(jax.nn.softmax(logits, axis=0))[1:]
            compare(golden, f"prob_{n}", prob[0, ::4, ::4])
        key, value = apply(image, query, jnp.asarray(prob), method="encode_memory")
        keys.append(key.attention[0])
        values.append(value.attention[0])
        compare(golden, f"mkey_{n}", key.attention.reshape(-1, 128)[::7, ::4])
        compare(golden, f"mval_{n}", value.attention.reshape(-1, 512)[::7, ::16])


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("path", files("formula_network*.npz", "amb_*.npz"))
def test_network_equals_the_authors(request, path, fast):
    golden = dict(np.load(path))
    frames = inputs(golden, request)
    variables = formula_weights.variables(int(golden["seed"]))
    if fast:
        variables = winograd.with_fast_kernels(samn.SAMN(), variables)
    check_file(golden, variables, frames)
