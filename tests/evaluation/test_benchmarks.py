"""Every box and region benchmark is reached by its name."""

import pytest

from samn_jax.evaluation import benchmarks as region_benchmarks


def test_published_results_are_scored_by_name(reference_dir):
    folder = reference_dir / "vot2018"
    benchmark = region_benchmarks.BENCHMARKS["vot2018"]
    dataset = benchmark.read(folder).select(("bag", "crabs1"))
    assert dataset.name == "vot2018"
    scores = benchmark.score(dataset.sequences, folder / "results" / "SiamRPNpp")
    assert list(scores.sequences) == ["bag", "crabs1"]
    assert set(scores.metrics) == {"A", "R", "EAO", "failures"}
    assert scores.sequences["crabs1"]["failures"] == 3


@pytest.mark.parametrize("name", ["vot2016", "vot2018", "vot2019", "vot2020"])
def test_vot_sets_carry_the_name_of_their_year(tmp_path, name):
    folder = tmp_path / "video"
    folder.mkdir()
    (folder / "groundtruth.txt").write_text("1,1,4,4\n")
    (folder / "sequence").write_text("width=20\nheight=10\n")
    assert region_benchmarks.BENCHMARKS[name].read(tmp_path).name == name


def test_all_names_of_the_command_line_are_there():
    expected = {"vot2016", "vot2018", "vot2019", "vot2020"}
    expected |= {"got10k", "trackingnet", "otb"}
    assert set(region_benchmarks.BENCHMARKS) == expected
