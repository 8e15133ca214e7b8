"""Paints stained, cell-like RGB images: six kinds of cell among debris, in many stains."""

import numpy as np

from medjax.data.phantoms.painting import Draw, bump, disc, step

CLASSES = ("lymphoid", "lobed", "granular", "kidney-shaped", "pale-centred", "vacuolated")


def paint(rng: np.random.Generator, labels: np.ndarray, *, size: int) -> np.ndarray:
    """Paints one image for each label: float64 ``[n, size, size, 3]``, 0–1.

    Labels are integers ``[n]``, indices into ``CLASSES``. Stain, light, focus, pose, neighbours and
    debris vary equally in every class; nucleus and cytoplasm show the kind of cell.
    """
    draw = Draw(rng, len(labels))
    u, v = draw.frame(size, shift=0.28, zoom=(0.65, 1.25), turn=np.pi)
    u = u * draw.uniform(0.85, 1.2)
    cell, nucleus, grains = _cell(draw, labels, u, v)
    plasma = draw.uniform(0.15, 0.6) * cell + _neighbours(draw, u, v)
    chromatin = draw.uniform(0.7, 1.4) * nucleus
    return _stained(draw, plasma + 0.9 * grains, chromatin)


def _cell(draw: Draw, labels, u, v):
    """Paints the cell body, nucleus and red grains of the labelled kind, each about 0–1."""
    reach = draw.uniform(0.48, 0.62)
    wobble = 1 + draw.uniform(0, 0.12) * np.cos(3 * np.arctan2(v, u))
    cell = disc(u, v, reach * wobble, 0.1)
    core = draw.uniform(0.62, 0.8) * reach
    off = draw.uniform(-0.1, 0.1)
    round_one = disc(u - off, v, core, 0.12)
    lobes = np.zeros_like(u)
    for third in range(3):
        angle = third * 2.1 + draw.uniform(-0.4, 0.4)
        far = draw.uniform(0.42, 0.58) * reach
        lobes += disc(u - far * np.cos(angle), v - far * np.sin(angle), 0.33 * reach, 0.2)
    bitten = round_one * (1 - disc(u - 0.75 * core, v, 0.6 * core, 0.2))
    ring = 0.75 * cell * (1 - disc(u, v, draw.uniform(0.5, 0.62) * reach, 0.25))
    holes = np.zeros_like(u)
    for _ in range(4):
        x, y = draw.uniform(-0.6, 0.6) * reach, draw.uniform(-0.6, 0.6) * reach
        holes = np.maximum(holes, disc(u - x, v - y, 0.2 * reach, 0.2))
    waves = draw.uniform(9, 13)
    dots = np.cos(waves * u + draw.uniform(0, 6)) * np.cos(waves * v + draw.uniform(0, 6))
    speckle = cell * step(dots - 0.25, 0.2) * draw.uniform(0.5, 0.9)
    holed = round_one * (1 - holes)
    nuclei = (round_one, np.minimum(lobes, 1), 0.6 * round_one, bitten, 0 * u, holed)
    chosen = [(labels == kind)[:, None, None] for kind in range(len(CLASSES))]
    nucleus = sum(is_kind * shape for is_kind, shape in zip(chosen, nuclei, strict=True))
    body = np.where(chosen[4], ring, cell * np.where(chosen[5], 1 - 0.8 * holes, 1.0))
    return body, nucleus, chosen[2] * speckle


def _neighbours(draw: Draw, u, v):
    """Paints debris, and parts of other cells at the rim."""
    added = np.zeros_like(u)
    for _ in range(3):
        angle, far = draw.uniform(0, 2 * np.pi), draw.uniform(0.95, 1.5)
        du, dv = u - far * np.cos(angle), v - far * np.sin(angle)
        reach = draw.uniform(0.35, 0.55)
        pale = 1 - draw.uniform(0, 0.8) * bump(np.hypot(du, dv) / (0.5 * reach))
        strength = (draw.uniform(0, 1) < 0.7) * draw.uniform(0.2, 0.7)
        added += strength * disc(du, dv, reach, 0.12) * pale
    for _ in range(2):
        x, y = draw.uniform(-1, 1), draw.uniform(-1, 1)
        strength = (draw.uniform(0, 1) < 0.5) * draw.uniform(0.2, 0.8)
        added += strength * bump(np.hypot(u - x, v - y) / draw.uniform(0.05, 0.12))
    return added


def _stained(draw: Draw, eosin, haematoxylin):
    """Applies light through two dyes (Beer–Lambert), then lamp, camera and noise."""
    n, size, _ = eosin.shape
    red = [draw.uniform(*r) for r in ((0.05, 0.35), (0.6, 1.1), (0.3, 0.8))]
    blue = [draw.uniform(*r) for r in ((0.6, 1.3), (0.9, 1.6), (0.2, 0.6))]
    ramp = np.linspace(-1, 1, size)
    lamp = 1 + draw.uniform(-0.15, 0.15) * ramp + draw.uniform(-0.15, 0.15) * ramp[:, None]
    channels = []
    for r, b in zip(red, blue, strict=True):
        light = np.exp(-r * eosin - b * haematoxylin) * lamp * draw.uniform(0.75, 1.0)
        channels.append(light + draw.uniform(0.01, 0.06) * draw.normal((n, size, size)))
    return np.clip(np.stack(channels, axis=-1), 0, 1)
