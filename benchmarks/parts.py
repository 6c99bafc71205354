"""Where the time of a frame goes: each part of the tracker's step, timed by itself.

python benchmarks/parts.py                          # lite, the shipped weights
python benchmarks/parts.py --set one_search_region=True
python benchmarks/parts.py --network resnet50       # weights drawn at random

All parts are run in turn, many times, and the medians are printed: what else the
machine does hits all alike. Inside the whole step XLA runs some of them at once, so it
takes less than their sum.
"""

import argparse
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tracking as rendered

from samn_jax import overrides, tracking
from samn_jax.dcf import filter_fit
from samn_jax.models import aggregation, model_file, winograd
from samn_jax.tracking import localization, measure, padding, segmentation
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.config import default_config
from samn_jax.tracking.state import bucket


def make_tracker(network: str, settings: dict[str, Any]) -> tracking.Tracker:
    """Returns the shipped tracker, or one of random weights for another network."""
    if network == "lite":
        return tracking.Tracker.from_checkpoint("lite", **settings)
    config = rendered.CONFIGS[network]()
    module = model_file.build_network(config)
    variables = model_file.init_variables(config, jax.random.key(0))
    spec = tracking.TrackerSpec.of(module, default_config(config, **settings))
    return tracking.Tracker(spec, winograd.with_fast_kernels(module, variables))


class Parts:
    """The parts of one step, jitted, each with the arguments that it is timed on."""

    def __init__(self, tracker: tracking.Tracker) -> None:
        """Runs a tracker up to its third frame, and that frame part by part."""
        self.spec, self.variables = tracker.spec, tracker.variables
        self.calls: dict[str, tuple[Callable[..., Any], tuple]] = {}
        first, mask = rendered.render(0)
        state, _ = tracker.init(first, mask=mask)
        state, _ = tracker.step(state, rendered.render(1)[0])
        frame = jnp.asarray(padding.pad(rendered.render(2)[0]))
        region, localized = self.look(state, frame)
        self.conclude(state, region)
        if state.spatial is not None:
            self.learn(state, localized)
        self.with_weights("whole step", tracker_lib.track_step, state, frame)

    def run(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Returns the result of a part, which is noted."""
        jitted = jax.jit(function)
        self.calls[name] = jitted, args
        return jitted(*args)

    def with_weights(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        """Returns `run` of a function that takes spec and variables first."""
        bound = functools.partial(function, self.spec)
        return self.run(name, bound, self.variables, *args)

    def look(self, state: Any, frame: jax.Array) -> tuple[Any, Any]:
        """Runs what encodes the surroundings of the target and finds it there."""
        around = (frame, state.extent_hw)
        known = (state.spatial, state.target)
        name, search = "the network's search region", segmentation.search_region
        region = self.with_weights(
            name, search, *around, state.target, state.lost_frames
        )
        if state.spatial is None:
            return region, None
        if not self.spec.config.one_search_region:
            name, localize = "the filter's search region", localization.localize
            return region, self.with_weights(name, localize, *around, known)
        find = functools.partial(localization.localize_in, self.spec)
        inside = (region.query.pyramid[0], region.crop, state.extent_hw)
        return region, self.run("the filter in it", find, *inside, known)

    def conclude(self, state: Any, region: Any) -> None:
        """Runs what segments the crop, measures the mask and encodes it."""
        config = self.spec.config

        def read(spec: Any, variables: dict, memory: Any, query: Any) -> Any:
            key = jax.tree.map(lambda x: x[0], query.key)
            return spec.memory.read(memory, key, spec.reader(variables))

        def answer(prob: jax.Array, crop: Any, size: tuple[int, int]) -> Any:
            measured = measure.measure(config, prob, crop, jnp.float32(0.5))
            return measure.report(config, prob, measured, crop, size)

        self.with_weights("memory read", read, state.memory, region.query)
        name = "memory read and decoder"
        segment = segmentation.segment
        prob, _ = self.with_weights(name, segment, region, state.memory)
        prob = aggregation.join_one(prob, kind=config.aggregation)
        sized = functools.partial(answer, size=bucket(*rendered.SIZE))
        self.run("answer", sized, prob, region.crop)
        self.with_weights("memory encoding", segmentation.encode, region, prob)

    def learn(self, state: Any, localized: Any) -> None:
        """Runs what the filter does after a frame."""
        settings = self.spec.config.spatial

        def take_in(memory: Any, localized: Any, center_xy: jax.Array) -> Any:
            yes = jnp.bool_(True)
            return localization.learn(self.spec, memory, localized, center_xy, yes)

        given = (state.spatial, localized, state.target.center_xy)
        self.run("the filter takes in a sample", take_in, *given)
        refine = functools.partial(filter_fit.refine_filter, settings)
        name = f"filter refined, every {settings.train_every_frames} frames"
        self.run(name, refine, state.spatial.samples, state.spatial.filter)


def main() -> None:
    """Prints the parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=list(rendered.CONFIGS), default="lite")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()
    calls = Parts(make_tracker(args.network, {**overrides.split(args.set)})).calls
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(args.repeats):
        for name, (function, arguments) in calls.items():
            start = time.perf_counter()
            jax.block_until_ready(function(*arguments))
            seconds[name].append(time.perf_counter() - start)
    for name, spent in seconds.items():
        median, least = 1000 * np.median(spent), 1000 * min(spent)
        print(f"{name:36s} {median:8.2f} ms  least {least:8.2f}")


if __name__ == "__main__":
    main()
