"""Connected components of a binary mask, on the device and with static shapes.

Pixels that always belong together are one node of a graph, whose components are found
by hooking and pointer jumping (FastSV: Zhang, Azad and Hu, SIAM PP 2020). It is exact
on any mask, and its rounds grow with the logarithm of a shape's length, so that spirals
and noise cost little more than blobs.

Objects are 8-connected and the background 4-connected, as in OpenCV's contours, on
which the authors' release builds.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from samn_jax import varying


class _Edge(NamedTuple):
    """Which nodes of a grid are connected with the one a step (down, right) away."""

    connected: Bool[Array, "h w"]
    step: tuple[int, int]


def fill_holes(mask: Bool[Array, "H W"]) -> Bool[Array, "H W"]:
    """The mask and all background that has no 4-connected way to the border.

    >>> ring = jnp.ones((3, 3), bool).at[1, 1].set(False)
    >>> bool(fill_holes(ring).all())
    True
    """
    height, width = mask.shape
    # A ring of background makes the outside one component, which holds the last node.
    background = ~jnp.pad(mask, ((1, 1), (1, 1 + width % 2)))
    left, right = background[:, 0::2], background[:, 1::2]
    beside = right & _look(left, (0, 1))
    below = (left & _look(left, (1, 0))) | (right & _look(right, (1, 0)))
    root = _roots([_Edge(beside, (0, 1)), _Edge(below, (1, 0))])
    outside = jnp.repeat(root == root.size - 1, 2, axis=1) & background
    return ~outside[1 : height + 1, 1 : width + 1]


def fill_component(component: Bool[Array, "H W"]) -> Bool[Array, "H W"]:
    """What `fill_holes` makes of one 8-connected component, or of an empty mask.

    Its Euler number, which is local to count, tells whether it has holes at all. Most
    have none, and the background need not be searched.
    """
    holes = jnp.any(component).astype(jnp.int32) - euler_number(component)
    return jax.lax.cond(holes > 0, fill_holes, lambda mask: mask, component)


def euler_number(mask: Bool[Array, "H W"]) -> Int[Array, ""]:
    """The number of 8-connected components less that of their holes.

    From counts of the squares of 2 × 2 pixels with one, three or two opposite pixels in
    the mask (Gray, IEEE Trans. Computers 1971).
    """
    padded = jnp.pad(mask, 1).astype(jnp.int32)
    upper, lower = padded[:-1], padded[1:]
    count = upper[:, :-1] + upper[:, 1:] + lower[:, :-1] + lower[:, 1:]
    opposite = (count == 2) & (upper[:, :-1] == lower[:, 1:])
    corners = (count == 1).astype(jnp.int32) - (count == 3).astype(jnp.int32)
    return jnp.sum(corners - 2 * opposite.astype(jnp.int32)) // 4


def largest_component(
    mask: Bool[Array, "H W"], *, min_area: int = 50
) -> tuple[Bool[Array, "H W"], Int[Array, ""]]:
    """The 8-connected component with most pixels, and how many it has.

    Below `min_area` pixels the result is an empty mask and 0. Of several equally large
    ones it is the one that reaches furthest down.

    >>> mask = jnp.zeros((4, 4), bool).at[:2].set(True).at[3, 3].set(True)
    >>> component, count = largest_component(mask, min_area=1)
    >>> int(count), bool(component[3, 3])
    (8, False)
    """
    height, width = mask.shape
    padded = jnp.pad(mask, ((0, height % 2), (0, width % 2)))
    pixels = [padded[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    root = _roots(_block_edges(*pixels))
    pixel_count = sum(part.astype(jnp.int32) for part in pixels)
    areas = jnp.zeros(root.size, jnp.int32)
    areas = areas.at[root].add(pixel_count, mode="promise_in_bounds")
    largest = areas.size - 1 - jnp.argmax(areas[::-1])
    area = jnp.where(areas[largest] >= min_area, areas[largest], 0)
    chosen = (root == largest) & (area > 0)
    chosen = jnp.repeat(jnp.repeat(chosen, 2, axis=0), 2, axis=1)
    return mask & chosen[:height, :width], area


def _roots(edges: list[_Edge]) -> Int[Array, "h w"]:
    """For each node the highest node number of its component."""
    steps = [edge.step for edge in edges]

    @jax.custom_batching.custom_vmap
    def roots(connected: list[Array]) -> Array:
        return _propagate([_Edge(*edge) for edge in zip(connected, steps, strict=True)])

    @roots.def_vmap
    def one_below_the_other(
        axis_size: int, in_batched: list, connected: list[Array]
    ) -> tuple[Array, bool]:
        # A batch is one tall grid, of which no edge leads from one image to the next:
        # many times faster than batched scatters.
        height, width = connected[0].shape[1:]
        tall = [stack.reshape(axis_size * height, width) for stack in connected]
        stacked = roots(tall).reshape(axis_size, height, width)
        first = jnp.arange(axis_size, dtype=jnp.int32) * (height * width)
        return stacked - first[:, None, None], True

    return roots([edge.connected for edge in edges])


def _propagate(edges: list[_Edge]) -> Int[Array, "h w"]:
    """For each node the highest node number of its component.

    A label is a node of the same component and never below the node itself. So once a
    round changes nothing, neighbors agree, and their label is the highest node.
    """
    shape = edges[0].connected.shape
    nodes = jnp.arange(shape[0] * shape[1], dtype=jnp.int32)
    in_bounds: Any = {"mode": "promise_in_bounds", "wrap_negative_indices": False}

    def hook(state: tuple[Array, Array]) -> tuple[Array, Array]:
        label, _ = state
        best = _neighbor_max(label.reshape(shape), edges).reshape(-1)
        jumped = best.at[label].max(best, **in_bounds)
        # Three jumps a round instead of one: a gather is cheaper than a scatter.
        for _ in range(3):
            jumped = jumped.at[jumped].get(**in_bounds)
        return jumped, jnp.any(jumped != label)

    start = varying.like((nodes, jnp.bool_(True)), edges)
    return jax.lax.while_loop(lambda state: state[1], hook, start)[0].reshape(shape)


def _neighbor_max(labels: Int[Array, "h w"], edges: list[_Edge]) -> Array:
    """The largest label among each node and those it is connected with."""
    best = labels
    for connected, (down, right) in edges:
        forward = jnp.where(connected, _look(labels, (down, right)), 0)
        backward = _look(jnp.where(connected, labels, 0), (-down, -right))
        best = jnp.maximum(best, jnp.maximum(forward, backward))
    return best


def _block_edges(
    top_left: Bool[Array, "h w"],
    top_right: Bool[Array, "h w"],
    low_left: Bool[Array, "h w"],
    low_right: Bool[Array, "h w"],
) -> list[_Edge]:
    """Which blocks of 2 x 2 pixels, given as four images, touch, corners included."""
    left, top = top_left | low_left, top_left | top_right
    right, low = top_right | low_right, low_left | low_right
    return [
        _Edge(right & _look(left, (0, 1)), (0, 1)),
        _Edge(low & _look(top, (1, 0)), (1, 0)),
        _Edge(low_right & _look(top_left, (1, 1)), (1, 1)),
        _Edge(low_left & _look(top_right, (1, -1)), (1, -1)),
    ]


def _look(image: Array, step: tuple[int, int]) -> Array:
    """At each place the value one step (down, right) away, zero past the edge."""
    padding = [(-distance, distance, 0) for distance in step]
    return jax.lax.pad(image, jnp.zeros((), image.dtype), padding)
