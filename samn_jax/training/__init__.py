"""Training: settings, unrolling, step, optimiser, devices, checkpoints, loop."""
