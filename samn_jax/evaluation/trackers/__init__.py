"""What is evaluated: the tracker, parts of it, baselines."""
