"""``python -m medjax.evaluate``, see ``medjax.cli.evaluate``."""

import sys

from medjax.cli.evaluate import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
