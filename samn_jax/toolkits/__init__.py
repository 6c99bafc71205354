"""Trackers of the package as clients of others' evaluation toolkits (extras)."""
