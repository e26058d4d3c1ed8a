"""`python -m keras_vdd` is `vdd`."""

import os
import sys

if __name__ == "__main__":  # processes that are spawned to decode videos import this module again
    # `-m` has Python look into the working directory first: a user's `random.py` there is not the one that is meant.
    if not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
        del sys.path[0]
    from keras_vdd.cli.main import run

    sys.exit(run())
