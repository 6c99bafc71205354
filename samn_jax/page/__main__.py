"""python -m samn_jax.page: see `command`."""

import sys

from samn_jax.page import command

if __name__ == "__main__":
    sys.exit(command.main())
