"""The form in which all benchmarks give their scores."""

from typing import NamedTuple


class BenchmarkScores(NamedTuple):
    """Measures of the whole set, and of each video by its name."""

    metrics: dict[str, float]
    sequences: dict[str, dict[str, float]]
