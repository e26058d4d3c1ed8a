"""`python -m keras_vdd.cli` is `vdd`."""

import sys

from keras_vdd.cli.main import run

if __name__ == "__main__":  # processes that are spawned to decode videos import this module again
    sys.exit(run())
