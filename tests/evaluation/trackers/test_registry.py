"""Trackers by name."""

import pytest

from samn_jax.errors import InputError
from samn_jax.evaluation.trackers import baselines, registry


def test_a_baseline_needs_no_model():
    tracker, facts = registry.load_tracker("copy_first", None, ())
    assert isinstance(tracker, baselines.CopyFirst)
    assert facts == {"tracker": "copy_first"}


def test_an_unknown_tracker_is_refused():
    with pytest.raises(InputError, match="'best' is unknown: .* copy_first"):
        registry.load_tracker("best", "lite", ())


@pytest.mark.parametrize(
    ("checkpoint", "settings", "message"),
    [
        ("/no/such", (), "/no/such is neither a file nor a shipped model"),
        (None, ("nonsense=1",), "nonsense"),
        (None, ("crop_size=big",), "crop_size=big"),
        (None, ("crop_size",), "isn't NAME=VALUE"),
        (None, ("memory.design=foo",), "memory.design is 'foo'"),
        (None, ("memory.capacity=0",), "memory.capacity is 0"),
        (None, ("aggregation=foo",), "aggregation 'foo' is unknown"),
        (None, ("search_factor=0",), "search_factor is 0"),
        (None, ("spatial.stride=0",), "spatial.stride is 0"),
        (None, ("spatial.learning_rate=1",), "spatial.learning_rate is 1"),
        (None, ("spatial.capacity=26",), "spatial.capacity is 26: give at least 27"),
    ],
)
@pytest.mark.parametrize("name", ["copy_first", "samn", "filter_only"])
def test_a_bad_model_or_setting_is_refused_by_all(name, checkpoint, settings, message):
    with pytest.raises(InputError, match=message):
        registry.load_tracker(name, checkpoint, settings)


def test_settings_reach_the_tracker_by_dotted_names():
    tracker, facts = registry.load_tracker(
        "samn", "lite", ("spatial.capacity=100", "memory.capacity=3")
    )
    assert tracker.config.spatial.capacity == 100
    assert facts["config"]["spatial"]["capacity"] == 100
    assert tracker.config.memory.capacity == facts["config"]["memory"]["capacity"] == 3
    assert facts["checkpoint"] == "lite" and len(facts["checkpoint_sha256"]) == 64


DESIGN = """
import dataclasses
from samn_jax.memory.designs import ring

@dataclasses.dataclass(frozen=True)
class Mine(ring.Ring):
    def init(self, first, reader):
        return super().init(first, reader)  # {version}
"""


def test_7_the_code_of_a_memory_design_is_part_of_the_identity(tmp_path):
    path = tmp_path / "my.py"
    sources = []
    for version in ("one", "two", "one"):
        path.write_text(DESIGN.format(version=version))
        setting = f"memory.design={path}:Mine"
        _, facts = registry.load_tracker("samn", "lite", (setting,))
        sources.append(facts["memory_source"])
    assert sources[0] == sources[2] != sources[1]
