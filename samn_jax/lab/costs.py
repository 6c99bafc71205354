"""What a memory costs: time of reading and writing, bytes, compilation, operations."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.compilation_cache import compilation_cache

from samn_jax.memory.entry import Entry, Key, Value, make_entry
from samn_jax.tracking.state import TrackerSpec

_FILLS = 3  # times the capacity, before it is timed
_TIMED = 15


def measure(tracker: Any) -> dict[str, float | int | None]:
    """Returns the costs of a tracker's memory, at the sizes of its network.

    Frames are random. `read_write_ms` is the median time of one read and one write,
    once the memory is full; `flops` are XLA's count for both, `compile_seconds` without
    the cache on disk.

    Args:
      tracker: a `samn_jax.Tracker`.
    """
    spec, variables = tracker.spec, {"memory": tracker.variables.get("memory")}
    shape = _entry_shape(spec, tracker.variables)
    state = jax.jit(lambda e: spec.memory.init(e, spec.reader(variables)))(
        _random_entry(shape, 0)
    )
    with _uncached():
        began = time.perf_counter()
        step = jax.jit(_step, static_argnums=0).lower(
            spec, variables, state, _random_entry(shape, 1)
        )
        compiled = step.compile()
        compile_seconds = time.perf_counter() - began
    seconds = []
    fills = _FILLS * spec.config.memory.capacity
    for index in range(1, fills + _TIMED + 1):
        entry = jax.block_until_ready(_random_entry(shape, index))
        began = time.perf_counter()
        state, _ = jax.block_until_ready(compiled(variables, state, entry))
        seconds.append(time.perf_counter() - began)
    analysis: Any = compiled.cost_analysis()
    return {
        "read_write_ms": 1e3 * float(np.median(seconds[-_TIMED:])),
        "state_bytes": sum(x.nbytes for x in jax.tree.leaves(state)),
        "compile_seconds": compile_seconds,
        "flops": analysis.get("flops") if isinstance(analysis, dict) else None,
    }


def _step(
    spec: TrackerSpec, variables: dict[str, Any], state: Any, entry: Entry
) -> tuple[Any, Value]:
    """Returns the memory after a frame, and what was read for it."""
    reader = spec.reader(variables)
    read = spec.memory.read(state, entry.key, reader)
    state, _ = spec.memory.write(state, entry, read, reader)
    return state, read.readout


def _entry_shape(spec: TrackerSpec, variables: dict[str, Any]) -> tuple[Key, Value]:
    """Returns the shapes of a frame's key and value."""
    size = spec.config.crop_size
    image = jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32)
    mask = jax.ShapeDtypeStruct((1, size, size), jnp.float32)

    def encode(image: Any, mask: Any) -> Any:
        network: Any = spec.network
        query = network.apply(variables, image, method="encode_query")
        pair = network.apply(variables, image, query, mask, method="encode_memory")
        return jax.tree.map(lambda x: x[0], pair)

    return jax.eval_shape(encode, image, mask)


def _random_entry(shape: tuple[Key, Value], index: int) -> Entry:
    """Returns a frame of random numbers, with a target in its middle."""
    rng = np.random.default_rng(index)
    key, value = jax.tree.map(
        lambda x: jnp.asarray(rng.standard_normal(x.shape), x.dtype), shape
    )
    side = 16 * key.attention.shape[0]
    prob = np.zeros((side, side), np.float32)
    prob[side // 4 : -side // 4, side // 4 : -side // 4] = 0.9
    return make_entry(key, value, jnp.asarray(prob), index, given=index == 0)


@contextlib.contextmanager
def _uncached() -> Iterator[None]:
    """Compiles anew inside, whatever is on disk."""
    former = getattr(jax.config, "jax_enable_compilation_cache")  # noqa: B009
    _use_cache(False)
    try:
        yield
    finally:
        _use_cache(former)


def _use_cache(wanted: bool) -> None:
    jax.config.update("jax_enable_compilation_cache", wanted)
    compilation_cache.reset_cache()  # JAX looks at the setting only once otherwise.
