"""Published scores, and the frames' measures of the results they were published for.

`python -m tests.parity.published REFERENCE DAVIS16` measures the published results anew
and writes tests/golden/published.json and published_frames.npz.
"""

import json
import sys
from pathlib import Path

import numpy as np

from samn_jax.data.readers import davis, vot
from samn_jax.evaluation.scores import masks, vot_supervised
from samn_jax.metrics import vot as vot_metrics
from tests.parity.golden import HERE

VOT_RESULTS = (
    (2016, "SiamRPNpp"),
    (2018, "SiamRPNpp"),
    (2018, "Ocean-online"),
    (2019, "SiamRPNpp"),
)
DAVIS_RESULTS = ("osvos", "siammask")
SCALE = 65534  # overlaps are kept as whole numbers to this; one more is NaN


def scores(benchmark: str, name: str) -> dict:
    """Returns what was published for a result on a benchmark."""
    return json.loads((HERE / "published.json").read_text())[benchmark][name]


def davis_frames(method: str) -> list[np.ndarray]:
    """Returns J and F (frames, 2) of each sequence, in the order of their names."""
    table = np.load(HERE / "published_frames.npz")
    values = table[f"davis16/{method}/values"].astype(np.float64)
    return np.split(values, np.cumsum(table[f"davis16/{method}/lengths"])[:-1])


def vot_runs(year: int, tracker: str) -> list[list[vot_metrics.Run]]:
    """Returns the one run through each video."""
    table = np.load(HERE / "published_frames.npz")
    prefix = f"vot{year}/{tracker}"
    overlaps = table[f"{prefix}/overlaps"]
    # 16-bit differences, so that equal values are zeros in the file.
    inner = overlaps + table[f"{prefix}/inner_differences"]
    columns = (
        table[f"{prefix}/starts"],
        table[f"{prefix}/failures"],
        _from_whole(overlaps),
        _from_whole(inner),
    )
    cuts = np.cumsum(table[f"{prefix}/lengths"])[:-1]
    videos = zip(*(np.split(column, cuts) for column in columns), strict=True)
    return [[vot_metrics.Run(*video)] for video in videos]


def measure_davis(davis16_dir: Path, reference_dir: Path, method: str) -> dict:
    """Returns arrays by name, measured on the published masks."""
    folder = reference_dir / "davis16" / "results" / method
    videos = davis.read_davis16(davis16_dir).sequences
    tables = [masks.measure_sequence(video, folder)[1] for video in videos]
    return {
        f"davis16/{method}/values": np.concatenate(tables).astype(np.float32),
        f"davis16/{method}/lengths": np.array([len(table) for table in tables]),
    }


def measure_vot(reference_dir: Path, year: int, tracker: str) -> dict:
    """Returns arrays by name, measured on the published regions."""
    folder = reference_dir / f"vot{year}"
    results = folder / "results" / tracker
    runs = [
        vot_supervised.read_runs(sequence, results)[0]
        for sequence in vot.read_vot(folder).sequences
    ]
    columns = [np.concatenate(column) for column in zip(*runs, strict=True)]
    starts, failures, overlaps, inner = columns
    prefix = f"vot{year}/{tracker}"
    return {
        f"{prefix}/lengths": np.array([len(run.starts) for run in runs]),
        f"{prefix}/starts": starts,
        f"{prefix}/failures": failures,
        f"{prefix}/overlaps": _to_whole(overlaps),
        f"{prefix}/inner_differences": _to_whole(inner) - _to_whole(overlaps),
    }


def _to_whole(values: np.ndarray) -> np.ndarray:
    whole = np.where(np.isnan(values), SCALE + 1, np.round(values * SCALE))
    return whole.astype(np.uint16)


def _from_whole(whole: np.ndarray) -> np.ndarray:
    return np.where(whole > SCALE, np.nan, whole / SCALE)


def main(reference_dir: Path, davis16_dir: Path) -> None:
    arrays: dict[str, np.ndarray] = {}
    for method in DAVIS_RESULTS:
        arrays |= measure_davis(davis16_dir, reference_dir, method)
    for year, tracker in VOT_RESULTS:
        arrays |= measure_vot(reference_dir, year, tracker)
    np.savez_compressed(HERE / "published_frames.npz", **arrays)
    names = ("davis16", "vot2016", "vot2018", "vot2019")
    every = {
        name: json.loads((reference_dir / name / "expected.json").read_text())
        for name in names
    }
    (HERE / "published.json").write_text(json.dumps(every, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
