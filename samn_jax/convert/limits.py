"""What reading a foreign file may cost, and the error of one that asks for more.

Reading a checkpoint takes at most `MEMORY_FACTOR` times the file's size and
`MEMORY_BASE` bytes more than the process held before: the file once, the weights as
float32 at most twice, and what the pickle describes within `STRUCTURE_BYTES`.
"""

MEMORY_FACTOR = 3
MEMORY_BASE = 64 * 2**20
# Names, containers and numbers that a file describes: some 8,000 tensors with those of
# their optimizer.
STRUCTURE_BYTES = 32 * 2**20
# One pickle. Text in it may take five times its length while it is decoded.
PICKLE_BYTES = 4 * 2**20
# The weights as float32: half precision doubles, and small files may repeat elements.
WEIGHTS_FACTOR = 2
WEIGHTS_BASE = 16 * 2**20


class RefusedError(Exception):
    """What a file holds is damaged, or nothing that weights need; says what."""


class Allowance:
    """Bytes of memory that may still be taken for what a file describes."""

    def __init__(self, size: int = STRUCTURE_BYTES) -> None:
        self._left = size

    def spend(self, size: int) -> None:
        """Takes `size` bytes.

        Raises:
          RefusedError: there are not as many left.
        """
        self._left -= size
        if self._left < 0:
            raise RefusedError("it describes more than weights need")
