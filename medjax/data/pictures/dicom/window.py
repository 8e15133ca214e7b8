"""The DICOM window and VOI look-up table, which say what is black and what is white."""

import numpy as np

from medjax.data.pictures.dicom import header, lookup
from medjax.data.pictures.dicom.modality import Values
from medjax.data.pictures.picture import Picture

_LEAST_WIDTH = {"LINEAR": 1, "LINEAR_EXACT": 0, "SIGMOID": 0}


def windowed(values: Values, voi) -> Picture | None:
    """Returns pixels with the black and white of the file, or None if it gives none."""
    pixels = values.pixels
    if table := lookup.of_sequence(voi, "VOILUTSequence", signed=values.signed):
        return Picture(table(pixels), 0, 2**table.bits - 1)
    function = header.element(voi, "VOILUTFunction") or "LINEAR"
    centre, width = (header.number(voi, name, float) for name in ("WindowCenter", "WindowWidth"))
    if function not in tuple(_LEAST_WIDTH) or None in (centre, width):
        return None
    if not np.isfinite([centre, width]).all() or width <= 0 or width < _LEAST_WIDTH[function]:
        return None
    if function == "SIGMOID":
        shown = 1 / (1 + np.exp(-4 * (pixels.astype(np.float64) - centre) / width))
        return Picture(shown.astype(np.float32), 0, 1)
    if function == "LINEAR":  # PS3.3 C.11.2.1.2.1
        centre, width = centre - 0.5, width - 1
    return Picture(pixels, centre - width / 2, centre + width / 2)
