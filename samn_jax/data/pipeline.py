"""Batches of training clips through grain: seeded, resumable, made ahead."""

import grain
import numpy as np

from samn_jax.data.sampling import Clips

# Sample i is drawn from (seed, i): no order of threads or restarts can change it.
_LENGTH = 2**40


class _Draws(grain.transforms.RandomMap):
    """Draws one sample from the generator of its index."""

    def __init__(self, clips: Clips) -> None:
        self._clips = clips

    def random_map(
        self, element: int, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Returns the sample of one index."""
        del element
        return self._clips(rng)


def batches(
    clips: Clips, *, batch_size: int, seed: int, threads: int = 1
) -> grain.DatasetIterator:
    """Returns an endless iterator of batches, its state saved by `get_state`.

    Args:
      clips: draws single samples.
      batch_size: samples in a batch, over all devices of this host.
      seed: of everything random; give each host its own.
      threads: threads that make samples ahead of the training.
    """
    dataset = (
        grain.MapDataset.range(_LENGTH)
        .seed(seed)
        .random_map(_Draws(clips))
        .batch(batch_size)
    )
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=4 * threads)
    return iter(dataset.to_iter_dataset(options))
