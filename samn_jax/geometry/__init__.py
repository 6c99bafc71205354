"""Boxes, crops and the shapes of masks: pure functions of arrays."""
