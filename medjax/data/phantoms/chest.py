"""Paints chest-like grey images with findings; ribs, lungs and heart vary in shape."""

from typing import NamedTuple

import numpy as np

from medjax.data.phantoms.painting import Draw, bump, disc, step

CLASSES = ("normal", "nodules", "consolidation", "effusion")

FINDINGS = (*CLASSES[1:], "cardiomegaly")
"""The columns of a label row; an image may show any number of these."""


class Acquisition(NamedTuple):
    """The ranges from which the beam, the film and the detector of each image are drawn.

    Attributes:
      gradient: largest change of brightness from the middle to an edge, each way.
      gamma: exponent of the film.
      gain: contrast.
      offset: brightness of black.
      noise: standard deviation of the detector's noise.
    """

    gradient: float = 0.12
    gamma: tuple[float, float] = (0.7, 1.5)
    gain: tuple[float, float] = (0.6, 1.15)
    offset: tuple[float, float] = (-0.05, 0.15)
    noise: tuple[float, float] = (0.02, 0.07)


USUAL = Acquisition()
"""A machine in a department of radiology."""
BEDSIDE = Acquisition(
    gradient=0.2, gamma=(0.6, 0.9), gain=(0.5, 0.7), offset=(0.15, 0.3), noise=(0.03, 0.06)
)
"""A portable machine: pale, of low contrast and uneven."""


