"""What holds of every network."""

import numpy as np


def check_entries_do_not_mix(variables, apply, image, mask):
    """Another second crop of a batch changes the answer to the second alone."""
    both = apply(variables, image, mask)
    changed = apply(variables, image.at[1].set(0.5), mask.at[1].set(0.0))
    np.testing.assert_allclose(both[0], changed[0], rtol=1e-4, atol=1e-4)
    assert not np.allclose(both[1], changed[1])
