"""Space-time attention over the remembered cells (paper, eq. 1-2; STM, ICCV 2019)."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from samn_jax import varying

SIMILARITIES = ("dot", "l2")
# A finite stand-in for log(0): a whole chunk of empty slots must not give inf - inf.
EMPTY = -1e30


def similarity(
    query: Float[Array, "q Ck"], memory: Float[Array, "m Ck"], *, kind: str
) -> Float[Array, "q m"]:
    """Returns how well each query cell matches each remembered cell, in float32.

    `dot` is the inner product over sqrt(Ck). `l2` is minus the squared distance over
    sqrt(Ck), less the query's own square, which the softmax over the memory cancels.
    """
    scale = query.shape[-1] ** -0.5
    if kind == "dot":
        return _inner(query, memory, scale)
    if kind == "l2":
        squares = jnp.sum(jnp.square(memory.astype(jnp.float32)), axis=-1)
        return _inner(query, memory, 2.0 * scale) - (squares * scale)[None, :]
    raise ValueError(f"similarity {kind!r} is unknown: choose from {SIMILARITIES}")


def _inner(
    query: Float[Array, "q Ck"], memory: Float[Array, "m Ck"], factor: float
) -> Float[Array, "q m"]:
    """Returns the inner products times a factor, in float32."""
    if query.dtype == jnp.float32:
        # To scale the query is cheaper, by much, than to scale its products. (In lite,
        # with keys of 64 channels, the factor is a power of two and all bits the same.)
        return jnp.matmul(query * factor, memory.T, preferred_element_type=jnp.float32)
    return jnp.matmul(query, memory.T, preferred_element_type=jnp.float32) * factor


def attention(
    query_key: Float[Array, "h w Ck"],
    keys: Float[Array, "*m Ck"],
    log_weights: Float[Array, "*m"],
    *,
    kind: str = "dot",
) -> Float[Array, "q m"]:
    """Returns the softmax over all remembered cells, for each cell of the frame.

    Args:
      query_key: keys of the current frame.
      keys: keys of the remembered cells; slots (T, h, w) or a flat list.
      log_weights: added to the affinity before the softmax; `EMPTY` shuts a cell out.
        At least one cell must be open.
      kind: the similarity of two keys, `dot` or `l2`.
    """
    logits = similarity(_flat(query_key), _flat(keys), kind=kind)
    return jax.nn.softmax(logits + log_weights.reshape(1, -1), axis=-1)


def attend(
    query_key: Float[Array, "h w Ck"],
    keys: Float[Array, "*m Ck"],
    values: Float[Array, "*m Cv"],
    log_weights: Float[Array, "*m"],
    *,
    kind: str = "dot",
) -> Float[Array, "h w Cv"]:
    """Returns the readout: `attention` applied to the values.

    One cell looks at two: the second is shut out, so that the first is read.

    >>> query, keys = jnp.ones((1, 1, 2)), jnp.ones((2, 2))
    >>> values, open_and_shut = jnp.array([[5.0], [7.0]]), jnp.array([0.0, EMPTY])
    >>> attend(query, keys, values, open_and_shut).tolist()
    [[[5.0]]]
    """
    weights = attention(query_key, keys, log_weights, kind=kind)
    return weighted(weights, values, query_key.shape[:2])


def weighted(
    weights: Float[Array, "q m"], values: Float[Array, "*m Cv"], size: tuple[int, ...]
) -> Float[Array, "h w Cv"]:
    """Returns the weighted sums of values; `size` is (h, w) of the frame."""
    readout = jnp.matmul(weights.astype(values.dtype), _flat(values))
    return readout.reshape(*size, -1)


def masses(
    weights: Float[Array, "q m"], slots: int, size: tuple[int, ...]
) -> tuple[Float[Array, "h w T"], Float[Array, " m"]]:
    """Returns each slot's share of the attention, and what each cell got in all."""
    per_slot = jnp.sum(weights.reshape(weights.shape[0], slots, -1), axis=-1)
    return per_slot.reshape(*size, slots), jnp.sum(weights, axis=0)


