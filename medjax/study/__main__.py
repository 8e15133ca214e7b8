"""``python -m medjax.study``, see ``medjax.cli.study``."""

import sys

from medjax.cli.study import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
