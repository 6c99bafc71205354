"""Space-time attention over the remembered cells (paper, eq. 1-2; STM, ICCV 2019)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

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
    inner = jnp.matmul(query, memory.T, preferred_element_type=jnp.float32)
    if kind == "dot":
        return inner * scale
    if kind == "l2":
        squares = jnp.sum(jnp.square(memory.astype(jnp.float32)), axis=-1)
        return (2.0 * inner - squares[None, :]) * scale
    raise ValueError(f"similarity {kind!r} is unknown: choose from {SIMILARITIES}")


def attend(
    query_key: Float[Array, "h w Ck"],
    keys: Float[Array, "T h w Ck"],
    values: Float[Array, "T h w Cv"],
    log_weights: Float[Array, "T h w"],
    *,
    kind: str = "dot",
) -> Float[Array, "h w Cv"]:
    """Returns the readout: a softmax over all remembered cells, applied to the values.

    Args:
      query_key: keys of the current frame.
      keys: keys of the remembered frames.
      values: values of the remembered frames.
      log_weights: added to the affinity before the softmax; `EMPTY` shuts a cell out.
        At least one cell must be open.
      kind: the similarity of two keys, `dot` or `l2`.
    """
    height, width, key_dim = query_key.shape
    logits = similarity(
        query_key.reshape(-1, key_dim), keys.reshape(-1, key_dim), kind=kind
    )
    attention = jax.nn.softmax(logits + log_weights.reshape(1, -1), axis=-1)
    flat_values = values.reshape(-1, values.shape[-1])
    readout = jnp.matmul(attention.astype(values.dtype), flat_values)
    return readout.reshape(height, width, -1)


def attend_in_chunks(
    query_key: Float[Array, "h w Ck"],
    keys: Float[Array, "T h w Ck"],
    values: Float[Array, "T h w Cv"],
    log_weights: Float[Array, "T h w"],
    *,
    kind: str = "dot",
    chunk_slots: int = 4,
) -> Float[Array, "h w Cv"]:
    """Returns what `attend` does, with `chunk_slots` slots' affinity alive at a time.

    The softmax is carried along the memory with its running maximum and sum (online
    softmax), so the forward pass takes no more memory however many slots there are.
    """
    height, width, key_dim = query_key.shape
    query = query_key.reshape(-1, key_dim)
    pad = -keys.shape[0] % chunk_slots

    def chunks(x: Array, fill: float) -> Array:
        padded = jnp.pad(x, [(0, pad)] + [(0, 0)] * (x.ndim - 1), constant_values=fill)
        return padded.reshape(-1, chunk_slots * height * width, *x.shape[3:])

    def body(carry: tuple, chunk: tuple) -> tuple[tuple, None]:
        top, total, readout = carry
        key, value, log_weight = chunk
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
    memory = (chunks(keys, 0.0), chunks(values, 0.0), chunks(log_weights, EMPTY))
    (_, total, readout), _ = jax.lax.scan(body, start, memory)
    readout = readout / total[:, None]
    return readout.astype(values.dtype).reshape(height, width, -1)


def slot_log_weights(
    valid: Bool[Array, " T"], height: int, width: int
) -> Float[Array, "T h w"]:
    """Returns 0 for every cell of a filled slot and `EMPTY` for the others."""
    weights = jnp.where(valid, 0.0, EMPTY).astype(jnp.float32)
    return jnp.broadcast_to(weights[:, None, None], (valid.shape[0], height, width))
