"""Memories in plain Python and numpy, against which designs are held."""

import numpy as np


def simulate(facts, room, keeps, loses):
    """The frames that can be read after each one: first, last and the kept ones.

    Args:
      facts: of each frame from 1 on, as for `make_entry`.
      room: how many frames are kept besides the first and the last.
      keeps: of a frame's number: whether it is kept when it is the last no more.
      loses: of the kept frames that no person gave, the last one and the one that
        comes: which makes room; the last one itself if it is not to be kept.
    """
    given = {i for i, fact in enumerate(facts, 1) if fact.get("given")}
    kept, last, result = [], None, []
    for number, fact in enumerate(facts, 1):
        if fact.get("found", True) or number in given:
            if last is not None and (last in given or keeps(last)):
                _keep(kept, (last, number), room, given, loses)
            last = number
        result.append(sorted({0, *kept} | {last or 0}))
    return result


def _keep(kept, two, room, given, loses):
    last, _ = two
    if len(kept) < room:
        kept.append(last)
        return
    free = [number for number in kept if number not in given]
    if free:
        gone = loses(free, *two)
    else:  # A person's masks fill it: only another one takes the oldest's place.
        gone = min(kept) if last in given else last
    if gone != last:
        kept[kept.index(gone)] = last


def attention(query, keys):
    """Each query cell's softmax over remembered keys, of minus squared distance."""
    difference = query[:, None, :] - keys[None, :, :]
    logits = -(difference**2).sum(-1) / np.sqrt(query.shape[-1])
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def cosines(one, other):
    lengths = np.linalg.norm(one, axis=1)[:, None] * np.linalg.norm(other, axis=1)
    return one @ other.T / lengths


def cells(entry):
    """A frame's cells as mappings, in order."""
    key = np.asarray(entry.key.attention, np.float64).reshape(entry.share.size, -1)
    value = np.asarray(entry.value.attention, np.float64).reshape(len(key), -1)
    labels = np.asarray(entry.value.labels, np.float64).reshape(len(key), -1)
    same = {"frame": int(entry.frame_idx), "given": bool(entry.given)}
    rows = zip(key, value, labels, strict=True)
    return [{"key": k, "value": v, "labels": t, **same} for k, v, t in rows]


def column(records, name):
    """One field of all cells, as an array."""
    return np.stack([record[name] for record in records])


def assert_same_cells(bank, records, **more):
    """The bank can read these cells, in any order; `more` are arrays beside it."""
    valid = np.asarray(bank.valid)
    assert valid.sum() == len(records)
    fields = {
        "key": bank.key.attention,
        "value": bank.value.attention,
        "labels": bank.value.labels,
        "frame": bank.frame_idx,
        "given": bank.given,
        **more,
    }
    found = np.lexsort(np.asarray(bank.key.attention)[valid].T)
    wanted = np.lexsort(column(records, "key").astype(np.float32).T)
    for name, stored in fields.items():
        np.testing.assert_allclose(
            np.asarray(stored)[valid][found],
            column(records, name)[wanted],
            rtol=2e-4,
            atol=2e-5,
            err_msg=name,
        )
