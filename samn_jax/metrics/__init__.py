"""Measures of the benchmarks, as their official evaluations compute them."""
