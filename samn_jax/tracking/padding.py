"""Between frames as they come and the padded ones that are computed on."""

from typing import Any, TypeVar

import numpy as np
from jaxtyping import Array

from samn_jax.tracking import checks
from samn_jax.tracking.multi_object import MultiPrediction
from samn_jax.tracking.state import Prediction, bucket

Answer = TypeVar("Answer", Prediction, MultiPrediction)


def pad(image: np.ndarray) -> np.ndarray:
    """Returns the frame or mask padded to its bucket."""
    height, width = bucket(*image.shape[:2])
    rest = [(0, 0)] * (image.ndim - 2)
    pads = [(0, height - image.shape[0]), (0, width - image.shape[1]), *rest]
    return np.pad(image, pads)


def finish(answer: Answer, size: tuple[int, ...]) -> Answer:
    """Returns the answer cut to the frame, on the host.

    Raises:
      InputError: it is NaN.
    """
    checks.check_answer(
        answer.objects if isinstance(answer, MultiPrediction) else answer
    )
    return cut(answer, size)


def cut(answer: Answer, size: tuple[int, ...]) -> Answer:
    """Returns the answer with its maps cut to the frame, on the host."""
    height, width = size

    def crop(x: Array) -> Any:
        return np.asarray(x)[..., :height, :width]

    if isinstance(answer, MultiPrediction):
        objects = cut(answer.objects, size)
        return answer._replace(objects=objects, ids=crop(answer.ids))
    return answer._replace(mask=crop(answer.mask))
