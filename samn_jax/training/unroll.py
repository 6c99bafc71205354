"""The network run over a training clip, frame after frame (paper, 3.4)."""

import dataclasses
import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, UInt8, UInt32

from samn_jax import losses, settings
from samn_jax.memory import registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Entry, Key, Read, Value, cell_shares, make_entry
from samn_jax.memory.reader import make_reader
from samn_jax.models import aggregation
from samn_jax.models import network as network_lib
from samn_jax.models.network import QueryFeatures
from samn_jax.training import previous as previous_lib
from samn_jax.training.previous import PreviousConfig

MODES = ("recurrent", "mask", "threshold", "two")
AGGREGATIONS = ("odds", "soft")
MIN_CAPACITY = 3  # of a memory bank
# Log-odds of an object that a clip lacks: finite, as 0 · inf is not a number.
ABSENT = -1e4


@dataclasses.dataclass(frozen=True)
class UnrollConfig:
    """How a clip is unrolled.

    Attributes:
      mode: what a predicted frame is remembered with: its prediction (`recurrent`), its
        true mask (`mask`), or its prediction where that is good and its true mask
        elsewhere (`threshold`). `two` stops after the second frame.
      iou_threshold: the mean IoU over a clip's objects above which a prediction counts
        as good (`threshold`).
      aggregation: how objects become one distribution: `soft` as in the paper, `odds`
        by a softmax over their log-odds, 0 for the background.
      previous: what is shown of the frame before to networks that are shown it.
    """

    mode: str = "recurrent"
    iou_threshold: float = 0.5
    aggregation: str = "odds"
    previous: PreviousConfig = PreviousConfig()

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: a name is unknown, or the IoU is no share.
        """
        settings.check_choice(self, "mode", MODES)
        settings.check_choice(self, "aggregation", AGGREGATIONS)
        settings.check_shares(self, "iou_threshold")


class Batch(NamedTuple):
    """Training clips."""

    frames: UInt8[Array, "B F H W 3"]
    masks: UInt8[Array, "B F H W"]  # object ids 1..N, 0 the background
    centers: Float[Array, "B F 2"]  # about where the object is, crop pixels (x, y)
    seeds: UInt32[Array, " B"] | None = None  # of what is random; None: nothing is


class Network(NamedTuple):
    """What is run over a clip, and how; nothing in it is traced."""

    module: nn.Module
    memory: MemoryConfig
    unroll: UnrollConfig = UnrollConfig()
    num_objects: int = 1  # N, of every clip; a clip may have fewer


def split_objects(
    masks: UInt8[Array, "*dims H W"], count: int
) -> Float[Array, "*dims N H W"]:
    """Returns one mask of 0 and 1 for each id from 1 to `count`."""
    ids = jnp.arange(1, count + 1, dtype=masks.dtype)
    ids = ids.reshape(*(1,) * (masks.ndim - 2), count, 1, 1)
    return (masks[..., None, :, :] == ids).astype(jnp.float32)


def true_masks(
    masks: UInt8[Array, "B F H W"], count: int
) -> tuple[Float[Array, "F B N H W"], Bool[Array, "B N"]]:
    """Returns the objects' masks frame by frame, and which a clip has.

    A clip has those objects that its first frame shows; others are background.
    """
    truth = split_objects(jnp.swapaxes(masks, 0, 1), count)
    present = jnp.any(truth[0] > 0, axis=(2, 3))
    return truth * present[None, :, :, None, None].astype(truth.dtype), present


def join_objects(
    log_odds: Float[Array, "N H W"], present: Bool[Array, " N"], *, kind: str
) -> Float[Array, "N+1 H W"]:
    """Returns logits of background and objects; those not present have none."""
    if kind == "odds":
        shut = jnp.where(present, 0.0, ABSENT).astype(log_odds.dtype)
        background = jnp.zeros_like(log_odds[:1])
        return jnp.concatenate((background, log_odds + shut[:, None, None]))
    prob = jax.nn.sigmoid(log_odds) * present.astype(log_odds.dtype)[:, None, None]
    return aggregation.soft_aggregate(prob)


def mean_over_present(
    values: Float[Array, "*dims N"], present: Bool[Array, "*dims N"]
) -> Float[Array, "*dims"]:
    """Returns the mean over a clip's objects, leaving out those it does not have."""
    count = jnp.maximum(jnp.sum(present, axis=-1), 1).astype(values.dtype)
    return jnp.sum(jnp.where(present, values, 0.0), axis=-1) / count


def object_probability(logits: Float[Array, "B K H W"]) -> Float[Array, "B N H W"]:
    """Returns the objects' part of the softmax over background and objects."""
    return jax.nn.softmax(logits, axis=1)[:, 1:]


def due(index: int) -> bool:
    """Returns whether a frame of a clip is one of those remembered for long: all are.

    Memories have room for a whole clip, so that nothing is forgotten in training.
    """
    del index
    return True


def unroll(
    network: Network, variables: dict, batch: Batch
) -> Float[Array, "P B K H W"]:
    """Returns logits of background and objects for frames 1.., each from those before.

    The first frame is remembered with its true mask, the others as the mode says; all
    stay in memory. With the mode `two` there is one predicted frame.
    """
    length = 2 if network.unroll.mode == "two" else batch.frames.shape[1]
    steps = _Steps(network, variables, batch, length)
    memory = steps.first_memory()
    outputs: list[Array] = []
    # A clip is short: on CPU, XLA runs convolutions inside a scan several times slower.
    for index in range(1, length):
        before = object_probability(outputs[-1]) if outputs else steps.truth[0]
        logits, read = steps.predict(memory, index, before)
        outputs.append(logits)
        if index < length - 1:
            mask = steps.remembered_mask(index, logits)
            memory = steps.remember(memory, index, mask, read)
    return jnp.stack(outputs)


