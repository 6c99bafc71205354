"""What the fuzz tests share: damaged copies of good files, and what may come of them.

A reader of files that others made may refuse them in one line, and nothing else. The
tests draw a few hundred damaged files from a fixed seed; `SAMN_FUZZ_EXAMPLES=20000`
makes the run long, `SAMN_FUZZ_REPORT=FILE` writes how many were read and refused.
"""

import atexit
import contextlib
import copy
import json
import os
import random
import resource
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
from hypothesis import strategies as st

from samn_jax.errors import InputError

EXAMPLES = int(os.environ.get("SAMN_FUZZ_EXAMPLES", "60"))
_SLOW = (hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large)
_SHARED = (hypothesis.HealthCheck.function_scoped_fixture,)

# Bytes that lengths, counts, offsets and text are likely to choke on.
_TOKENS = (
    *(b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00"),
    *(b"\x00\x00\x00\x00", b"\xff" * 8, b"\xed\xa0\x80", b"\r\n", b"\n", b" ", b","),
    *(b"nan", b"inf", b"-1", b"1e999", b"9" * 40, b"../", b"/", b"..", b"%s", b"\x1b["),
    *(b"{", b"}", b"[", b"]", b'"', b"null"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**31, -(2**63), 10**40, float("inf"), float("nan")),
    *("", "..", "../x", "/etc/passwd", "a\nb", "\x1b[31m", "é" * 300, "1", [], {}),
    *([[]], {"": None}, [None] * 40),
)


def fuzz(test: Callable) -> Callable:
    """Runs a test of hypothesis on `EXAMPLES` drawn inputs, the same each time."""
    settings = hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=(*_SLOW, *_SHARED),
    )
    return settings(test)


@contextlib.contextmanager
def only_input_errors() -> Iterator[None]:
    """Fails unless the block succeeds or ends in one printable line."""
    try:
        yield
        count(read=1)
    except InputError as error:
        text = str(error)
        assert text and text.isprintable(), f"not one printable line: {text!r}"
        count(refused=1)


def count(**figures: float) -> None:
    """Adds figures of the running test to those that `SAMN_FUZZ_REPORT` is to hold."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2]
    test = _figures.setdefault(name.partition(" (")[0], {})
    for figure, value in figures.items():
        test[figure] = round(test.get(figure, 0) + value, 3)


def _report(path: str) -> None:
    """Writes what was counted, and the most memory that the tests' process took."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"tests": _figures, "most_bytes": most}, file, indent=2)


_figures: dict[str, dict[str, float]] = {}
if "SAMN_FUZZ_REPORT" in os.environ:
    atexit.register(_report, os.environ["SAMN_FUZZ_REPORT"])


def damaged(*originals: bytes) -> st.SearchStrategy[bytes]:
    """Returns copies of the files with up to four changes of any kind.

    A change overwrites, inserts, removes, doubles or swaps a stretch, cuts the end off,
    or adds to it.
    """
    seeds = st.integers(0, 2**32 - 1)
    return st.builds(
        lambda data, seed, count: _change(random.Random(seed), data, count),
        st.sampled_from(originals),
        seeds,
        st.integers(1, 4),
    )


def damaged_text(*originals: str) -> st.SearchStrategy[bytes]:
    """Returns text files with lines moved, doubled, removed, or damaged as bytes."""
    return st.builds(
        lambda text, seed, count: _change_lines(random.Random(seed), text, count),
        st.sampled_from(originals),
        st.integers(0, 2**32 - 1),
        st.integers(1, 3),
    ) | damaged(*(text.encode() for text in originals))


def damaged_json(content: Any) -> st.SearchStrategy[bytes]:
    """Returns JSON files with values or keys replaced, or damaged as bytes."""
    return st.builds(
        lambda seed, count: _change_values(random.Random(seed), content, count),
        st.integers(0, 2**32 - 1),
        st.integers(1, 3),
    ) | damaged(json.dumps(content).encode())


def changed_json(rng: random.Random, content: Any) -> bytes:
    """Returns a JSON file with up to three values or keys replaced."""
    return _change_values(rng, content, rng.randint(1, 3))


def changed_bytes(rng: random.Random, data: bytes) -> bytes:
    """Returns a copy with up to three changes, as `damaged` makes them."""
    return _change(rng, data, rng.randint(1, 3))


def _change(rng: random.Random, data: bytes, count: int) -> bytes:
    for _ in range(count):
        data = _change_once(rng, data)
    return data


def _change_once(rng: random.Random, data: bytes) -> bytes:
    # Half of all changes fall into the first 64 bytes: headers are short.
    reach = min(len(data), 64) if rng.random() < 0.5 else len(data)
    at, other = rng.randint(0, reach), rng.randint(0, len(data))
    end = min(len(data), at + rng.choice((1, 1, 2, 4, 16, 256)))
    before, part, after = data[:at], data[at:end], data[end:]
    token = rng.choice(_TOKENS)
    tail = rng.randbytes(rng.choice((1, 40, 5000)))
    copies = (
        before + rng.randbytes(end - at) + after,
        before + _flipped(rng, part) + after,
        before + token + data[at + len(token) :],
        before + token + data[at:],
        before + after,
        before + part + part + after,
        data[:other] + part + data[other:],
        before,
        data + tail,
    )
    return rng.choice(copies)


def _flipped(rng: random.Random, part: bytes) -> bytes:
    bit = 1 << rng.randrange(8)
    return bytes([part[0] ^ bit]) + part[1:] if part else part


def _change_lines(rng: random.Random, text: str, count: int) -> bytes:
    lines = text.encode().split(b"\n")
    for _ in range(count):
        at, other = rng.randrange(len(lines) + 1), rng.randrange(len(lines) + 1)
        words = lines[at].split(b",") if at < len(lines) else [b""]
        words[rng.randrange(len(words))] = rng.choice(_TOKENS)
        lines[at : at + 1] = rng.choice(
            ([b",".join(words)], [], lines[at : at + 1] * 2, lines[other : other + 1])
        ) or [b""]
    return b"\n".join(lines)


def _change_values(rng: random.Random, content: Any, count: int) -> bytes:
    content = copy.deepcopy(content)
    for _ in range(count):
        content = _replace_one(rng, content)
    return json.dumps(content).encode()


def _replace_one(rng: random.Random, node: Any) -> Any:
    """Returns the tree with one value, key or branch replaced, at a random depth."""
    if not isinstance(node, dict | list) or not node or rng.random() < 0.2:
        return copy.deepcopy(rng.choice(_VALUES))
    keys = list(node) if isinstance(node, dict) else range(len(node))
    key = rng.choice(keys)
    action = rng.random()
    if action < 0.1:
        del node[key]
    elif action < 0.25 and isinstance(node, dict):
        node[str(rng.choice(_VALUES))] = node.pop(key)
    else:
        node[key] = _replace_one(rng, node[key])
    return node
