"""A process that loads what it is asked to, so that one that hangs or dies can be told and ended.

Requests and answers are pickled, one after the other, on its standard input and output.
"""

import logging
import pickle
import sys
import warnings


def _load(name, how):
    """A set's splits, classes and skipped files, or the line that was said in its place."""
    from medjax import data
    from medjax.errors import UserError

    try:
        dataset = data.load(name, **how)
    except UserError as error:
        return str(error)
    splits = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    pixels = {split: (x.images[:], x.labels) for split, x in splits.items() if x is not None}
    return pixels, [tuple(file) for file in dataset.info.skipped]


class _Names(logging.Handler):
    """Keeps the names of all who log."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def emit(self, record):
        self.seen.add(record.name)


def main():
    """Answers until the input ends: ``(outcome, names of loggers)``; an exception is an outcome."""
    answers = sys.stdout.buffer
    import medjax.data  # noqa: F401 (before warnings are errors)

    warnings.simplefilter("error")
    names = _Names()
    logging.getLogger().addHandler(names)
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        names.seen.clear()
        try:
            outcome = _load(*request)
        except Exception as error:
            outcome = RuntimeError(f"{type(error).__name__}: {error}")
        pickle.dump((outcome, set(names.seen)), answers)
        answers.flush()


if __name__ == "__main__":
    main()
