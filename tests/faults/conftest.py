"""What several trials of faults share."""

import jaxtyping
import pytest


@pytest.fixture
def as_users_call():
    """Without the type checks that the tests are run with."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
