"""Every box and region benchmark is reached by its name."""

import pytest

from samn_jax import errors
from samn_jax.evaluation import region_benchmarks


def test_published_results_are_scored_by_name(reference_dir):
    folder = reference_dir / "vot2018"
    scores = region_benchmarks.score_results(
        "vot2018", folder, folder / "results" / "SiamRPNpp", ("bag", "crabs1")
    )
    assert list(scores.sequences) == ["bag", "crabs1"]
    assert set(scores.metrics) == {"A", "R", "EAO", "failures"}


def test_all_names_of_the_command_line_are_there():
    expected = {"vot2016", "vot2018", "vot2019", "vot2020"}
    expected |= {"got10k", "trackingnet", "otb"}
    assert set(region_benchmarks.BENCHMARKS) == expected


def test_unknown_names_and_videos_are_named(reference_dir, tmp_path):
    with pytest.raises(errors.InputError, match="'lasot' is unknown"):
        region_benchmarks.score_results("lasot", tmp_path, tmp_path)
    with pytest.raises(errors.InputError, match="'absent' is not in vot2018"):
        region_benchmarks.score_results(
            "vot2018", reference_dir / "vot2018", tmp_path, ("absent",)
        )
