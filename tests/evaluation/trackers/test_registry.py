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
    ],
)
@pytest.mark.parametrize("name", ["copy_first", "samn", "filter_only"])
def test_a_bad_model_or_setting_is_refused_by_all(name, checkpoint, settings, message):
    with pytest.raises(InputError, match=message):
        registry.load_tracker(name, checkpoint, settings)


def test_settings_reach_the_tracker_by_dotted_names():
    tracker, facts = registry.load_tracker("samn", "lite", ("spatial.capacity=100",))
    assert tracker.config.spatial.capacity == 100
    assert facts["config"]["spatial"]["capacity"] == 100
    assert facts["checkpoint"] == "lite" and len(facts["checkpoint_sha256"]) == 64
