"""``python -m medjax.share``, see ``medjax.cli.share``."""

import sys

from medjax.cli.share import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
