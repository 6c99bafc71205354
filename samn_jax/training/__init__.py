"""Training: settings, unrolling, step, optimizer, devices, checkpoints, loop."""
