"""Speeds of many videos, and files told from changed ones."""

import json

import pytest

from samn_jax.evaluation import records, stopwatch

RECORD = records.Record(1, 4, 0.5, 2.0, "abc", "commit", ("cpu",))


def test_a_record_survives_its_file():
    assert records.from_json(json.loads(json.dumps(RECORD._asdict()))) == RECORD


@pytest.mark.parametrize(
    "change",
    [{"num_starts": "1"}, {"devices": "cpu"}, {"devices": [1]}, {"more": 1}, None],
)
def test_damaged_values_are_no_record(change):
    values = RECORD._asdict() | {"devices": ["cpu"]}
    values = {} if change is None else values | change
    assert records.from_json(values) is None


def test_speed_is_that_of_all_steps():
    faster = RECORD._replace(num_steps=16, step_seconds=2.0, num_starts=3)
    both = records.speed([RECORD, faster])
    assert both["frames_per_second"] == pytest.approx(20 / 4)
    assert both["first_frame_seconds"] == pytest.approx(1 / 4)
    nothing = records.speed([])
    assert nothing == {"frames_per_second": None, "first_frame_seconds": None}


def test_the_digest_tells_contents_and_their_order(tmp_path):
    paths = [tmp_path / "1", tmp_path / "2"]
    for path in paths:
        path.write_text(path.name)
    first = records.make(stopwatch.Stopwatch(), paths).results_sha256
    assert records.digest(paths) == first != records.digest(paths[::-1])
    paths[0].write_text("12")
    assert records.digest(paths) != first
    paths[0].unlink()
    assert records.digest(paths) == ""


def test_origins_are_named_once():
    other = RECORD._replace(git_commit="a", devices=("gpu",))
    assert records.origins([RECORD, other, RECORD]) == {
        "git_commit_of_results": ["a", "commit"],
        "devices": ["cpu", "gpu"],
    }
