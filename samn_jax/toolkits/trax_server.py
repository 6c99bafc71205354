"""A tracker behind TraX, the protocol between the VOT toolkit and its trackers."""

from pathlib import Path
from typing import Any

import numpy as np
import trax
from trax import region as trax_region
from trax import server as trax_server

from samn_jax.data.formats import images
from samn_jax.data.formats import vot_regions as regions
from samn_jax.evaluation.trackers import interface
from samn_jax.evaluation.trackers import regions as region_trackers

# A start is taken as the data set has it; TraX would turn a box into its filled mask.
_FORMATS = [
    trax_region.Region.RECTANGLE,
    trax_region.Region.POLYGON,
    trax_region.Region.MASK,
]


def serve(tracker: interface.VideoTracker, answer: interface.Answer, name: str) -> None:
    """Answers a client's frames over standard input and output until it quits.

    Args:
      tracker: a tracker of one object; it should have compiled before.
      answer: what it answers; it starts from what it is given.
      name: the tracker's, for the client.

    Raises:
      InputError: a frame can't be read, or the object can't be started from; the
        client is told.
    """
    state: Any = None
    output: Any
    formats = [trax.Image.PATH]
    with trax_server.Server(_FORMATS, formats, tracker_name=name) as server:
        while True:
            request = server.wait()
            if request.type == trax.TraxStatus.QUIT:
                return
            frame = images.read_frame(Path(request.image["color"].path()))
            if request.type == trax.TraxStatus.INITIALIZE:
                given = from_trax(request.objects[0][0])
                start = region_trackers.start_of(given, frame.shape[:2])
                state, output = tracker.init(frame, **start)
            else:
                state, output = interface.step(tracker, state, frame)
            region = to_trax(region_trackers.answered_region(output, answer))
            server.status([(region, {"confidence": float(output.confidence)})])


def from_trax(region: Any) -> regions.Region:
    """Returns the region that a client has sent.

    Raises:
      ValueError: it is a code, which says nothing of the object.
    """
    if region.type == trax_region.Region.RECTANGLE:
        return np.array(region.bounds(), np.float64)
    if region.type == trax_region.Region.POLYGON:
        return np.array(list(region), np.float64).ravel()
    if region.type == trax_region.Region.MASK:
        left, top = region.offset()  # Masks come cut to the window that they fill.
        return regions.MaskRegion(left, top, region.array() > 0)
    raise ValueError(f"a {region.type} region has no pixels to start from")


def to_trax(region: regions.Region) -> Any:
    """Returns the region as a client takes it; an empty mask has one pixel of 0."""
    if isinstance(region, regions.MaskRegion):
        pixels = region.pixels if region.pixels.size else np.zeros((1, 1), bool)
        window = np.ascontiguousarray(pixels, np.uint8)
        return trax_region.Mask.create(window, x=region.left, y=region.top)
    if len(region) == 4:
        return trax_region.Rectangle.create(*region.tolist())
    corners = [(x, y) for x, y in region.reshape(-1, 2).tolist()]
    return trax_region.Polygon.create(corners)
