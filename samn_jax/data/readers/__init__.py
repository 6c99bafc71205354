"""Benchmarks and data sets as they lie on disk, one reader each."""
