"""Localization from raw scores against the authors' tracker."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.dcf import peaks, spatial_config
from tests.parity.golden import files

CONFIG = spatial_config.SpatialMemoryConfig()


@jax.jit
def _find(scores, target_size_px):
    score_map = peaks.upsample_scores(
        scores, stride=CONFIG.stride, kernel_size=CONFIG.kernel_size
    )
    return peaks.find_peak(
        score_map * peaks.hann_window(score_map.shape),
        target_size_px,
        neighborhood_scale=CONFIG.neighborhood_scale,
        hard_negative_ratio=CONFIG.hard_negative_ratio,
    )


@pytest.mark.parametrize("path", files("localize*.npz"))
def test_translation_flag_and_maximum(path):
    golden = np.load(path)
    for index, scores in enumerate(golden["raw"]):
        scale = float(golden["scale"][index])
        target_size = jnp.asarray(golden["target_sz"][index]) / scale
        peak = _find(jnp.asarray(scores), target_size)
        expected = golden["translation"][index][::-1]  # (y, x) in image pixels
        np.testing.assert_allclose(peak.offset_xy * scale, expected, atol=0.5)
        np.testing.assert_allclose(peak.maximum, golden["max"][index], rtol=1e-3)
        assert bool(peak.hard_negative) == (golden["flag"][index] == "hard_negative")
