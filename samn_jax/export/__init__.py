"""Tracking as programs for CPU, CUDA and TPU that run where only JAX is."""

PLATFORMS = ("cpu", "cuda", "tpu")
