"""The tracker's `init` and `step` as programs: StableHLO for one platform or several.

A program takes and gives dictionaries of arrays alone, so that whoever runs it needs
none of the classes of this package.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import export as jax_export
from jaxtyping import Array, Float, UInt8

from samn_jax.export import PLATFORMS
from samn_jax.models import winograd
from samn_jax.tracking import (
    Prediction,
    Tracker,
    TrackerSpec,
    TrackerState,
    state_checks,
)
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.state import bucket

# Arrays by name: weights, a state or an answer.
Named = dict[str, Array]


class Programs(NamedTuple):
    """What is exported of a tracker, for frames of one size."""

    init: jax_export.Exported  # weights, frame, mask → state, answer
    init_box: jax_export.Exported  # the same, the mask being a filled box
    step: jax_export.Exported  # weights, state, frame → state, answer
    weights: dict[str, np.ndarray]


def export(
    tracker: Tracker, size: tuple[int, int], platforms: Sequence[str] = PLATFORMS
) -> Programs:
    """Returns the programs that track one object through frames of a size.

    They give what `Tracker.init` and `Tracker.step` give. Each holds what every one of
    the platforms needs; what differs between them is chosen when it is compiled.

    Args:
      tracker: network, settings, memory design and weights.
      size: height and width of the frames.
      platforms: of `PLATFORMS`.
    """
    # For all platforms, whatever this machine is: see `winograd.Conv3x3`.
    variables = winograd.with_fast_kernels(tracker.spec.network, tracker.variables)
    plain = _plain(tracker.spec, variables, size)
    frame = jax.ShapeDtypeStruct((*size, 3), np.uint8)
    mask = jax.ShapeDtypeStruct(size, np.float32)

    def exported(function: Callable[..., Any], *rest: Any) -> jax_export.Exported:
        jitted = jax.jit(functools.partial(function, plain))
        return jax_export.export(jitted, platforms=platforms)(
            plain.weights.shapes, *rest
        )

    return Programs(
        exported(_init, frame, mask),
        exported(_init_box, frame, mask),
        exported(_step, plain.state.shapes, frame),
        {name: np.asarray(x) for name, x in plain.weights.name(variables).items()},
    )


class _Form(NamedTuple):
    """How a pytree is built of named arrays."""

    tree: jax.tree_util.PyTreeDef
    names: tuple[str, ...]  # of the leaves, as `memory.bank.key`
    shapes: dict[str, jax.ShapeDtypeStruct]

    @classmethod
    def of(cls, tree: Any) -> "_Form":
        """Returns the form of a pytree of arrays, or of their shapes and types."""
        paths, structure = jax.tree_util.tree_flatten_with_path(tree)
        shapes = {
            jax.tree_util.keystr(path, simple=True, separator="."): (
                jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)
            )
            for path, leaf in paths
        }
        return cls(structure, tuple(shapes), shapes)

    def name(self, tree: Any) -> Named:
        """Returns the arrays of a pytree of this form by name."""
        return dict(zip(self.names, self.tree.flatten_up_to(tree), strict=True))

    def build(self, named: Named) -> Any:
        """Returns the pytree of named arrays."""
        return self.tree.unflatten(named[name] for name in self.names)


class _Plain(NamedTuple):
    """What the programs are made of."""

    spec: TrackerSpec
    size: tuple[int, int]  # of the frames, height and width
    weights: _Form
    state: _Form

    def pad(self, image: Array) -> Array:
        """Returns a frame or mask padded to its bucket."""
        sides = zip(bucket(*self.size), self.size, strict=True)
        pads = [(0, padded - side) for padded, side in sides]
        return jnp.pad(image, [*pads, *[(0, 0)] * (image.ndim - 2)])

    def tell(self, state: TrackerState, answer: Prediction) -> tuple[Named, Named]:
        """Returns state and answer as named arrays, the mask cut to the frame."""
        height, width = self.size
        answer = answer._replace(mask=answer.mask[:height, :width])
        return self.state.name(state), answer._asdict()


def _plain(
    spec: TrackerSpec, variables: dict[str, Any], size: tuple[int, int]
) -> _Plain:
    state = state_checks.expected(spec, variables, size)
    return _Plain(spec, size, _Form.of(variables), _Form.of(state))


def _init(
    plain: _Plain,
    weights: Named,
    frame: UInt8[Array, "H W 3"],
    mask: Float[Array, "H W"],
    *,
    from_mask: bool = True,
) -> tuple[Named, Named]:
    """Returns state and answer after the first frame, as named arrays."""
    # As an argument is: no constant, with which XLA would compute otherwise.
    extent_hw = jax.lax.optimization_barrier(jnp.array(plain.size, jnp.int32))
    inside = plain.pad((mask > 0.5).astype(jnp.float32))
    state, answer = tracker_lib.init_tracker(
        plain.spec,
        plain.weights.build(weights),
        plain.pad(frame),
        extent_hw,
        inside,
        from_mask=from_mask,
    )
    return plain.tell(state, answer)


_init_box = functools.partial(_init, from_mask=False)


def _step(
    plain: _Plain, weights: Named, state: Named, frame: UInt8[Array, "H W 3"]
) -> tuple[Named, Named]:
    """Returns state and answer after one more frame, as named arrays."""
    told = tracker_lib.track_step(
        plain.spec,
        plain.weights.build(weights),
        plain.state.build(state),
        plain.pad(frame),
    )
    return plain.tell(*told)
