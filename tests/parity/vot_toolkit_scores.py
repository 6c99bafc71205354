"""Print the vot-toolkit's own VOT2020 measures of a results folder, as JSON.

Run by an interpreter that has the toolkit: python vot_toolkit_scores.py DATA RESULTS
"""

import json
import sys
from pathlib import Path

import numpy as np
from vot.analysis.multistart import AccuracyRobustness, EAOCurve, EAOCurves
from vot.dataset.common import read_sequence
from vot.tracker.results import Results
from vot.workspace.storage import LocalStorage

LOW, HIGH = 115, 755


class Experiment:
    """What the analyses need of an experiment: where its results are."""

    anchor = "anchor"

    def __init__(self, folder: Path):
        self.storage = LocalStorage(str(folder))

    def results(self, tracker, sequence) -> Results:
        """Results of one sequence."""
        return Results(self.storage.substorage(sequence.name))


def main(data: Path, results: Path) -> dict:
    """Accuracy, robustness and EAO, aggregated as the toolkit's report does."""
    names = (data / "list.txt").read_text().split()
    sequences = [read_sequence(str(data / name)) for name in names]
    experiment = Experiment(results / "baseline")
    analysis, curves = AccuracyRobustness(), EAOCurves(high=HIGH)
    rows = [analysis.subcompute(experiment, None, s, []) for s in sequences]
    parts = [curves.subcompute(experiment, None, s, []) for s in sequences]
    holder = type("Holder", (), {"curves": curves})()
    (curve,) = EAOCurve.aggregate(holder, None, sequences, parts)
    accuracy, robustness, _, tracked, length = zip(*rows, strict=True)
    return {
        "A": float(np.average(accuracy, weights=tracked)),
        "R": float(np.average(robustness, weights=length)),
        "EAO": float(np.mean(curve[LOW : HIGH + 1])),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
