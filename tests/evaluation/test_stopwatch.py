"""Time is counted until all is computed."""

import time

import jax
import jax.numpy as jnp
import pytest

from samn_jax.evaluation import stopwatch


def test_starts_and_steps_are_timed_apart():
    watch = stopwatch.Stopwatch()
    assert watch.start(lambda a, b: a + b, 1, 2) == 3
    assert watch.step(lambda: time.sleep(0.02)) is None
    assert watch.step(len, "ab") == 2
    assert (len(watch.starts), len(watch.steps)) == (1, 2)
    assert watch.steps[0] >= 0.02 > watch.starts[0]
    assert watch.last == watch.steps[1]


def test_a_call_that_fails_is_not_counted():
    watch = stopwatch.Stopwatch()
    with pytest.raises(ZeroDivisionError):
        watch.step(lambda: 1 / 0)
    assert not watch.steps


def test_it_waits_for_every_array_of_the_answer(monkeypatch):
    waited = []
    monkeypatch.setattr(jax, "block_until_ready", waited.append)
    answer = {"state": jnp.zeros(2)}, "mask"
    stopwatch.Stopwatch().step(lambda: answer)
    assert waited == [answer]


def test_it_does_without_jax(monkeypatch):
    monkeypatch.delitem(stopwatch.sys.modules, "jax")
    assert stopwatch.Stopwatch().step(lambda: 1) == 1
