"""Scoring VOT results on disk: repetitions, folders, and results that don't fit."""

import struct

import pytest

from samn_jax import errors
from samn_jax.data.readers import vot
from samn_jax.evaluation.scores import vot_supervised as supervised_scores

NUM_FRAMES = 24
GOOD = ["1"] + ["2,2,10,10"] * (NUM_FRAMES - 1)
FAILED = ["1", "2,2,10,10", "2", "0", "0", "0", "0", "1"] + ["2,2,10,10"] * 16


@pytest.fixture
def sequences(tmp_path):
    for name in ("a", "b"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        (folder / "groundtruth.txt").write_text("2,2,10,10\n" * NUM_FRAMES)
        (folder / "sequence").write_text("width=40\nheight=30\n")
    return vot.read_vot(tmp_path / "data").sequences


def _write(results, sequence, *repetitions):
    folder = results / sequence
    folder.mkdir(parents=True, exist_ok=True)
    for number, lines in enumerate(repetitions, start=1):
        text = "".join(f"{line}\n" for line in lines)
        (folder / f"{sequence}_{number:03d}.txt").write_text(text)


@pytest.mark.parametrize("inner", ["", "baseline"])
def test_perfect_results_with_a_failure_in_one_of_two_runs(tmp_path, sequences, inner):
    results = tmp_path / "results" / inner
    _write(results, "a", GOOD, FAILED)
    _write(results, "b", GOOD, GOOD)
    (results / "a" / "a_time.txt").write_text("0.1\n")
    scores = supervised_scores.score_supervised(sequences, tmp_path / "results", 2018)
    assert scores.metrics["A"] == pytest.approx(1.0)
    assert scores.metrics["failures"] == pytest.approx(0.5)
    assert scores.metrics["R"] == pytest.approx(100 * 0.5 / (2 * NUM_FRAMES))
    assert scores.sequences["a"]["failures"] == pytest.approx(0.5)
    assert scores.sequences["b"] == {"A": pytest.approx(1.0), "R": 0.0, "failures": 0.0}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (GOOD[:-1], "a_001.txt has 23 lines but the run has 24 frames"),
        (["2,2,10,10", *GOOD[1:]], "a_001.txt, line 1: must be 1"),
        (["1", "2", *GOOD[2:]], "a_001.txt, line 3: a region before the restart"),
        ([*GOOD[:-1], "m1,1,1,1,0,1"], "a_001.txt, line 24: a mask"),
        ([*GOOD[:-1], "nan,nan,nan,nan"], "a_001.txt, line 24"),
        ([*GOOD[:-1], "1,2"], "a_001.txt, line 24: 2 numbers"),
    ],
)
def test_results_that_do_not_fit_are_named(tmp_path, sequences, lines, message):
    _write(tmp_path / "results", "a", lines)
    _write(tmp_path / "results", "b", GOOD)
    with pytest.raises(errors.InputError, match=message):
        supervised_scores.score_supervised(sequences, tmp_path / "results", 2018)


def test_binary_results_of_the_toolkit_are_scored_too(tmp_path, sequences):
    results = tmp_path / "results"
    _write(results, "b", GOOD)
    box = struct.pack("<B4f", 1, 2, 2, 10, 10)
    data = struct.pack("<hIBI", 1, NUM_FRAMES, 0, 1) + box * (NUM_FRAMES - 1)
    (results / "a").mkdir()
    path = results / "a" / "a_001.bin"
    path.write_bytes(data)
    scores = supervised_scores.score_supervised(sequences, results, 2018)
    assert scores.metrics["A"] == pytest.approx(1.0)
    path.write_bytes(data[:-3])
    with pytest.raises(errors.InputError, match="a_001.bin isn't .* in frame 24"):
        supervised_scores.score_supervised(sequences, results, 2018)
    path.write_bytes(struct.pack("<hIBI", 1, 1, 0, 1))
    with pytest.raises(errors.InputError, match="a_001.bin has 1 lines"):
        supervised_scores.score_supervised(sequences, results, 2018)


def test_missing_results_are_named(tmp_path, sequences):
    _write(tmp_path / "results", "a", GOOD)
    with pytest.raises(errors.InputError, match="has no b_001.txt"):
        supervised_scores.score_supervised(sequences, tmp_path / "results", 2018)