def draw_labels(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws correlated findings: consolidation favours effusion, and effusion favours cardiomegaly.

    Returns:
      int32 ``[count, 4]``, zeros and ones in the order of ``FINDINGS``. About 62 % of the rows are
      all zeros; about 17 % have an effusion, half of those an enlarged heart too.

    Example:
      >>> draw_labels(np.random.default_rng(0), 2000).mean(0).round(2).tolist()
      [0.12, 0.18, 0.17, 0.13]
    """
    chance = rng.random((4, count))
    # Probabilities given the findings before them.
    nodules, consolidation = chance[0] < 0.12, chance[1] < 0.18
    effusion = chance[2] < np.where(consolidation, 0.6, 0.08)
    heart = chance[3] < np.where(effusion, 0.5, 0.06)
    return np.stack([nodules, consolidation, effusion, heart], axis=1).astype(np.int32)


def paint(
    rng: np.random.Generator,
    labels: np.ndarray,
    *,
    size: int,
    acquisition: Acquisition = USUAL,
) -> np.ndarray:
    """Paints one image for each label, float64 ``[n, size, size, 1]`` in 0–1.

    Anatomy, pose, exposure, noise, wires and markers vary equally in every class and account for
    nearly all of the variance. Findings are painted over one or both lungs. Labels are integers
    ``[n]``, indices into ``CLASSES``, or zeros and ones ``[n, 4]`` in the order of ``FINDINGS``.
    """
    shown = labels if labels.ndim == 2 else np.eye(5)[labels][:, 1:]
    shown = shown.astype(np.float64)[:, :, None, None]
    draw = Draw(rng, len(labels))
    u, v = draw.frame(size, shift=0.16, zoom=(0.82, 1.22), turn=0.2)
    u = u + draw.uniform(-0.12, 0.12) * v  # patients lean
    body = _thorax(draw, u, v)
    left, right, dome = _lungs(draw, u, v)
    lungs = left + right
    image = body - draw.uniform(0.35, 0.6) * lungs * body
    image += _ribs(draw, u, v) * body
    image += _middle(draw, u, v, shown[:, 3])
    image += _findings(draw, shown, u, v, (left, right), dome)
    image += _distractors(draw, u, v)
    return _exposure(draw, image, acquisition)[..., None]


def _thorax(draw: Draw, u, v):
    """Paints soft tissue: a rounded trunk with shoulders, denser towards the belly."""
    width = draw.uniform(0.85, 1.1)
    trunk = step(1 - (np.abs(u) / width) ** 4 - (np.maximum(-v - 0.35, 0) / 0.7) ** 2, 0.12)
    return trunk * (draw.uniform(0.55, 0.75) + draw.uniform(0.0, 0.15) * v)


def _lungs(draw: Draw, u, v):
    """Returns the left and right lung fields, 0–1, and the height of the diaphragm."""
    height, reach = draw.uniform(0.6, 0.85), draw.uniform(0.26, 0.36)
    floor = draw.uniform(0.48, 0.72)
    fields = []
    for side in (-1, 1):
        centre = side * draw.uniform(0.38, 0.5)
        shape = ((u - centre + side * 0.12 * v) / reach) ** 2 + np.abs(v / height) ** 3
        dome = floor + draw.uniform(-0.08, 0.08) + 0.9 * (u - centre) ** 2
        fields.append(step(1 - shape, 0.18) * step(dome - v, 0.05))
    return *fields, floor


def _ribs(draw: Draw, u, v):
    """Paints bright arcs that cross the lung fields."""
    slope = draw.uniform(0.3, 0.9)
    phase = draw.uniform(3.2, 5.2) * (v + slope * u**2) + draw.uniform(0, 1)
    wave = np.maximum(np.cos(2 * np.pi * phase), -0.2)
    return draw.uniform(0.03, 0.14) * wave * step(0.95 - np.abs(u), 0.05)


def _middle(draw: Draw, u, v, enlarged):
    """Paints spine, mediastinum and heart, which may be enlarged."""
    spine = draw.uniform(0.08, 0.25) * bump(u / draw.uniform(0.09, 0.18))
    reach = draw.uniform(0.2, 0.36) + 0.16 * enlarged
    heart = disc(u - draw.uniform(0.02, 0.2), v - draw.uniform(0.2, 0.42), reach, 0.12)
    return spine + draw.uniform(0.15, 0.35) * heart


def _findings(draw: Draw, shown, u, v, lungs, floor):
    """Paints the opacities of the findings; zero for a normal chest."""
    added = np.zeros_like(u)
    chosen = draw.uniform(0, 1) < 0.5
    strength = draw.uniform(0.32, 0.5)
    for lung, side, picked in zip(lungs, (-1, 1), (chosen, ~chosen), strict=True):
        here = (picked | (draw.uniform(0, 1) < 0.5)) * strength
        nodules = np.zeros_like(u)
        for _ in range(3):
            x = side * draw.uniform(0.25, 0.6)
            nodules += disc(u - x, v - draw.uniform(-0.5, 0.4), draw.uniform(0.07, 0.11), 0.25)
        x, y = side * draw.uniform(0.3, 0.55), draw.uniform(-0.4, 0.35)
        du, dv = (u - x) / draw.uniform(0.18, 0.28), (v - y) / draw.uniform(0.22, 0.36)
        patch = bump(np.hypot(du, dv))
        level = floor - draw.uniform(0.25, 0.6) - 0.8 * np.maximum(side * u - 0.4, 0)
        fluid = step(v - level, 0.05)
        for finding, shape in enumerate((nodules, patch * lung, fluid * lung)):
            added += shown[:, finding] * here * shape
    return added


def _distractors(draw: Draw, u, v):
    """Paints structures of no class: wires, a marker, clavicles, calcifications, soft shadows."""
    added = np.zeros_like(u)
    for _ in range(2):
        bend = draw.uniform(-0.6, 0.6) * u**2 + draw.uniform(-1.5, 1.5) * u
        line = bump((v - bend - draw.uniform(-0.8, 0.8)) / 0.05)
        added += (draw.uniform(0, 1) < 0.4) * draw.uniform(0.1, 0.4) * line
    clavicle = bump((v + draw.uniform(0.5, 0.7) + draw.uniform(0.1, 0.4) * np.abs(u)) / 0.06)
    added += draw.uniform(0.05, 0.2) * clavicle
    marker = disc(u - draw.uniform(-0.9, 0.9), v - draw.uniform(-0.9, 0.9), 0.1, 0.2)
    added += (draw.uniform(0, 1) < 0.5) * draw.uniform(0.1, 0.5) * marker
    for side in (-1, 1):
        x, y = side * draw.uniform(0.35, 0.6), draw.uniform(0.2, 0.8)
        added += draw.uniform(0, 0.15) * disc(u - x, v - y, draw.uniform(0.25, 0.45), 0.3)
    return added


def _exposure(draw: Draw, image, acquisition: Acquisition):
    """Applies beam, film and detector: gradient, gamma, gain, offset, noise."""
    n, size, _ = image.shape
    ramp, most = np.linspace(-1, 1, size), acquisition.gradient
    image = image + draw.uniform(-most, most) * ramp + draw.uniform(-most, most) * ramp[:, None]
    image = np.clip(image, 0, None) ** draw.uniform(*acquisition.gamma)
    image = draw.uniform(*acquisition.gain) * image + draw.uniform(*acquisition.offset)
    image = image + draw.uniform(*acquisition.noise) * draw.normal((n, size, size))
    return np.clip(image, 0, 1)
