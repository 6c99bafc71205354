"""The spatial memory: an online discriminative correlation filter (SMN)."""
