"""The form in which all benchmarks give their scores."""

from typing import NamedTuple


class Scores(NamedTuple):
    """Measures of the whole set, and of each video by its name."""

    metrics: dict[str, float]
    sequences: dict[str, dict[str, float]]


def no_scores(names: list[str]) -> Scores:
    """Returns the scores of videos of which nothing can be measured."""
    return Scores({}, {name: {} for name in names})
