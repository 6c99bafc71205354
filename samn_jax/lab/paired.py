"""Paired differences of designs: intervals, p-values, and what it would take.

Videos made from one clip are not independent, so a clip is the unit: differences are
averaged over its videos first, and clips are resampled (a cluster bootstrap, Efron and
Tibshirani 1993, chapter 8). The p-value flips the signs of clips at random, which is
exact for a difference that is as likely up as down (Fisher 1935). Several designs are
corrected by Holm (1979).
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

LEVEL = 0.95
POWER = 0.8
_RESAMPLES = 10_000
_EXACT = 14  # clips up to which all signs are tried
_ROUNDING = 1e-12  # sums of the same numbers in another order


class Difference(NamedTuple):
    """The mean difference to the base over clips, and how sure it is."""

    mean: float
    low: float  # of the 95 % interval
    high: float
    p: float
    clips: int
    pairs: int
    clips_needed: int | None  # for a power of .8; None if no difference was seen
    pairs_needed: int | None


def by_clip(
    values: Mapping[str, float], base: Mapping[str, float], clips: Mapping[str, str]
) -> tuple[Float[np.ndarray, " C"], int]:
    """Returns the mean difference of each clip, and the number of pairs.

    Args:
      values: video → measure.
      base: the same of what is compared with; only videos in both count.
      clips: video → its clip.
    """
    differences: dict[str, list[float]] = {}
    for name in values:
        if name in base:
            differences.setdefault(clips[name], []).append(values[name] - base[name])
    means = [float(np.mean(differences[clip])) for clip in sorted(differences)]
    return np.array(means), sum(map(len, differences.values()))


def difference(values: Float[np.ndarray, " C"], pairs: int) -> Difference | None:
    """Returns what the differences of clips say; None for fewer than two clips."""
    if len(values) < 2:
        return None
    low, high = bootstrap_interval(values)
    needed = clips_needed(values)
    return Difference(
        mean=float(np.mean(values)),
        low=low,
        high=high,
        p=sign_flip_p(values),
        clips=len(values),
        pairs=pairs,
        clips_needed=needed,
        pairs_needed=None
        if needed is None
        else math.ceil(needed * pairs / len(values)),
    )


def with_at_least(found: Difference, clips: int) -> Difference:
    """Returns the difference with no fewer clips needed than so many."""
    if found.clips_needed is None:
        return found
    needed = max(found.clips_needed, clips)
    return found._replace(
        clips_needed=needed, pairs_needed=math.ceil(needed * found.pairs / found.clips)
    )


def bootstrap_interval(
    values: Float[np.ndarray, " C"], *, seed: int = 0, resamples: int = _RESAMPLES
) -> tuple[float, float]:
    """Returns the 95 % percentile interval of the mean over clips."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(values), (resamples, len(values)))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values[drawn].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


def sign_flip_p(
    values: Float[np.ndarray, " C"], *, seed: int = 0, resamples: int = _RESAMPLES
) -> float:
    """Returns the two-sided p-value of a mean of zero, by flipping signs of clips.

    All 2^C flips for few clips, else random ones and the identity.
    """
    count = len(values)
    if count <= _EXACT:
        bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
        signs = 1 - 2 * bits
    else:
        signs = np.random.default_rng(seed).choice([-1, 1], (resamples, count))
        signs[0] = 1
    means = np.abs((signs * values).mean(axis=1))
    return float(np.mean(means >= abs(values.mean()) - _ROUNDING))


def clips_needed(values: Float[np.ndarray, " C"]) -> int | None:
    """Returns how many clips would show this mean at 5 % with a power of 80 %.

    ((z_.975 + z_.8) · s / mean)², at least 2; None if the mean is zero.
    """
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    if abs(mean) < _ROUNDING:
        return None
    normal = statistics.NormalDist()
    z = normal.inv_cdf((1 + LEVEL) / 2) + normal.inv_cdf(POWER)
    return max(2, math.ceil((z * spread / mean) ** 2))


def fewest_clips(num_designs: int, significance: float) -> int:
    """Returns with how many clips at least a difference can be significant.

    The least p of C clips is 2 / 2^C, where all differ in one direction; Holm's
    correction multiplies the least of all by the number of designs.
    """
    return math.floor(math.log2(2 * num_designs / significance)) + 1


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Returns the p-values corrected for their number (Holm 1979)."""
    adjusted, worst = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = worst
    return {name: adjusted[name] for name in p_values}


def chaos_floor(noise: Sequence[Float[np.ndarray, " C"]]) -> float | None:
    """Returns how far chance alone moves a mean difference, at 95 %.

    The base with noise that no eye sees is the same tracker: its true difference is
    zero, and the root of its mean square over clips, over the root of their number,
    the standard error of such a mean.

    Args:
      noise: differences of clips to the base, one array for each seed.
    """
    errors = [np.sum(x**2) / len(x) ** 2 for x in noise if len(x)]
    if not errors:
        return None
    z = statistics.NormalDist().inv_cdf((1 + LEVEL) / 2)
    return float(z * math.sqrt(np.mean(errors)))
