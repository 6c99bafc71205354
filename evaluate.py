"""Tracks the videos of a benchmark and scores the result; without arguments, a demo.

python evaluate.py --dataset davis16 --data_dir DAVIS --checkpoint lite

`samn_jax.evaluation.main` has the flags.
"""

import sys

from samn_jax.evaluation.main import main

if __name__ == "__main__":
    sys.exit(main())
