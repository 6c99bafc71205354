"""Scoring box results on disk, and the whole way against the got10k package."""

import numpy as np
import pytest

from samn_jax import errors
from samn_jax.data.formats import boxes
from samn_jax.data.readers import got10k, otb
from samn_jax.evaluation.scores import ope as ope_scores

SIZE_HW = (60, 80)
NAMES = ("a", "b", "c")


def _tracks(seed: int, frames: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truths = rng.uniform([-5, -5, 5, 5], [70, 50, 40, 30], (frames, 4))
    found = truths + rng.normal(0, 3, truths.shape)
    found[:, 2:] = np.maximum(found[:, 2:], 1)
    return truths.round(2), found.round(3)


def _write_otb(root):
    for seed, name in enumerate(("Basketball", "Biker", "Bird1")):
        truths, found = _tracks(seed, 20 + seed)
        boxes.write_boxes(root / "data" / name / "groundtruth_rect.txt", truths)
        boxes.write_boxes(root / "results" / f"{name}.txt", found)


def _write_got10k(root):
    for seed, name in enumerate(NAMES):
        truths, found = _tracks(seed, 20 + seed)
        folder = root / "data" / "val" / name
        boxes.write_boxes(folder / "groundtruth.txt", truths)
        visible = np.random.default_rng(seed).integers(0, 3, len(truths))
        for label in ("cover", "absence", "cut_by_image"):
            (folder / f"{label}.label").write_text("\n".join(map(str, visible)))
        (folder / "meta_info.ini").write_text("[METAINFO]\nresolution: (80, 60)")
        for repetition, shift in enumerate((0, 1, 2), start=1):
            path = root / "results" / name / f"{name}_{repetition:03d}.txt"
            boxes.write_boxes(path, found + shift)
        (root / "results" / name / f"{name}_time.txt").write_text("0.1\n" * len(truths))
    (root / "data" / "val" / "list.txt").write_text("\n".join(NAMES))


def test_otb_scores_are_means_over_videos(tmp_path):
    _write_otb(tmp_path)
    dataset = otb.read_otb(tmp_path / "data")
    scores = ope_scores.score_otb(dataset.sequences, tmp_path / "results")
    rows = [row["success"] for row in scores.sequences.values()]
    assert scores.metrics["success"] == pytest.approx(np.mean(rows))
    assert 0.2 < scores.metrics["success"] < scores.metrics["precision"] <= 1


def test_perfect_trackingnet_results(tmp_path):
    _write_otb(tmp_path)
    sequences = otb.read_otb(tmp_path / "data").sequences
    for sequence in sequences:
        path = tmp_path / "perfect" / f"{sequence.name}.txt"
        boxes.write_boxes(path, sequence.truths_xywh)
    scores = ope_scores.score_trackingnet(sequences, tmp_path / "perfect")
    assert scores.metrics == pytest.approx(
        {"success": 19.5 / 20, "precision": 1.0, "normalized_precision": 1.0}
    )


def test_got10k_pools_frames_and_repetitions(tmp_path):
    _write_got10k(tmp_path)
    dataset = got10k.read_got10k(tmp_path / "data")
    scores = ope_scores.score_got10k(dataset.sequences, tmp_path / "results")
    counts = [3 * video.is_visible[1:].sum() for video in dataset.sequences]
    rows = [row["AO"] for row in scores.sequences.values()]
    assert scores.metrics["AO"] == pytest.approx(np.average(rows, weights=counts))


def test_missing_or_short_results_and_hidden_truths_are_named(tmp_path):
    _write_otb(tmp_path)
    sequences = otb.read_otb(tmp_path / "data").sequences
    path = tmp_path / "results" / "Biker.txt"
    path.write_text("1,1,1,1\n")
    with pytest.raises(errors.InputError, match="Biker.txt has 1 boxes for 21 frames"):
        ope_scores.score_otb(sequences, tmp_path / "results")
    path.unlink()
    with pytest.raises(errors.InputError, match="Biker.txt is missing"):
        ope_scores.score_trackingnet(sequences, tmp_path / "results")
    first = sequences[0]
    hidden = boxes.box_sequence(
        first.name,
        tuple(tmp_path / name for name in first.frame_names),
        first.truths_xywh[:1],
    )
    with pytest.raises(errors.InputError, match="the benchmark's server scores it"):
        ope_scores.score_otb([hidden], tmp_path / "results")


def test_got10k_report_of_the_got10k_package(tmp_path, monkeypatch):
    experiments = pytest.importorskip("got10k.experiments")
    _write_got10k(tmp_path)
    dataset = got10k.read_got10k(tmp_path / "data")
    for video in dataset.sequences:
        for name in video.frame_names:
            (tmp_path / "data" / "val" / video.name / f"{name}.jpg").touch()
    ours = ope_scores.score_got10k(dataset.sequences, tmp_path / "results")
    (tmp_path / "theirs" / "GOT-10k").mkdir(parents=True)
    (tmp_path / "results").rename(tmp_path / "theirs" / "GOT-10k" / "t")
    experiment = experiments.ExperimentGOT10k(
        str(tmp_path / "data"), "val", str(tmp_path / "theirs"), str(tmp_path / "r")
    )
    monkeypatch.setattr(experiment, "plot_curves", lambda *args: None)
    theirs = experiment.report(["t"])["t"]
    assert ours.metrics["AO"] == pytest.approx(theirs["overall"]["ao"], abs=1e-6)
    assert ours.metrics["SR_0.5"] == pytest.approx(theirs["overall"]["sr"], abs=1e-6)
    at_three_quarters = theirs["overall"]["succ_curve"][75]
    assert ours.metrics["SR_0.75"] == pytest.approx(at_three_quarters, abs=1e-6)
    for name in NAMES:
        ao = theirs["seq_wise"][name]["ao"]
        assert ours.sequences[name]["AO"] == pytest.approx(ao, abs=1e-6)


def test_otb_report_of_the_got10k_package(tmp_path, monkeypatch):
    experiments = pytest.importorskip("got10k.experiments")
    datasets = pytest.importorskip("got10k.datasets")
    _write_otb(tmp_path)
    ours = ope_scores.score_otb(
        otb.read_otb(tmp_path / "data").sequences, tmp_path / "results"
    )

    class Made:
        """The made-up videos in the form that the experiment iterates over."""

        def __init__(self, *args, **kwargs):
            videos = otb.read_otb(tmp_path / "data").sequences
            self.seq_names = [video.name for video in videos]
            self.items = [(video.frame_names, video.truths_xywh) for video in videos]

        def __iter__(self):
            return iter(self.items)

        def __len__(self):
            return len(self.items)

    monkeypatch.setattr("got10k.experiments.otb.OTB", Made)
    assert datasets is not None
    (tmp_path / "theirs" / "OTB2015").mkdir(parents=True)
    (tmp_path / "results").rename(tmp_path / "theirs" / "OTB2015" / "t")
    experiment = experiments.ExperimentOTB(
        str(tmp_path), 2015, str(tmp_path / "theirs"), str(tmp_path / "r")
    )
    monkeypatch.setattr(experiment, "plot_curves", lambda *args: None)
    theirs = experiment.report(["t"])["t"]["overall"]
    expected = (theirs["success_score"], theirs["precision_score"])
    assert tuple(ours.metrics.values()) == pytest.approx(expected, abs=1e-6)
