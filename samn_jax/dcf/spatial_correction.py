"""What the spatial memory learns where a person corrects the target's place."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from samn_jax.dcf import labels
from samn_jax.dcf import spatial_memory as spatial_lib
from samn_jax.dcf.spatial_config import SpatialMemoryConfig
from samn_jax.dcf.spatial_memory import Response, SpatialMemory


def correct_spatial_memory(
    config: SpatialMemoryConfig,
    memory: SpatialMemory,
    response: Response,
    target_center_cells: Float[Array, "2"],
) -> SpatialMemory:
    """The memory that has learned a person's place for the last frame that it saw.

    If it had learned from that frame, sample and maximum take the place of those, and
    weigh as much. Else they are added, with the weight of a frame with a distractor.
    The frame is not counted again, and the filter is refined at once.

    Args:
        config: Settings; static under jit.
        memory: State after that frame.
        response: To a crop around the person's place.
        target_center_cells: The target's center (x, y) in cells of that crop.
    """
    samples, latest = memory.samples, (memory.num_maxima - 1) % config.num_maxima
    label = labels.gaussian_label(
        target_center_cells,
        memory.sigma,
        size=response.sample.shape[:2],
        kernel_size=config.kernel_size,
    )
    replaced = memory._replace(
        samples=samples._replace(
            samples=samples.samples.at[samples.last_written].set(response.sample),
            labels=samples.labels.at[samples.last_written].set(label),
        ),
        maxima=memory.maxima.at[latest].set(response.maximum),
    )
    before = memory._replace(num_frames=memory.num_frames - 1)
    surely = response._replace(hard_negative=jnp.bool_(True))
    place, yes = (jnp.int32(0), target_center_cells), jnp.bool_(True)
    added = jax.tree.map(lambda x: x[None], before)
    added = spatial_lib.remember_in(config, added, surely, place, accepted=yes)
    is_known = memory.last_sample == memory.num_frames
    memory = jax.tree.map(lambda a, b: jnp.where(is_known, a, b[0]), replaced, added)
    return spatial_lib.refine_if(config, memory, yes)
