"""Appearance networks: ResNet-50 as in the paper, and a compact one."""
