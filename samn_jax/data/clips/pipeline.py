"""Batches of training clips through grain: seeded, resumable, made ahead."""

from typing import NamedTuple

import grain
import numpy as np
from absl import flags

from samn_jax.data.clips.sampling import Clips

# Sample i is drawn from (seed, i): no order of threads or restarts can change it.
_LENGTH = 2**40


class Loader(NamedTuple):
    """Who makes the batches.

    Attributes:
      threads: that make batches ahead of the training, in each process.
      workers: processes beside this one; 0 leaves all to its threads.
      host: index of this host.
      num_hosts: hosts that share each batch; each makes its own samples of it.
    """

    threads: int = 1
    workers: int = 0
    host: int = 0
    num_hosts: int = 1


class _Draws(grain.transforms.RandomMap):
    """Draws one sample from the generator of its index."""

    def __init__(self, clips: Clips) -> None:
        self._clips = clips

    def random_map(
        self, element: int, rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Returns the sample of one index."""
        return self._clips(rng, int(element))


def batches(
    clips: Clips, *, batch_size: int, seed: int, loader: Loader | None = None
) -> grain.DatasetIterator:
    """Returns an endless iterator of batches, its state saved by `get_state`.

    The state counts batches, so that it is the same on all hosts. Together the hosts
    draw the samples that one host alone would, in each batch.

    Args:
      clips: draws single samples.
      batch_size: samples in a batch, over all devices of all hosts.
      seed: of everything random; the same on all hosts.
      loader: who makes the batches; a single thread if left out.

    Raises:
      ValueError: the batch can't be divided evenly over the hosts.
    """
    loader = loader or Loader()
    if batch_size % loader.num_hosts:
        raise ValueError(
            f"a batch of {batch_size} can't be divided over {loader.num_hosts} hosts: "
            "choose a multiple"
        )
    dataset = grain.MapDataset.range(_LENGTH).seed(seed).random_map(_Draws(clips))
    if loader.num_hosts > 1:
        dataset = dataset[loader.host :: loader.num_hosts]
    dataset = dataset.batch(batch_size // loader.num_hosts)
    options = grain.ReadOptions(
        num_threads=loader.threads, prefetch_buffer_size=4 * loader.threads
    )
    stream = dataset.to_iter_dataset(options)
    if loader.workers:
        if not flags.FLAGS.is_parsed():  # Grain's processes read its absl flags.
            flags.FLAGS.mark_as_parsed()
        processes = grain.MultiprocessingOptions(num_workers=loader.workers)
        stream = stream.mp_prefetch(processes)
    return iter(stream)
