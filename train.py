"""Trains a network: python train.py --config configs/lite.py --data_dir DATA ...

`samn-train` is the same command, installed; `--help` lists the flags.
"""

import sys

from samn_jax.training.main import main

if __name__ == "__main__":
    sys.exit(main())
