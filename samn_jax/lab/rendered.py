"""Rendered videos of the lab: scenes of the built-in set, and long scripts."""

import dataclasses
import functools

import numpy as np
from jaxtyping import UInt8

from samn_jax.data.readers import synthetic
from samn_jax.lab.script import Script
from samn_jax.lab.suite import Suite
from samn_jax.lab.video import Video


def videos_of(suite: Suite) -> tuple[Video, ...]:
    """Returns a suite's rendered videos, for each of its seeds."""
    short = [_scene(scene, seed) for seed in suite.seeds for scene in suite.scenes]
    long = [_long(script, seed) for seed in suite.seeds for script in suite.scripts]
    return (*short, *long)


def _scene(scene: str, seed: int) -> Video:
    name = f"{scene}.seed{seed}"
    return Video(
        name=name,
        frame_names=_names(synthetic.NUM_FRAMES),
        read_frame=functools.partial(synthetic.render_frame, scene, seed),
        read_mask=functools.partial(synthetic.render_mask, scene, seed),
        cluster=name,
        scenario=scene,
        seed=seed,
    )


def _long(script: Script, seed: int) -> Video:
    name = f"{script.name}.seed{seed}"
    shown = Shown(script, seed)
    return Video(
        name=name,
        frame_names=_names(script.num_frames),
        read_frame=shown.frame,
        read_mask=shown.target,
        cluster=name,
        scenario=script.name,
        seed=seed,
        events=script.events(seed),
        read_actors=shown.actors,
    )


@dataclasses.dataclass(frozen=True)
class Shown:
    """A script as pictures and masks.

    Attributes:
      script: what happens.
      seed: of its events, and of outlines, textures and noise.
    """

    script: Script
    seed: int

    def frame(self, index: int) -> UInt8[np.ndarray, "H W 3"]:
        """Returns the RGB image of one frame."""
        moment = self.script.moment(self.seed, index)
        return synthetic.paint_frame(moment, self.script.name, self.seed, index)

    def actors(self, index: int) -> UInt8[np.ndarray, "H W"]:
        """Returns the id of the actor that is seen at each pixel; 1 is the target."""
        moment = self.script.moment(self.seed, index)
        ids = self.script.ids(self.seed, index)
        return ids[synthetic.paint_actors(moment, self.seed)]

    def target(self, index: int) -> UInt8[np.ndarray, "H W"]:
        """Returns 1 where the target is seen."""
        return (self.actors(index) == 1).astype(np.uint8)


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"{index:05d}" for index in range(count))
