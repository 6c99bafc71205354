"""Published VOT results get their published scores."""

from pathlib import Path

import numpy as np
import pytest

from samn_jax.data.readers import vot
from samn_jax.evaluation.scores import vot_supervised as vot_scoring
from samn_jax.metrics import vot as vot_metrics
from tests.parity import published


def _assert_published(metrics: dict[str, float], year: int, tracker: str) -> None:
    expected = published.scores(f"vot{year}", tracker)
    # The four printed decimals, ten times closer than the target of 0.001.
    for name in ("A", "R", "EAO"):
        assert metrics[name] == pytest.approx(expected[name], abs=1e-4)
    assert metrics["failures"] == expected["failures"]


@pytest.mark.parametrize(("year", "tracker"), published.VOT_RESULTS)
def test_overlaps_of_the_frames_score_as_published(year, tracker):
    runs = published.vot_runs(year, tracker)
    assert len(runs) == 60
    interval = vot_metrics.EAO_INTERVALS[year]
    metrics = {
        "A": vot_metrics.accuracy(runs),
        "R": vot_metrics.robustness(runs),
        "EAO": vot_metrics.expected_average_overlap(runs, interval),
        "failures": vot_metrics.num_failures(runs),
    }
    _assert_published(metrics, year, tracker)


@pytest.mark.parametrize(("year", "tracker"), published.VOT_RESULTS)
def test_regions_score_as_published(reference_dir: Path, year, tracker):
    folder = reference_dir / f"vot{year}"
    sequences = vot.read_vot(folder).sequences
    results = folder / "results" / tracker
    scores = vot_scoring.score_supervised(sequences, results, year)
    assert len(scores.sequences) == 60
    _assert_published(scores.metrics, year, tracker)


@pytest.mark.parametrize(("year", "tracker"), published.VOT_RESULTS)
def test_regions_overlap_as_the_kept_frames(reference_dir: Path, year, tracker):
    found = published.measure_vot(reference_dir, year, tracker)
    table = np.load(published.HERE / "published_frames.npz")
    for name, values in found.items():
        np.testing.assert_array_equal(values, table[name])
