"""Published VOT results get their published scores."""

import json
from pathlib import Path

import pytest

from samn_jax.data.readers import vot
from samn_jax.evaluation.scores import vot_supervised as vot_scoring

RESULTS = [
    (2016, "SiamRPNpp"),
    (2018, "SiamRPNpp"),
    (2018, "Ocean-online"),
    (2019, "SiamRPNpp"),
]


@pytest.mark.parametrize(("year", "tracker"), RESULTS)
def test_scores_equal_the_pysot_evaluator(reference_dir: Path, year, tracker):
    folder = reference_dir / f"vot{year}"
    expected = json.loads((folder / "expected.json").read_text())[tracker]
    sequences = vot.read_vot(folder).sequences
    scores = vot_scoring.score_supervised(sequences, folder / "results" / tracker, year)
    assert len(scores.sequences) == 60
    # The four decimals of expected.json, ten times closer than the target of 0.001.
    for name in ("A", "R", "EAO"):
        assert scores.metrics[name] == pytest.approx(expected[name], abs=1e-4)
    assert scores.metrics["failures"] == expected["failures"]
