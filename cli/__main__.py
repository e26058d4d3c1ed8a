"""`python -m keras_vdd.cli` is `vdd`."""

import sys

from keras_vdd.cli.main import main

sys.exit(main())
