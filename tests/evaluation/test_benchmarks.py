"""Every benchmark is reached by its name, and has a whole row."""

import inspect

import pytest

from samn_jax.errors import InputError
from samn_jax.evaluation import benchmarks
from samn_jax.evaluation.protocols import protocol as protocol_lib

NAMES = (
    "synthetic folder davis16 davis17 youtubevos vot2016 vot2018 vot2019 vot2020 "
    "got10k trackingnet otb"
).split()


def test_all_names_of_the_command_line_are_there():
    assert list(benchmarks.BENCHMARKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_row_is_complete(name):
    row = benchmarks.BENCHMARKS[name]
    protocol = row.protocol
    assert isinstance(protocol, protocol_lib.Protocol)
    assert row.answer in protocol.answers and protocol.starts
    takes = inspect.signature(row.read).parameters
    # A set with parts can be read with the name of one.
    assert row.splits == () or len(takes) >= 2
    assert len(inspect.signature(row.score).parameters) == 3
    assert row.pack is None or len(inspect.signature(row.pack).parameters) == 3
    calls = {"run": 1, "result_files": 2, "seconds_file": 1, "program": 2, "show": 3}
    for call, count in calls.items():
        assert len(inspect.signature(getattr(protocol, call)).parameters) == count


def test_each_name_is_in_the_docs():
    docs = (benchmarks.Path(__file__).parents[2] / "docs/BENCHMARKS.md").read_text()
    assert not [name for name in NAMES if f"`{name}`" not in docs]


def test_published_results_are_scored_by_name(reference_dir):
    folder = reference_dir / "vot2018"
    dataset = benchmarks.read("vot2018", folder).select(("bag", "crabs1"))
    assert dataset.name == "vot2018"
    score = benchmarks.find("vot2018").score
    scores = score(dataset, folder / "results" / "SiamRPNpp", 1)
    assert list(scores.sequences) == ["bag", "crabs1"]
    assert set(scores.metrics) == {"A", "R", "EAO", "failures"}
    assert scores.sequences["crabs1"]["failures"] == 3


@pytest.mark.parametrize("name", ["vot2016", "vot2018", "vot2019", "vot2020"])
def test_vot_sets_carry_the_name_of_their_year(tmp_path, name):
    folder = tmp_path / "video"
    folder.mkdir()
    (folder / "groundtruth.txt").write_text("1,1,4,4\n")
    (folder / "sequence").write_text("width=20\nheight=10\n")
    assert benchmarks.read(name, tmp_path).name == name


def test_unknown_names_and_splits_are_refused(tmp_path):
    with pytest.raises(InputError, match="'davis15' is unknown: .*davis16"):
        benchmarks.find("davis15")
    with pytest.raises(InputError, match="no split 'a': choose from train, val, test"):
        benchmarks.read("got10k", tmp_path, "a")
    with pytest.raises(InputError, match="no split 'a': leave --split out"):
        benchmarks.read("otb", tmp_path, "a")
