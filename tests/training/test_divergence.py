import numpy as np
import pytest

from samn_jax.training import divergence

ARRAYS = {"source": np.array([1, 0]), "frames": np.zeros((2, 1, 4, 4, 3), np.uint8)}


def metrics(loss, norm=1.0):
    return {"loss": loss, "plain_loss": loss, "gradient_norm": norm}


@pytest.mark.parametrize("bad", [metrics(np.nan), metrics(1.0, np.inf)])
def test_no_number_stops_with_step_names_and_dump(tmp_path, bad):
    watch = divergence.DivergenceMonitor(tmp_path, ["cat", "dog"])
    watch.check(1, metrics(1.0), ARRAYS)
    with pytest.raises(divergence.DivergedError, match="step 7.*dog, cat"):
        watch.check(7, bad, ARRAYS)
    with np.load(tmp_path / "diverged-7.npz") as dump:
        assert dump["names"].tolist() == ["dog", "cat"]
        assert dump["frames"].shape == (2, 1, 4, 4, 3)
        assert int(dump["step"]) == 7


def test_a_rising_loss_stops_and_a_noisy_one_does_not(tmp_path):
    watch = divergence.DivergenceMonitor(tmp_path, ["cat", "dog"])
    rng = np.random.default_rng(0)
    for step in range(200):
        watch.check(step, metrics(float(rng.lognormal(0, 0.8))), ARRAYS)
    with pytest.raises(divergence.DivergedError, match="has risen"):
        for step in range(200, 260):
            watch.check(step, metrics(12.0), ARRAYS)


def test_the_measure_survives_a_restart(tmp_path):
    watch = divergence.DivergenceMonitor(tmp_path, [])
    for step in range(30):
        watch.check(step, metrics(2.0), {"source": np.array([], int)})
    again = divergence.DivergenceMonitor(tmp_path, [])
    again.restore(watch.state())
    assert again == watch
