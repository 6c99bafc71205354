"""python -m samn_jax.lab: see `command`."""

import sys

from samn_jax.lab import command

if __name__ == "__main__":
    sys.exit(command.main())
