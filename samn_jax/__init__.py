"""SAMN in JAX: track any object through a video, mask by mask."""

__version__ = "0.1.0"
