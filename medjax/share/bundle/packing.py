"""Packs a finished run into the bundle that a site sends."""

import os
from collections.abc import Mapping
from typing import Any

from medjax.errors import UserError
from medjax.share import archive
from medjax.share.bundle import card as cards
from medjax.share.bundle.contents import entries
from medjax.share.bundle.describing import make_card
from medjax.share.bundle.finished import FinishedRun, read_run
from medjax.share.bundle.leaks import check_no_paths
from medjax.share.bundle.reading import difference
from medjax.share.bundle.rules import check_may_leave
from medjax.store import expand_user


def pack(
    workdir: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    title: str = "",
    licence: str = "",
    allow_real_init: bool = False,
    key: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Writes the bundle of a finished run: one zip file that describes itself.

    It holds the images as ``synthetic.npz``, as PNG files by class with ``metadata.csv``, and in
    the layout of MedMNIST; and what they are, for programs (``card.json``, ``croissant.json``) and
    people (``README.md``, ``preview.png``). The same run gives the same bytes. Nothing else of the
    run gets in: no path, no file name, no seed, no date, no real image.

    Args:
      workdir: the folder of the run.
      out: the file; an existing bundle is replaced.
      title: what the bundle is called; empty for the method and, of a public set, its name.
      licence: that of the images; empty for that of a public set.
      allow_real_init: allows images that started from real ones or tell much of them (docs/
        PRIVACY.md), if the run was audited; the card says so.
      key: the file of the private key that signs it; ``None`` to leave it unsigned.

    Returns:
      The content of ``card.json``.

    Raises:
      UserError: if there is no finished run, its images must not leave the site, or the file cannot
        be written.

    Example:
      >>> pack("runs/none", "site_a.zip")
      Traceback (most recent call last):
      medjax.errors.UserError: runs/none holds no finished run: it has no readable summary.json

    Gebru et al., "Datasheets for Datasets", 2021 (arXiv 1803.09010).
    """
    made, card = prepare(
        read_run(expand_user(workdir)),
        title=title,
        licence=licence,
        allow_real_init=allow_real_init,
    )
    archive.write(expand_user(out), made, key=key)
    return card


def prepare(
    run: FinishedRun, *, title: str = "", licence: str = "", allow_real_init: bool = False
) -> tuple[Mapping[str, bytes], dict[str, Any]]:
    """Makes the entries of a bundle, and writes nothing.

    Args:
      run: the run.
      title: as for ``pack``, and so are the others.
      licence: see ``pack``.
      allow_real_init: see ``pack``.

    Returns:
      ``(entries, card)``.

    Raises:
      UserError: see ``pack``.
    """
    for what, text in (("title", title), ("licence", licence)):
        cards.check_line(what, text)
    marks = check_may_leave(run, allow_real_init=allow_real_init)
    card = make_card(run, title=title, licence=licence, marks=marks)
    if problem := difference(card, run.shared):
        raise UserError(f"{run.workdir} cannot be packed: {problem}")
    if run.shared.images.shape[-1] not in (1, 3):
        channels = run.shared.images.shape[-1]
        raise UserError(f"images of {channels} channels are no pictures; a bundle needs 1 or 3")
    made = entries(run.shared, card)
    verdict = run.audit.verdict if run.audit else ""
    check_no_paths(made, run, written=(title, licence, verdict))
    return made, card


def names_to_show(run: FinishedRun) -> list[str]:
    """Returns the names that the site gave to its classes, which leave with the bundle.

    Args:
      run: the run.

    Returns:
      The names; none if the data set is a public one.
    """
    public = cards.public_name(run.summary)
    return [] if public else [str(name) for name in run.summary["data"]["classes"]]
