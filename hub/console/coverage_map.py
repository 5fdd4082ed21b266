"""Where areas stand on a map drawn of their middles: as they lie to each other, apart enough to be told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH = 480
"""Of the picture, in its own units; its height follows from where the areas lie."""
RADIUS = 24
_APART = 2 * RADIUS + 6
_TURNS = 200
MOST = 80
"""More areas than this make no picture that anybody could read."""

Spot = tuple[int, int]


def spread(middles: Sequence[tuple[float, float]]) -> tuple[list[Spot], int]:
    """A spot of the picture for each (latitude, longitude), in their order, and the height of the picture.

    North is up. Areas that would cover each other are pushed apart along the line between them, step by step; those in
    the very same place along lines of their own. The same middles give the same picture.
    """
    if not middles:
        return [], 2 * RADIUS
    wide = math.cos(math.radians(sum(lat for lat, _ in middles) / len(middles)))
    points = [[lon * wide, -lat] for lat, lon in middles]
    spans = [max(p[i] for p in points) - min(p[i] for p in points) for i in (0, 1)]
    room = WIDTH - 2 * RADIUS
    scale = min(room / max(spans[0], 1e-9), 1.5 * room / max(spans[1], 1e-9), 1e9)
    least = [min(p[i] for p in points) for i in (0, 1)]
    points = [[RADIUS + (x - least[0]) * scale, (y - least[1]) * scale] for x, y in points]
    for _ in range(_TURNS):
        if not _push(points):
            break
    top = min(y for _, y in points)
    found = [(round(x), round(y - top) + RADIUS) for x, y in points]
    return found, max(y for _, y in found) + RADIUS


def _push(points: list[list[float]]) -> bool:
    """Move every two that are too near half of what is missing each; whether any were."""
    moved = False
    for i, one in enumerate(points):
        for j in range(i + 1, len(points)):
            other = points[j]
            x, y = other[0] - one[0], other[1] - one[1]
            far = math.hypot(x, y)
            if far >= _APART - 1:
                continue
            if far < 1e-6:
                x, y, far = math.cos(j), math.sin(j), 1.0
                missing = _APART / 2
            else:
                missing = (_APART - far) / 2
            x, y = x / far * missing, y / far * missing
            for point, sign in ((one, -1), (other, 1)):
                point[0] = min(max(point[0] + sign * x, RADIUS), WIDTH - RADIUS)
                point[1] += sign * y
            if abs(one[0] - other[0]) < 1 and abs(one[1] - other[1]) < 1:
                other[1] += _APART  # both at the same edge: below each other
            moved = True
    return moved
