"""Errors that a user can cure: one line that names the file and what to do."""


class InputError(ValueError):
    """Bad input, such as a missing frame or a mask of another size.

    As text it is one line that a terminal shows as it is, whatever names are in it.
    """

    def __str__(self) -> str:
        """Returns the message, escaped where unprintable."""
        return one_line(super().__str__())


def one_line(text: object) -> str:
    r"""Returns a whole message as one line, escaped where unprintable.

    >>> one_line("a\nb")
    'a\\nb'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text)
    )
