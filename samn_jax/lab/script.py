"""Scripts of long rendered videos: events that befall a target at seeded times.

A target wanders about; now and then it is hidden, leaves, meets a look-alike, or
changes its look, size or light. Between two events it is left alone, so that what a
tracker does after one can be told from the next.
"""

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from samn_jax import files, settings
from samn_jax.data.readers.scenes import Actor, Moment
from samn_jax.errors import InputError
from samn_jax.lab.video import TARGET, Event

# Kind of event → frames that it takes.
KINDS = {
    "hidden_10": 10,
    "hidden_50": 50,
    "hidden_200": 200,
    "away": 60,
    "look_alike": 60,
    "slow_change": 120,
    "sudden_change": 1,
    "scale": 120,
    "light": 60,
}
MOST_FRAMES = 100_000  # of a video that is made

_RATE = 25.0  # frames a second, at which the wandering is that of the built-in clips
_RAMP = 8  # frames in which the target leaves or the light changes; covers are sudden
_CALM = 30  # frames before the first event, and at least between two
_LOOK, _POST, _OTHER = 3, 12, 6
_RADIUS = 0.13
_ASIDE = 2.2  # out of the picture, in units of its height


class Pose(NamedTuple):
    """The target at one moment, in the units of `scenes.Actor`."""

    x: float
    y: float
    radius: float
    angle: float
    wobble: float
    light: float


@dataclasses.dataclass(frozen=True)
class Script:
    """What happens in one long video.

    Attributes:
      name: of the scenario, in tables.
      kinds: of its events, each of `KINDS`; () is without events: pure drift.
      num_frames: length.
      rate: frames a second; the target moves as fast in seconds at any rate.
    """

    name: str
    kinds: tuple[str, ...] = ()
    num_frames: int = 600
    rate: float = _RATE

    def __post_init__(self) -> None:
        """Checks that the events are known and fit in.

        Raises:
          InputError: they are not, or do not.
        """
        settings.check_types(self, "a scenario's ")
        files.check_name(self.name, "scenario")
        for kind in self.kinds:
            if kind not in KINDS:
                raise InputError(
                    f"scenario {self.name} has an event {files.shown(kind)}: choose "
                    f"from {', '.join(KINDS)}"
                )
        settings.check_positive(self, "rate", place=f"scenario {self.name}: ")
        needed = sum(KINDS[kind] + _CALM for kind in self.kinds) + 2 * _CALM
        if not needed <= self.num_frames <= MOST_FRAMES:
            raise InputError(
                f"scenario {self.name} has {self.num_frames} frames: its events need "
                f"{needed}, and {MOST_FRAMES} are the most"
            )

    def events(self, seed: int) -> tuple[Event, ...]:
        """Returns the events in order; their order and times are drawn by the seed."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        kinds = [self.kinds[i] for i in rng.permutation(len(self.kinds))]
        spare = self.num_frames - 2 * _CALM
        spare -= sum(KINDS[kind] + _CALM for kind in kinds)
        gaps = np.floor(rng.dirichlet(np.ones(len(kinds) + 1)) * spare).astype(int)
        events, now = [], _CALM
        for kind, gap in zip(kinds, gaps.tolist(), strict=False):
            now += gap
            events.append(Event(kind, now, now + KINDS[kind]))
            now += KINDS[kind] + _CALM
        return tuple(events)

    def moment(self, seed: int, index: int) -> Moment:
        """Returns what is seen in a frame; the target is the first actor."""
        events = self.events(seed)
        pose = _wander(seed, index / self.rate)
        behind: list[Actor] = [Actor(_OTHER, 0.2 + 0.001 * index % 0.9, 0.85, 0.1)]
        before: list[Actor] = []
        for event in events:
            pose = _befall(event, index, pose)
            before += _beside(event, index, pose)
        target = Actor(
            _LOOK, pose.x, pose.y, pose.radius, pose.angle, pose.wobble, target=True
        )
        pan = 0.15 * math.sin(0.13 * index / self.rate)
        return Moment((*behind, target, *before), (pan, 0.0), pose.light)

    def ids(self, seed: int, index: int) -> np.ndarray:
        """Returns which id in masks each actor of a frame has: the target's is 1."""
        actors = self.moment(seed, index).actors
        others = iter(range(TARGET + 1, len(actors) + TARGET + 1))
        numbers = [TARGET if actor.target else next(others) for actor in actors]
        return np.array([0, *numbers], np.uint8)


def _wander(seed: int, seconds: float) -> Pose:
    rng = np.random.default_rng([seed, 17])
    phases = rng.uniform(0, 2 * math.pi, 4).tolist()
    speeds = rng.uniform(0.7, 1.3, 4).tolist()

    def swing(which: int, cycles: float) -> float:
        angle = 2 * math.pi * cycles * speeds[which] * seconds
        return math.sin(angle + phases[which])

    x, y = 0.667 + 0.38 * swing(0, 0.16), 0.5 + 0.24 * swing(1, 0.11)
    angle = 0.9 * swing(2, 0.07) + 0.15 * seconds
    return Pose(x, y, _RADIUS, angle, 0.4 * swing(3, 0.05), 1.0)


def _befall(event: Event, index: int, pose: Pose) -> Pose:
    """Returns the target as an event has it at a frame; some leave it changed."""
    kind, start, end = event
    done = min(max((index - start) / (end - start), 0.0), 1.0)
    amount = _presence(event, index)
    if kind == "away":
        # Out on the right, back at another height, where it stays.
        shift = _ASIDE * amount * math.copysign(1, pose.x - 0.66)
        height = 1 - pose.y if index >= (start + end) / 2 else pose.y
        return pose._replace(x=pose.x + shift, y=height)
    if kind == "slow_change":
        return pose._replace(wobble=pose.wobble + 4.0 * done)
    if kind == "sudden_change":
        return pose._replace(
            wobble=pose.wobble + 2.5 * done, angle=pose.angle + 2.0 * done
        )
    if kind == "scale":
        # From half to twice its size, and back.
        factor = 2.0 ** (-math.sin(2 * math.pi * done))
        return pose._replace(radius=pose.radius * factor)
    if kind == "light":
        return pose._replace(light=pose.light * (1 - 0.55 * amount))
    return pose


def _beside(event: Event, index: int, pose: Pose) -> list[Actor]:
    """Returns what an event puts before the target."""
    if not event.start <= index < event.end:
        return []
    if event.kind.startswith("hidden"):
        # A post as wide as the target is high; it covers all of it when it is there.
        return [Actor(_POST, pose.x, pose.y, 2.0 * pose.radius, box=1.0)]
    if event.kind == "look_alike":
        done = (index - event.start) / (event.end - event.start)
        x, y = pose.x + 1.8 * (done - 0.5), pose.y + 0.5 * (done - 0.5)
        return [Actor(_LOOK, x, y, pose.radius, pose.angle + 1.0, pose.wobble)]
    return []


def _presence(event: Event, index: int) -> float:
    """Returns how much of an event there is: 0 outside, 1 inside, a ramp between."""
    ramp = min(_RAMP, (event.end - event.start) / 2)
    inside = min(index - event.start + 1, event.end - index) / ramp
    return min(max(inside, 0.0), 1.0)
