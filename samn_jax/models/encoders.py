"""Query and memory encoder: trunks over a frame, and over a frame with its masks."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from samn_jax.models import resnet

# Mean and standard deviation of ImageNet's RGB colors in [0, 1].
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)


def normalize(image: Float[Array, "B H W 3"]) -> Float[Array, "B H W 3"]:
    """Returns RGB in [0, 1] as the trunks want it: zero mean, unit deviation."""
    mean, std = (jnp.asarray(v, image.dtype) for v in (IMAGENET_MEAN, IMAGENET_STD))
    return (image - mean[None, None, None, :]) / std[None, None, None, :]


class QueryEncoder(resnet.ResNet):
    """Encoder_Q: the frame to be segmented."""

    dtype: str = "float32"

    def __call__(self, image: Float[Array, "B H W 3"]) -> tuple[Array, ...]:
        """Returns features at stride 16, 8 and 4 of an image in [0, 1]."""
        return self.features(normalize(image).astype(self.dtype))


class MemoryEncoder(resnet.ResNet):
    """Encoder_M: a frame with the mask that it is remembered by."""

    dtype: str = "float32"

    def __call__(
        self,
        image: Float[Array, "B H W 3"],
        mask: Float[Array, "B H W"],
        others: Float[Array, "B H W"],
    ) -> Float[Array, "B h w C"]:
        """Returns features at stride 16.

        Args:
          image: RGB in [0, 1].
          mask: probability of the object.
          others: probability of what is not the object: the background (SAMN), or
            the other objects (STM).
        """
        planes = {"conv1_m": mask.astype(self.dtype)}
        planes["conv1_o"] = jax.lax.clamp(0.0, others, 1.0).astype(self.dtype)
        return self.features(normalize(image).astype(self.dtype), planes)[0]
