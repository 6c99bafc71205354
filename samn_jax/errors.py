"""Errors that a user can cure: one line that names the file and what to do."""


class InputError(ValueError):
    """Bad input, such as a missing frame or a mask of another size."""
