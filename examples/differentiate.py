"""Gradients through the tracker, many settings at once, and videos over devices.

python examples/differentiate.py

A step of the tracker is a pure function, so JAX's transformations apply to it as to any
other. docs/DIFFERENTIATE.md says what has a gradient, and what cuts it off.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from samn_jax import Tracker
from samn_jax.data.readers import synthetic
from samn_jax.tracking import init_tracker, track_step, track_video


def loss(spec, variables, mask, frames, truth):
    """Returns the mean squared error of all masks after the first, which is given.

    Args:
      spec: network, settings and memory design.
      variables: weights of the network.
      mask: of the first frame, float32 (H, W).
      frames: uint8 (F, H, W, 3), padded to multiples of 64 pixels.
      truth: masks of frames 1 to F - 1, (F - 1, H, W).
    """
    extent = jnp.array(frames.shape[1:3], jnp.int32)
    state, _ = init_tracker(spec, variables, frames[0], extent, mask, from_mask=True)
    _, answers = track_video(spec, variables, state, frames[1:])
    return jnp.mean((answers.mask - truth) ** 2)


def with_setting(spec, **fields):
    """Returns the spec with other settings of its memory design, traced ones too.

    Inside of `jit` only: a spec with traced settings can't be hashed.
    """
    memory = dataclasses.replace(spec.memory, **fields)
    return dataclasses.replace(spec, memory=memory)


def gradient_of_marks(spec, variables, mask, frames, truth):
    """Returns dloss/dmask (H, W): which marks of a first frame help or harm."""
    of_mask = functools.partial(loss, spec, variables)
    return jax.jit(jax.grad(of_mask))(mask, frames, truth)


def losses_of_settings(spec, variables, name, values, clip):
    """Returns loss and derivative (V,) at each value of a design's setting.

    `clip` is what `loss` takes after the weights: mask, frames, truth.
    """

    def of_value(value):
        return loss(with_setting(spec, **{name: value}), variables, *clip)

    return jax.jit(jax.vmap(jax.value_and_grad(of_value)))(jnp.asarray(values))


def step_on_all_devices(spec, variables, states, frames):
    """Returns states and answers of one frame of each video, a video per device.

    Args:
      spec: network, settings and memory design.
      variables: weights of the network.
      states: of the videos, stacked along a first axis.
      frames: uint8 (videos, H, W, 3).
    """
    automatic = (jax.sharding.AxisType.Auto,)
    mesh = jax.make_mesh((frames.shape[0],), ("videos",), axis_types=automatic)
    videos, same = PartitionSpec("videos"), PartitionSpec()

    @functools.partial(
        jax.shard_map, mesh=mesh, in_specs=(same, videos, videos), out_specs=videos
    )
    def local(variables, states, frames):
        state, frame = jax.tree.map(lambda x: x[0], (states, frames))
        answer = track_step(spec, variables, state, frame)
        return jax.tree.map(lambda x: x[None], answer)

    return jax.jit(local)(variables, states, frames)


def main():
    """Prints what the shipped network's gradients say of a rendered clip."""
    tracker = Tracker.from_checkpoint("lite", use_spatial=False, crop_size=192)
    frames = [synthetic.render_frame("moving", 0, index) for index in range(4)]
    frames = np.pad(np.stack(frames), ((0, 0), (0, 16), (0, 0), (0, 0)))
    masks = [synthetic.render_mask("moving", 0, index) for index in range(4)]
    masks = np.pad(np.stack(masks), ((0, 0), (0, 16), (0, 0))).astype(np.float32)
    clip = tuple(map(jnp.asarray, (masks[0], frames, masks[1:])))
    slope = np.asarray(gradient_of_marks(tracker.spec, tracker.variables, *clip))
    print(f"marks that would help: {np.count_nonzero(slope < -1e-6)} pixels")
    mean = Tracker.from_checkpoint(
        "lite", use_spatial=False, crop_size=192, **{"memory.design": "mean"}
    )
    rates = jnp.array([0.1, 0.5, 0.9])
    values, slopes = losses_of_settings(mean.spec, mean.variables, "rate", rates, clip)
    for rate, value, slope in zip(rates, values, slopes, strict=True):
        print(f"rate {rate:.1f}: loss {value:.5f}, its derivative {slope:+.5f}")


if __name__ == "__main__":
    main()
