"""What happens in each synthetic video: who is where at every moment.

A scene is a function of time, from 0 at the first frame to 1 at the last, and gives the
actors from back to front. Exactly one of them is the target. Places are in units of the
frame's height, with the origin at the top-left corner, so x runs from 0 to 4/3.
"""

import math
from collections.abc import Callable
from typing import NamedTuple


class Actor(NamedTuple):
    """One thing in the picture at one moment."""

    look: int  # which outline and texture: equal numbers look the same
    x: float
    y: float
    radius: float = 0.16  # mean radius, or half the height of a box
    angle: float = 0.0  # radians, clockwise in the picture
    wobble: float = 0.0  # phase of the outline's change, radians
    box: float = 0.0  # width over height of a rectangle, 0 for a round outline
    target: bool = False


class Moment(NamedTuple):
    """The whole picture at one moment."""

    actors: tuple[Actor, ...]
    camera_xy: tuple[float, float] = (0.0, 0.0)  # how far the background has moved
    light: float = 1.0  # brightness


def _swing(t: float, cycles: float) -> float:
    return math.sin(2 * math.pi * cycles * t)


def _moving(t: float) -> Moment:
    x, y = 0.3 + 0.72 * t, 0.5 + 0.2 * _swing(t, 1.0)
    return Moment((Actor(0, x, y, angle=0.3 * _swing(t, 0.7), target=True),))


def _turning(t: float) -> Moment:
    x, y = 0.66 + 0.25 * _swing(t, 0.5), 0.52 + 0.1 * _swing(t, 1.2)
    target = Actor(1, x, y, 0.2, angle=2.5 * math.pi * t, target=True)
    return Moment((target,), camera_xy=(0.2 * t, 0.0))


def _approaching(t: float) -> Moment:
    radius = 0.1 * 3.2 ** (0.5 - 0.5 * math.cos(2 * math.pi * t))
    target = Actor(2, 0.45 + 0.4 * t, 0.45 + 0.1 * t, radius, 0.5 * t, target=True)
    return Moment((target,), camera_xy=(-0.15 * t, 0.1 * t))


def _look_alikes(t: float) -> Moment:
    target = Actor(3, 0.3 + 0.7 * t, 0.5 + 0.12 * _swing(t, 0.8), 0.13, t, target=True)
    behind = Actor(3, 1.1 - 0.75 * t, 0.3 + 0.05 * _swing(t, 1.0), 0.13, -t)
    before = Actor(3, 0.5 + 0.25 * t, 0.95 - 0.4 * t, 0.13, 2.0 + t)
    return Moment((behind, target, before))


def _hidden(t: float) -> Moment:
    post = Actor(12, 0.7, 0.5, 0.6, 0.06, box=0.3)
    rail = Actor(13, 0.66, 0.86, 0.06, box=14.0)
    target = Actor(4, 0.18 + 1.0 * t, 0.55, 0.14, 4.0 * t, target=True)
    return Moment((target, post, rail))


def _leaving(t: float) -> Moment:
    # Out on the right for about a seventh of the video, back at another height.
    x, y = 0.75 + 0.85 * math.sin(math.pi * min(1.0, 1.15 * t)), 0.35 + 0.3 * t
    other = Actor(6, 0.25 + 0.15 * t, 0.75, 0.12, -2.0 * t)
    return Moment((other, Actor(5, x, y, 0.15, 0.8 * t, target=True)))


def _changing(t: float) -> Moment:
    x, y = 0.62 + 0.2 * _swing(t, 0.9), 0.5 + 0.08 * _swing(t, 1.7)
    target = Actor(7, x, y, 0.2, 0.4 * t, wobble=5.0 * t, target=True)
    return Moment((target,), (0.1 * t, -0.05 * t), light=1 - 0.45 * math.sin(3 * t))


def _small_and_fast(t: float) -> Moment:
    x, y = 0.66 + 0.48 * _swing(t, 1.3), 0.5 + 0.3 * _swing(t, 0.9)
    pan = 0.25 * _swing(t, 0.5)
    tree = Actor(9, 0.4 - pan, 0.3, 0.12)
    crate = Actor(10, 1.0 - pan, 0.75, 0.14, box=1.2)
    target = Actor(8, x, y, 0.08, 3.0 * t, target=True)
    return Moment((tree, crate, target), camera_xy=(pan, 0.0))


SCENES: dict[str, Callable[[float], Moment]] = {
    "moving": _moving,
    "turning": _turning,
    "approaching": _approaching,
    "look_alikes": _look_alikes,
    "hidden": _hidden,
    "leaving": _leaving,
    "changing": _changing,
    "small_and_fast": _small_and_fast,
}
