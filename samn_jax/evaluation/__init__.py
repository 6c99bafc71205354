"""Benchmarks: run a tracker over a data set, score the results, report them."""
