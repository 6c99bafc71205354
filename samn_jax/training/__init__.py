"""Training: state, step, optimiser, devices, checkpoints, loop."""
