"""Options that do nothing for a benchmark are refused."""

import dataclasses
from pathlib import Path

import pytest

from samn_jax.errors import InputError
from samn_jax.evaluation import options

CONFIG = options.EvaluationConfig("folder", Path("data"), Path("out"))


def _config(**changes):
    return dataclasses.replace(CONFIG, **changes)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("folder", ("mask", "mask")),
        ("vot2018", ("box", "polygon")),
        ("vot2020", ("mask", "mask")),
        ("got10k", ("box", "box")),
    ],
)
def test_each_benchmark_has_its_usual_request(name, request_):
    config = _config(dataset=name)
    options.check(config)
    assert config.request == request_


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "folder", "start": "box"},
        {"dataset": "vot2020", "start": "box", "answer": "fitted"},
        {"dataset": "otb", "start": "box", "answer": "polygon"},
        {"dataset": "got10k", "submission": True},
    ],
)
def test_what_a_benchmark_can_do_is_accepted(changes):
    options.check(_config(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "davis15"}, "'davis15' is unknown"),
        ({"answer": "box"}, "folder takes no box for an answer: leave --answer out"),
        ({"dataset": "otb", "start": "mask"}, "gives no mask .*: leave --init out"),
        ({"dataset": "vot2018", "start": "mask"}, "leave --init out"),
        ({"submission": True}, "folder has no server"),
        ({"num_workers": 0}, "--workers 0"),
        ({"output_dir": Path(__file__)}, "is a file: give a folder"),
    ],
)
def test_what_does_nothing_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        options.check(_config(**changes))
