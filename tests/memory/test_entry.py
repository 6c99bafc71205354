import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory import entry as entry_lib
from samn_jax.memory.entry import Reason
from tests.memory import frames


def test_shares_are_means_over_cells():
    mask = np.random.default_rng(0).random((48, 48)).astype(np.float32)
    found = entry_lib.cell_shares(jnp.asarray(mask), 3)
    for row, column in np.ndindex(3, 3):
        cell = mask[16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
        np.testing.assert_allclose(found[row, column], cell.mean(), rtol=1e-5)


def test_an_entry_is_well_but_for_the_facts():
    entry = frames.random(4, found=False, uncertainty=2.5, others=jnp.ones((3, 3)))
    assert entry.frame_idx == 4 and not entry.found and entry.uncertainty == 2.5
    assert entry.certain and entry.due and not entry.given and not entry.distractor
    assert entry.others.sum() == 9
    assert entry.area == 2 * 16 * 48 and entry.confidence == 1.0
    np.testing.assert_array_equal(entry.share[:2], 1.0)


def test_facts_keep_the_types_that_a_scan_needs():
    plain, told = frames.random(1), frames.random(1, found=0, area=3)
    for field in entry_lib.Entry._fields[2:]:
        if field != "crop":
            assert getattr(plain, field).dtype == getattr(told, field).dtype, field


@pytest.mark.parametrize(
    ("facts", "filtered", "reason"),
    [
        ({}, True, Reason.KEPT),
        ({"due": False}, True, Reason.NOT_DUE),
        ({"found": False, "due": False}, True, Reason.NOT_FOUND),
        ({"certain": False}, True, Reason.UNCERTAIN),
        ({"certain": False}, False, Reason.KEPT),
        ({"certain": False, "found": False, "given": True}, True, Reason.KEPT),
    ],
)
def test_the_papers_reasons(facts, filtered, reason):
    entry = frames.numbered(5, **facts)
    assert entry_lib.interval_reason(entry, filter_samples=filtered) == reason
