"""Scores of OTB, GOT-10k and TrackingNet results on disk.

OTB and TrackingNet have a file a sequence, `<results>/<sequence>.txt`; GOT-10k one a
repetition, `<results>/<sequence>/<sequence>_001.txt`. Each has a box a line.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from samn_jax import errors
from samn_jax.data.formats import boxes, vot_results
from samn_jax.evaluation.scores.types import Scores
from samn_jax.metrics import sot


def score_otb(sequences: Sequence[boxes.BoxSequence], results_dir: Path) -> Scores:
    """Returns success (area under its curve) and precision at 20 px, means over videos.

    Raises:
      InputError: results are missing or aren't a box a frame, naming file and line.
    """
    scores = {}
    for sequence in sequences:
        result = _result(sequence, results_dir)
        scores[sequence.name] = sot.otb_scores(result, _truths(sequence))._asdict()
    return _mean_over_videos(scores)


def score_trackingnet(
    sequences: Sequence[boxes.BoxSequence], results_dir: Path
) -> Scores:
    """Returns success, precision and normalized precision, means over the videos.

    Raises:
      InputError: results are missing or aren't a box a frame, naming file and line.
    """
    scores = {}
    for sequence in sequences:
        result = _result(sequence, results_dir)
        of_video = sot.trackingnet_scores(result, _truths(sequence))
        scores[sequence.name] = of_video._asdict()
    return _mean_over_videos(scores)


def score_got10k(sequences: Sequence[boxes.BoxSequence], results_dir: Path) -> Scores:
    """Returns average overlap and success at 0.5 and 0.75, of all frames together.

    Raises:
      InputError: results are missing or aren't a box a frame, naming file and line.
    """
    overlaps = {s.name: _got10k_overlaps(s, results_dir) for s in sequences}
    pooled = np.concatenate(list(overlaps.values()))
    per_sequence = {name: _got10k_measures(o) for name, o in overlaps.items()}
    return Scores(_got10k_measures(pooled), per_sequence)


def _got10k_overlaps(
    sequence: boxes.BoxSequence, results_dir: Path
) -> Float[np.ndarray, " f"]:
    """Returns the overlaps of all repetitions of a video, one after the other."""
    truths, size_hw = _truths(sequence), sequence.read_size()
    return np.concatenate(
        [
            sot.got10k_overlaps(
                boxes.read_boxes(path, sequence.num_frames),
                truths,
                size_hw=size_hw,
                is_visible=sequence.is_visible,
            )
            for path in vot_results.repetition_files(results_dir, sequence.name)
        ]
    )


def _got10k_measures(overlaps: Float[np.ndarray, " f"]) -> dict[str, float]:
    scores = sot.got10k_scores(overlaps)
    return {
        "AO": scores.average_overlap,
        "SR_0.5": scores.success_50,
        "SR_0.75": scores.success_75,
    }


def _result(sequence: boxes.BoxSequence, results_dir: Path) -> Float[np.ndarray, "F 4"]:
    """Returns the boxes of a sequence's one file."""
    path = results_dir / f"{sequence.name}.txt"
    return boxes.read_boxes(path, sequence.num_frames)


def _truths(sequence: boxes.BoxSequence) -> boxes.Boxes:
    if len(sequence.truths_xywh) != sequence.num_frames:
        raise errors.InputError(
            f"{sequence.name} has true boxes for {len(sequence.truths_xywh)} of its "
            f"{sequence.num_frames} frames: the benchmark's server scores it"
        )
    return sequence.truths_xywh


def _mean_over_videos(
    scores: dict[str, dict[str, float]],
) -> Scores:
    rows = list(scores.values())
    metrics = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    return Scores(metrics, scores)
