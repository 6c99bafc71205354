import numpy as np
import pytest
from scipy import stats

from samn_jax.lab import measures
from samn_jax.lab.frame_table import FrameTable
from samn_jax.lab.video import Event


def table(region, **columns):
    count = len(region)
    default = {
        "frame": np.arange(1, count + 1),
        "region": np.asarray(region, float),
        "boundary": np.asarray(region, float),
        "confidence": np.full(count, 0.9),
        "true_area": np.full(count, 100),
        "found_area": np.full(count, 90),
        "owner": np.ones(count, int),
    }
    return FrameTable(**{**default, **columns})


def test_failure_is_ten_bad_frames_that_show_the_target():
    region = np.full(60, 0.8)
    region[10:18] = 0.1  # eight are not enough
    region[30:50] = 0.1
    visible = np.ones(60, bool)
    assert measures.first_failure(region, visible) == 30
    visible[32:40] = False  # eight of them don't show it
    assert measures.first_failure(region, visible) == 30
    visible[30:45] = False
    assert measures.first_failure(region, visible) is None


def test_auroc_is_mann_whitneys(key):
    rng = np.random.default_rng(0)
    failed = rng.random(80) < 0.3
    confidence = np.round(rng.random(80) + 0.3 * ~failed, 1)  # with ties
    u = stats.mannwhitneyu(confidence[~failed], confidence[failed]).statistic
    wanted = u / (failed.sum() * (~failed).sum())
    assert measures.auroc(confidence, failed) == pytest.approx(wanted)
    assert measures.auroc(confidence, np.zeros(80, bool)) is None


def test_means_leave_out_the_last_frame_as_davis_does():
    found = measures.of_video(table([1.0, 0.5, 0.0, 0.0]), 5)
    assert found["J"] == pytest.approx(0.5)
    assert len(found["J_by_tenth"]) == 10


def test_switches_count_there_and_back():
    assert measures.switches(np.array([1, 1, 2, 0, 2, 1, 3])) == 3
    assert measures.switches(np.array([2, 2])) == 1
    assert measures.switches(np.array([0, 0])) == 0


def test_event_says_when_the_target_was_found_again():
    region = np.full(80, 0.8)
    region[9:27] = 0.0  # frames 10 to 27
    true_area = np.full(80, 100)
    true_area[9:19] = 0  # away in frames 10 to 19
    found_area = np.full(80, 90)
    found_area[9:15] = 0
    owner = np.ones(80, int)
    owner[15:27] = 2
    seen = table(region, true_area=true_area, found_area=found_area, owner=owner)
    told = measures.of_event(seen, Event("away", 10, 20))
    assert told["recovered"] and told["frames"] == 8  # at frame 28
    assert told["false_alarms"] == pytest.approx(0.4)
    assert told["switches"] == 2
    never = measures.of_event(table(np.zeros(80)), Event("hidden_10", 10, 20))
    assert not never["recovered"] and never["frames"] is None
    assert never["false_alarms"] is None, "the target was there all the time"
    both = measures.of_video(seen, 81, (Event("away", 10, 20),))
    assert both["recovered"] == 1.0 and both["frames_to_recover"] == 8
