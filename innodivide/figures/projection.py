"""From degrees to a plane: projection, outlines of countries, frame of a map, and points that keep apart."""

import numpy as np

from innodivide.errors import ParameterError


def project(lon, lat) -> tuple[np.ndarray, np.ndarray]:
    """Return ETRS89-LAEA Europe (EPSG:3035) easting and northing in metres of points in degrees.

    Lambert azimuthal equal-area, oblique, on the GRS80 ellipsoid: IOGP Guidance Note 7-2, method 9820; Snyder (1987),
    Map Projections: A Working Manual, USGS Professional Paper 1395, pp. 187-188.
    """
    a, flattening = 6378137.0, 1 / 298.257222101
    e2 = flattening * (2 - flattening)
    e = np.sqrt(e2)

    def q(sine):
        return (1 - e2) * (sine / (1 - e2 * sine**2) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e))

    lon, lat = np.radians(np.asarray(lon, dtype=float)), np.radians(np.asarray(lat, dtype=float))
    lon0, lat0 = np.radians(10.0), np.radians(52.0)
    radius = a * np.sqrt(q(1.0) / 2)
    beta, beta0 = np.arcsin(q(np.sin(lat)) / q(1.0)), np.arcsin(q(np.sin(lat0)) / q(1.0))
    d = a * np.cos(lat0) / np.sqrt(1 - e2 * np.sin(lat0) ** 2) / (radius * np.cos(beta0))
    cosine = np.cos(beta) * np.cos(lon - lon0)
    b = radius * np.sqrt(2 / (1 + np.sin(beta0) * np.sin(beta) + np.cos(beta0) * cosine))
    return (
        4321000 + b * d * np.cos(beta) * np.sin(lon - lon0),
        3210000 + b / d * (np.cos(beta0) * np.sin(beta) - np.sin(beta0) * cosine),
    )


def shapes_of(outlines) -> list[tuple]:
    """Return (geo, layer, area, vertices) of each part, largest first, so that enclaves lie on top."""
    found = []
    for (geo, _), part in outlines.groupby(["geo", "part"], sort=True):
        x, y = project(part["lon"], part["lat"])
        area = abs(np.dot(x - x[0], np.roll(y, 1) - y[0]) - np.dot(y - y[0], np.roll(x, 1) - x[0])) / 2
        found.append((geo, part["layer"].iloc[0], area, np.column_stack([x, y])))
    return sorted(found, key=lambda s: -s[2])


def limits_around(parts, points) -> tuple[float, float, float, float]:
    """Return map limits around some parts and the points close to them, with a margin: at least 320 km wide (so that
    the smallest countries have neighbours), and not much taller than wide.
    """
    if not parts:
        raise ParameterError("the outlines have no part in layer 'eu27' to frame the map")
    corners = np.concatenate(parts)
    near = 0.15 * np.ptp(corners, axis=0)
    close = points[((points > corners.min(axis=0) - near) & (points < corners.max(axis=0) + near)).all(axis=1)]
    corners = np.concatenate([corners, close])
    (width, height), (middle, centre) = np.ptp(corners, axis=0) * 1.1, (corners.min(axis=0) + corners.max(axis=0)) / 2
    width = max(width, height / 1.2, 320e3)
    height = max(height, width * 0.7)
    return middle - width / 2, middle + width / 2, centre - height / 2, centre + height / 2


def moved_apart(x, y, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points moved apart, in equal steps of both, until no two are nearer than `gap` (or after 60 rounds)."""
    spots = np.column_stack([x, y])
    for _ in range(60):
        between = spots[:, None] - spots[None]
        distance = np.hypot(*np.moveaxis(between, 2, 0))
        first, second = np.nonzero(np.triu(distance < gap * 0.999, 1))
        if not len(first):
            break
        for i, j in zip(first, second):
            step = spots[i] - spots[j] if distance[i, j] > 0 else np.array([1.0, 0.0])
            push = step / np.hypot(*step) * (gap - distance[i, j]) / 2
            spots[i], spots[j] = spots[i] + push, spots[j] - push
    return spots[:, 0], spots[:, 1]
