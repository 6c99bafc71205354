"""The network run over a training clip, frame after frame (paper, 3.4)."""

import dataclasses
import functools
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax import losses, settings
from samn_jax.memory import registry
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.entry import Entry, Key, Read, Value, cell_shares, make_entry
from samn_jax.memory.reader import make_reader
from samn_jax.models import network as network_lib
from samn_jax.models.network import QueryFeatures
from samn_jax.training import objects as objects_lib
from samn_jax.training import policy as policy_lib
from samn_jax.training import previous as previous_lib
from samn_jax.training import spoil as spoil_lib
from samn_jax.training.objects import Batch
from samn_jax.training.policy import PolicyConfig
from samn_jax.training.previous import PreviousConfig
from samn_jax.training.spoil import SpoilConfig
from samn_jax.training.truth import Truth, flatten

MODES = ("recurrent", "mask", "threshold", "two")
_SPOIL = 1  # what a frame's random keys are for, beside what it is shown


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
      policy: which frames the memories keep; all of them by default.
      gradient_frames: frames after which gradients are cut, so that none flows through
        what was remembered longer ago: a clip is divided into stretches of so many
        predicted frames, each of which takes the memory as it finds it; 0 cuts nothing.
      spoil: what is wrong with the masks that predicted frames are remembered with;
        never with the first frame's, so that it keeps its say.
      previous: what is shown of the frame before to networks that are shown it.
    """

    mode: str = "recurrent"
    iou_threshold: float = 0.5
    aggregation: str = "odds"
    policy: PolicyConfig = PolicyConfig()
    gradient_frames: int = 0
    spoil: SpoilConfig = SpoilConfig()
    previous: PreviousConfig = PreviousConfig()

    def __post_init__(self) -> None:
        """Checks the fields.

        Raises:
          InputError: a name is unknown, or a number is out of its range.
        """
        settings.check_choice(self, "mode", MODES)
        settings.check_choice(self, "aggregation", objects_lib.AGGREGATIONS)
        settings.check_shares(self, "iou_threshold")
        settings.check_at_least(self, 0, "gradient_frames")


class Network(NamedTuple):
    """What is run over a clip, and how; nothing in it is traced."""

    module: nn.Module
    memory: MemoryConfig
    unroll: UnrollConfig = UnrollConfig()
    num_objects: int = 1  # N, of every clip; a clip may have fewer


def unroll(
    network: Network, variables: dict, batch: Batch
) -> Float[Array, "P B K H W"]:
    """Returns logits of background and objects for frames 1.., each from those before.

    The first frame is remembered with its true mask, the others as the settings say.
    With the mode `two` there is one predicted frame.
    """
    length = 2 if network.unroll.mode == "two" else batch.frames.shape[1]
    stretch = network.unroll.gradient_frames or length
    steps = _Steps(network, variables, batch, length)
    memory = steps.first_memory()
    outputs: list[Array] = []
    # A clip is short: on CPU, XLA runs convolutions inside a scan several times slower.
    for index in range(1, length):
        if index > 1 and (index - 1) % stretch == 0:
            memory = jax.lax.stop_gradient(memory)
        before = steps.truth.masks[0]
        if outputs:
            before = objects_lib.object_probability(outputs[-1])
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
        policy = network.unroll.policy
        self.memory = registry.build(
            policy_lib.memory_config(policy, network.memory, length)
        )
        self.reader = make_reader(
            network.module.similarity, network.memory, variables.get("memory")
        )
        frames = jnp.swapaxes(batch.frames[:, :length], 0, 1)
        self.images = frames.astype(jnp.float32) / 255.0
        self.centers = self._repeat(jnp.swapaxes(batch.centers, 0, 1), axis=1)
        self.truth = Truth(batch, network.num_objects)
        flat = self.images.reshape(-1, *self.images.shape[2:])
        features = self._apply(flat, method="encode_query")
        self.features = jax.tree.map(
            lambda x: x.reshape(*self.images.shape[:2], *x.shape[1:]), features
        )

    def _apply(self, *args: Array | tuple, method: str) -> Any:
        return self.network.module.apply(self.variables, *args, method=method)

    def _repeat(self, x: Array, axis: int = 0) -> Array:
        """Returns the clips' axis repeated for their objects."""
        count = self.network.num_objects
        return x if count == 1 else jnp.repeat(x, count, axis=axis)

    def _query(self, index: int) -> QueryFeatures:
        return jax.tree.map(lambda x: self._repeat(x[index]), self.features)

    def _entries(self, index: int, mask: Array) -> Entry:
        """Returns what the memories are told of a frame with masks (B, N, H, W)."""
        flat, others = flatten(mask), flatten(objects_lib.others_of(mask))
        if index == 0:  # Objects are given one by one, as in tracking.
            others = jnp.zeros_like(others)
        image = self._repeat(self.images[index])
        key, value = self._apply(
            image, self._query(index), flat, method="encode_memory"
        )
        rows = key.attention.shape[1]
        others = jax.vmap(functools.partial(cell_shares, rows=rows))(others)
        policy = self.network.unroll.policy
        if not policy.as_tracked:

            def entry(key: Key, value: Value, prob: Array, others: Array) -> Entry:
                facts = {"given": index == 0, "others": others}
                return make_entry(key, value, prob, index, **facts)

            return jax.vmap(entry)(key, value, flat, others)
        tell = functools.partial(policy_lib.facts, policy, self.network.memory)

        def entry_of(
            key: Key, value: Value, prob: Array, others: Array, frame: Any
        ) -> Entry:
            facts = {**tell(frame, prob), "others": others}
            return make_entry(key, value, prob, **facts)

        frames = self.truth.circumstances(index)
        return jax.vmap(entry_of)(key, value, flat, others, frames)

    def first_memory(self) -> Any:
        """Returns a memory of the first frame with its true mask."""
        first = self._entries(0, self.truth.masks[0])
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
        kinds = (before, self.truth.masks[index - 1], self.truth.masks[index])
        masks = [*map(flatten, kinds), self.truth.others(index - 1)]
        side = masks[0].shape[-1] // network_lib.PREVIOUS_STRIDE
        shrink = jax.vmap(functools.partial(cell_shares, rows=side))
        given = previous_lib.Before(*map(shrink, masks))
        show = functools.partial(previous_lib.shown, self.network.unroll.previous)
        if (keys := self.truth.keys_of(index)) is None:
            return (jax.vmap(functools.partial(show, None))(given),)
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
        log_odds = log_odds.reshape(*self.truth.present.shape, *log_odds.shape[1:])
        kind = self.network.unroll.aggregation
        join = functools.partial(objects_lib.join_objects, kind=kind)
        return jax.vmap(join)(log_odds, self.truth.present), read

    def remembered_mask(self, index: int, logits: Array) -> Array:
        """Returns the masks (B, N, H, W) that a predicted frame is remembered with."""
        mask, spoil = self._good_mask(index, logits), self.network.unroll.spoil
        keys = self.truth.keys_of(index, _SPOIL)
        if keys is None or not spoil.total:
            return mask
        flat = flatten(mask)
        wrong, is_wrong = jax.vmap(functools.partial(spoil_lib.spoil, spoil))(
            keys, jax.lax.stop_gradient(flat), self.truth.others(index)
        )
        flat = jnp.where(is_wrong[:, None, None], wrong, flat)
        return flat.reshape(mask.shape)

    def _good_mask(self, index: int, logits: Array) -> Array:
        """Returns the masks as the mode says, before they are spoiled."""
        mode, truth = self.network.unroll.mode, self.truth.masks[index]
        if mode == "mask":
            return truth
        prob = objects_lib.object_probability(logits)
        if mode == "recurrent":
            return prob
        loss = jax.vmap(losses.soft_iou_loss)(prob, truth)
        good = objects_lib.mean_over_present(1.0 - loss, self.truth.present)
        good = good > self.network.unroll.iou_threshold
        return jnp.where(good[:, None, None, None], prob, truth)
