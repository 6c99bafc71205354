"""python -m samn_jax.inspect: see `command`."""

import sys

from samn_jax.inspect import command

if __name__ == "__main__":
    sys.exit(command.main())
