"""Appearance memory: what is remembered, how it is weighed, and how it is read."""
