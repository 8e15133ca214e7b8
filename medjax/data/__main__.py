"""``python -m medjax.data``, see ``medjax.cli.data``."""

import sys

from medjax.cli.data import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
