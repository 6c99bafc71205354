"""Localization from raw scores against the authors' tracker."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import localization, spatial_memory

CONFIG = spatial_memory.SpatialMemoryConfig()


@jax.jit
def _find(scores, target_size_px):
    score_map = localization.upsample_scores(
        scores, stride=CONFIG.stride, kernel_size=CONFIG.kernel_size
    )
    return localization.find_peak(
        score_map * localization.hann_window(score_map.shape),
        target_size_px,
        neighborhood_scale=CONFIG.neighborhood_scale,
        hard_negative_ratio=CONFIG.hard_negative_ratio,
    )


def test_translation_flag_and_maximum(golden_dir: Path):
    files = sorted(golden_dir.glob("localize*.npz"))
    if not files:
        pytest.skip(f"no localize*.npz in {golden_dir}")
    for path in files:
        golden = np.load(path)
        for index, scores in enumerate(golden["raw"]):
            scale = float(golden["scale"][index])
            target_size = jnp.asarray(golden["target_sz"][index]) / scale
            peak = _find(jnp.asarray(scores), target_size)
            expected = golden["translation"][index][::-1]  # (y, x) in image pixels
            np.testing.assert_allclose(peak.offset_xy * scale, expected, atol=0.5)
            np.testing.assert_allclose(peak.maximum, golden["max"][index], rtol=1e-3)
            assert bool(peak.hard_negative) == (
                golden["flag"][index] == "hard_negative"
            )