class _Steps:
    """The steps of one unrolling, over clips × objects flattened to one axis."""

    def __init__(
        self, network: Network, variables: dict, batch: Batch, length: int
    ) -> None:
        self.network, self.variables = network, variables
        capacity = max(length, MIN_CAPACITY)
        self.memory = registry.build(
            dataclasses.replace(network.memory, capacity=capacity)
        )
        self.reader = make_reader(
            network.module.similarity, network.memory, variables.get("memory")
        )
        frames = jnp.swapaxes(batch.frames[:, :length], 0, 1)
        self.images = frames.astype(jnp.float32) / 255.0
        self.centers = self._repeat(jnp.swapaxes(batch.centers, 0, 1), axis=1)
        self.truth, self.present = true_masks(batch.masks, network.num_objects)
        self.keys = self._keys(batch.seeds)
        flat = self.images.reshape(-1, *self.images.shape[2:])
        features = self._apply(flat, method="encode_query")
        self.features = jax.tree.map(
            lambda x: x.reshape(*self.images.shape[:2], *x.shape[1:]), features
        )

    def _keys(self, seeds: Array | None) -> jax.Array | None:
        """Returns a random key for each object of each clip, None without seeds."""
        if seeds is None:
            return None
        numbers = jnp.arange(self.network.num_objects)

        def keys(seed: Array) -> jax.Array:
            return jax.vmap(lambda n: jax.random.fold_in(jax.random.key(seed), n))(
                numbers
            )

        return jax.vmap(keys)(seeds).reshape(-1)

    def _apply(self, *args: Array | tuple, method: str) -> Any:
        return self.network.module.apply(self.variables, *args, method=method)

    def _repeat(self, x: Array, axis: int = 0) -> Array:
        """Returns the clips' axis repeated for their objects."""
        count = self.network.num_objects
        return x if count == 1 else jnp.repeat(x, count, axis=axis)

    def _query(self, index: int) -> QueryFeatures:
        return jax.tree.map(lambda x: self._repeat(x[index]), self.features)

    def _entries(self, index: int, mask: Array) -> Entry:
        """Returns what the memories are told: every frame is found, certain and due."""
        flat = mask.reshape(-1, *mask.shape[2:])
        image = self._repeat(self.images[index])
        key, value = self._apply(
            image, self._query(index), flat, method="encode_memory"
        )

        def entry(key: Key, value: Value, prob: Array) -> Entry:
            facts = {"given": index == 0, "due": due(index)}
            return make_entry(key, value, prob, index, **facts)

        return jax.vmap(entry)(key, value, flat)

    def first_memory(self) -> Any:
        """Returns a memory of the first frame with its true mask."""
        first = self._entries(0, self.truth[0])
        return jax.vmap(lambda entry: self.memory.init(entry, self.reader))(first)

    def remember(self, memory: Any, index: int, mask: Array, read: Read) -> Any:
        """Returns the memory with one more frame."""

        def write(state: Any, entry: Entry, read: Read) -> Any:
            return self.memory.write(state, entry, read, self.reader)[0]

        return jax.vmap(write)(memory, self._entries(index, mask), read)

    def _shown(self, index: int, before: Array) -> tuple[Array, ...]:
        """Returns what the decoder is shown of the frame before, if anything."""
        if not network_lib.sees_previous(self.network.module):
            return ()
        kinds = (before, self.truth[index - 1], self.truth[index])
        masks = [x.reshape(-1, *x.shape[2:]) for x in kinds]
        side = masks[0].shape[-1] // network_lib.PREVIOUS_STRIDE
        shrink = jax.vmap(functools.partial(cell_shares, rows=side))
        predicted, truth, now = map(shrink, masks)
        given = previous_lib.Before(predicted, truth, now, jnp.zeros_like(now))
        show = functools.partial(previous_lib.shown, self.network.unroll.previous)
        if self.keys is None:
            return (jax.vmap(functools.partial(show, None))(given),)
        keys = jax.vmap(functools.partial(jax.random.fold_in, data=index))(self.keys)
        return (jax.vmap(show)(keys, given),)

    def predict(self, memory: Any, index: int, before: Array) -> tuple[Array, Read]:
        """Returns the logits (B, N + 1, H, W) of one frame, and what was read.

        `before` (B, N, H, W) is what was predicted of the frame before.
        """

        def look(state: Any, key: Key) -> Read:
            return self.memory.read(state, key, self.reader)

        query = self._query(index)
        read = jax.vmap(look)(memory, query.key)
        log_odds = self._apply(
            read.readout,
            query,
            self.centers[index],
            *self._shown(index, before),
            method="decode",
        )
        log_odds = log_odds.reshape(*self.present.shape, *log_odds.shape[1:])
        kind = self.network.unroll.aggregation
        join = functools.partial(join_objects, kind=kind)
        return jax.vmap(join)(log_odds, self.present), read

    def remembered_mask(self, index: int, logits: Array) -> Array:
        """Returns the masks (B, N, H, W) that a predicted frame is remembered with."""
        mode, truth = self.network.unroll.mode, self.truth[index]
        if mode == "mask":
            return truth
        prob = object_probability(logits)
        if mode == "recurrent":
            return prob
        loss = jax.vmap(losses.soft_iou_loss)(prob, truth)
        good = mean_over_present(1.0 - loss, self.present)
        good = good > self.network.unroll.iou_threshold
        return jnp.where(good[:, None, None, None], prob, truth)
