"""Page faults are counted in processes of their own: what they do lasts."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import jax  # noqa: F401
import pytest

from samn_jax import allocation

ROOT = Path(__file__).resolve().parents[1]
COUNT = """
import json, resource, sys
import jax, jax.numpy as jnp
from samn_jax import allocation

@jax.jit
def work(a, b):  # Between the products lie 40 MB, more than is ever kept untold.
    return (a @ b) @ b.T

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work(*x).block_until_ready()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

x = jnp.ones((4096, 8)), jnp.ones((8, 2560))
faults()
given_back = min(faults() for _ in range(3))
kept = allocation.keep_pages()
# Which of XLA's threads gives a block back, and when, takes a few calls to settle.
print(json.dumps([given_back, kept, min(faults() for _ in range(20))]))
"""
GNU = platform.libc_ver()[0] == "glibc"


def count(**environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    clean |= {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", COUNT],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(not GNU, reason="the GNU C library alone is told")
def test_no_page_is_asked_for_twice():
    given_back, kept, after = count()
    assert kept
    assert given_back > 1000
    assert after < given_back // 20


def test_programs_are_dropped_before_there_is_no_room(monkeypatch, tmp_path):
    dropped = []
    monkeypatch.setattr(sys.modules["jax"], "clear_caches", lambda: dropped.append(1))
    maps, limit = tmp_path / "maps", tmp_path / "limit"
    monkeypatch.setattr(allocation, "_MAPS", maps)
    monkeypatch.setattr(allocation, "_LIMIT", limit)
    assert not allocation.make_room()  # There is no such limit.
    limit.write_text("100\n")
    maps.write_text("a map\n" * 59)
    assert not allocation.make_room() and not dropped
    maps.write_text("a map\n" * 60)
    assert allocation.make_room() and dropped


def test_what_the_environment_says_stays(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not allocation.keep_pages()


def test_without_the_gnu_library_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(allocation.ctypes, "CDLL", lambda _: object())
    assert not allocation.keep_pages()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not allocation.keep_pages()