def attend_in_chunks(
    query_key: Float[Array, "h w Ck"],
    keys: Float[Array, "T *cells Ck"],
    values: Float[Array, "T *cells Cv"],
    log_weights: Float[Array, " T *cells"],
    *,
    kind: str = "dot",
    chunk: int = 4,
) -> tuple[Float[Array, "h w Cv"], Float[Array, " q"]]:
    """Returns what `attend` does with `chunk` slots' affinity alive at a time.

    The softmax is carried along the memory with its running maximum and sum (online
    softmax), so the forward pass takes no more memory however many slots there are.

    Returns:
      The readout, and the logarithm of each query cell's sum before normalization.
    """
    query = _flat(query_key)

    def body(carry: tuple, part: tuple) -> tuple[tuple, None]:
        top, total, readout = carry
        key, value, log_weight = part
        logits = similarity(query, key, kind=kind) + log_weight[None, :]
        new_top = jnp.maximum(top, jnp.max(logits, axis=-1))
        shrink = jnp.exp(top - new_top)
        weights = jnp.exp(logits - new_top[:, None])
        total = total * shrink + jnp.sum(weights, axis=-1)
        readout = readout * shrink[:, None] + jnp.matmul(
            weights, value.astype(jnp.float32)
        )
        return (new_top, total, readout), None

    cells = query.shape[0]
    start = (
        jnp.full((cells,), EMPTY, jnp.float32),
        jnp.zeros((cells,), jnp.float32),
        jnp.zeros((cells, values.shape[-1]), jnp.float32),
    )
    parts = _chunks(keys, values, log_weights, chunk=chunk)
    start = varying.like(start, (query, *parts))
    (top, total, readout), _ = jax.lax.scan(body, start, parts)
    readout = (readout / total[:, None]).astype(values.dtype)
    return readout.reshape(*query_key.shape[:2], -1), top + jnp.log(total)


def masses_in_chunks(
    query_key: Float[Array, "h w Ck"],
    keys: Float[Array, "T *cells Ck"],
    log_weights: Float[Array, " T *cells"],
    log_total: Float[Array, " q"],
    *,
    kind: str = "dot",
    chunk: int = 4,
) -> tuple[Float[Array, "h w T"], Float[Array, " m"]]:
    """Returns what `masses` does, in a second pass over the memory.

    Args:
      query_key: keys of the current frame.
      keys: keys of the remembered cells.
      log_weights: as for `attention`.
      log_total: as `attend_in_chunks` returns it.
      kind: the similarity of two keys.
      chunk: slots whose affinity is alive at a time.
    """
    query, slots = _flat(query_key), keys.shape[0]

    def body(_: None, part: tuple) -> tuple[None, tuple[Array, Array]]:
        key, log_weight = part
        logits = similarity(query, key, kind=kind) + log_weight[None, :]
        weights = jnp.exp(logits - log_total[:, None])
        per_slot = weights.reshape(query.shape[0], chunk, -1)
        return None, (jnp.sum(per_slot, axis=-1), jnp.sum(weights, axis=0))

    parts = _chunks(keys, None, log_weights, chunk=chunk)
    _, (per_slot, per_cell) = jax.lax.scan(body, None, (parts[0], parts[2]))
    per_slot = jnp.moveaxis(per_slot, 0, 1).reshape(*query_key.shape[:2], -1)
    return per_slot[..., :slots], per_cell.reshape(-1)[: log_weights.size]


def _chunks(
    keys: Array, values: Array | None, log_weights: Array, *, chunk: int
) -> tuple[Array, Array | None, Array]:
    """Returns flat cells, `chunk` slots at a time; those that fill up are shut."""
    pad, inner = -keys.shape[0] % chunk, log_weights.ndim

    def cut(x: Array, fill: float) -> Array:
        padded = jnp.pad(x, [(0, pad)] + [(0, 0)] * (x.ndim - 1), constant_values=fill)
        cells = chunk * math.prod(x.shape[1:inner])
        return padded.reshape(-1, cells, *x.shape[inner:])

    cut_values = None if values is None else cut(values, 0.0)
    return cut(keys, 0.0), cut_values, cut(log_weights, EMPTY)


def _flat(x: Float[Array, "*m C"]) -> Float[Array, "n C"]:
    return x.reshape(-1, x.shape[-1])


def slot_log_weights(
    valid: Bool[Array, " T"], height: int, width: int
) -> Float[Array, "T h w"]:
    """Returns 0 for every cell of a filled slot and `EMPTY` for the others."""
    weights = jnp.where(valid, 0.0, EMPTY).astype(jnp.float32)
    return jnp.broadcast_to(weights[:, None, None], (valid.shape[0], height, width))
