"""The published scores of published result masks, to every printed decimal."""

import json

import pytest

from samn_jax.data.readers import davis
from samn_jax.evaluation.scores import masks as scoring


@pytest.mark.parametrize("method", ["osvos", "siammask"])
def test_published_scores(davis16_dir, reference_dir, method):
    folder = reference_dir / "davis16"
    published = json.loads((folder / "expected.json").read_text())[method]
    dataset = davis.read_davis16(davis16_dir)
    masks_dir = folder / "results" / method
    scores = scoring.score_dataset(dataset, masks_dir)
    assert all(list(objects) == [1] for objects in scores.values())
    found = scoring.summarize([objects[1] for objects in scores.values()])
    for letter, measures in published.items():
        for name, value in measures.items():
            assert round(found[f"{letter}_{name}"], 3) == value, (letter, name)
