"""Suites that can't be: one line before anything is tracked or written."""

import json
from pathlib import Path

import pytest

from samn_jax.errors import InputError
from samn_jax.lab import suites

BEGIN = (
    "from samn_jax.lab.suite import *\nfrom samn_jax.lab.script import Script\n"
    "def get_suite():\n    return "
)
JSON = {"name": "tiny", "base": "ring", "controls": [{"name": "ring"}]}


pytestmark = pytest.mark.usefixtures("as_users_call")


def refuses(path, *words):
    with pytest.raises(InputError) as error:
        suites.find(str(path))
    assert str(error.value).isprintable()
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ("seeds=3", "seeds is 3"),
        ("seeds=(0.5,)", "seeds is (0.5,)"),
        ("seeds='ab'", "seeds is 'ab'"),
        ("seeds=(-1,)", "seeds (-1,)"),
        ("scripts=('a',)", "scripts is ('a',)"),
        ("scripts=(Script('a', rate='x'),)", "rate is 'x'"),
        ("scripts=(Script('a', rate=float('inf')),)", "rate is inf"),
        ("scripts=(Script('a', num_frames=100.5),)", "num_frames is 100.5"),
        ("scripts=(Script('a', num_frames=10**9),)", "100000 are the most"),
        ("scripts=(Script('a', kinds='light'),)", "kinds is 'light'"),
        ("clips=None", "clips is None"),
        ("clips=Clips(limit=None)", "limit is None"),
        ("clips=Clips(limit=True)", "limit is True"),
        ("clips=Clips(long_frames=10**12)", "long_frames is 1000000000000"),
        ("scenes='crossing'", "scenes is 'crossing'"),
        ("loops='open'", "loops is 'open'"),
        ("settings='crop_size=32'", "settings is 'crop_size=32'"),
    ],
)
def test_fields_of_another_kind_or_range_are_named(tmp_path, fields, word):
    path = tmp_path / "my.py"
    path.write_text(f"{BEGIN}Suite('t', 'ring', (Arm('ring'),), {fields})\n")
    refuses(path, "my.py:4", word)


@pytest.mark.parametrize(
    "arms",
    [
        "[Arm('ring')]", "('ring',)", "(Arm(3),)", "(Arm('ring', noise=-1),)",
        "(Arm('ring', noise=.5),)", "(Arm('ring', settings='a=1'),)",
        "(Arm('ring', loops='open'),)", "(Arm('ring', remark=None),)",
    ],
)  # fmt: skip
def test_arms_of_another_kind_are_refused(tmp_path, arms):
    path = tmp_path / "my.py"
    path.write_text(f"{BEGIN}Suite('t', 'ring', {arms})\n")
    refuses(path, "my.py:4")


@pytest.mark.parametrize(
    "changed",
    [
        {"seeds": [-1]},
        {"controls": [{"name": "ring", "noise": -1}]},
        {"scripts": [{"name": "a", "num_frames": 10**9}]},
        {"clips": {"long": ["ping_pong"], "long_frames": 10**12}},
    ],
)
def test_numbers_that_never_end_or_fail_late_are_refused(tmp_path, changed):
    path = tmp_path / "my.json"
    path.write_text(json.dumps(JSON | changed))
    refuses(path)


def test_a_rate_may_be_a_whole_number(tmp_path):
    path = tmp_path / "my.json"
    scripts = [{"name": "a", "num_frames": 60, "rate": 30}]
    path.write_text(json.dumps(JSON | {"scripts": scripts}))
    assert suites.find(str(path)).scripts[0].rate == 30


def test_a_suite_that_changes_the_folder_moves_no_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "my.py"
    body = "    import os\n    os.chdir('/')\n    return "
    text = BEGIN.replace("    return ", body)
    path.write_text(
        f"import os\nos.chdir('/')\n{text}Suite('t', 'ring', (Arm('ring'),))"
    )
    assert suites.find(str(path)).name == "t"
    assert Path.cwd() == tmp_path


def test_a_text_in_another_coding_is_told(tmp_path):
    path = tmp_path / "my.py"
    path.write_bytes(b"a = '\xe9'\n")
    refuses(path, "my.py", "SyntaxError")
