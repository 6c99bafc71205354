"""The published scores of published result masks, to every printed decimal."""

import numpy as np
import pytest

from samn_jax.metrics import davis
from tests.parity import published


@pytest.mark.parametrize("method", published.DAVIS_RESULTS)
def test_statistics_of_the_frames_are_as_published(method):
    tables = published.davis_frames(method)
    assert len(tables) == 20 and sum(map(len, tables)) == 1336
    for letter, column in (("J", 0), ("F", 1)):
        rows = [davis.statistics(table[:, column]) for table in tables]
        found = davis.Statistics(*np.mean(rows, axis=0))._asdict()
        for name, value in published.scores("davis16", method)[letter].items():
            assert round(found[name], 3) == value, (letter, name)


@pytest.mark.parametrize("method", published.DAVIS_RESULTS)
def test_masks_score_as_published(davis16_dir, reference_dir, method):
    found = published.measure_davis(davis16_dir, reference_dir, method)
    prefix = f"davis16/{method}"
    cuts = np.cumsum(found[f"{prefix}/lengths"])[:-1]
    tables = np.split(found[f"{prefix}/values"], cuts)
    for table, kept in zip(tables, published.davis_frames(method), strict=True):
        np.testing.assert_allclose(table, kept, atol=1e-6)
