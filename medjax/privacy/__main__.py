"""``python -m medjax.privacy``, see ``medjax.cli.privacy``."""

import sys

from medjax.cli.privacy import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
