"""Conversion of torch checkpoints, without torch."""

from samn_jax.convert.torch_checkpoint import Report, load_torch_checkpoint

__all__ = ["Report", "load_torch_checkpoint"]
