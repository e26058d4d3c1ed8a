"""JAX compiles many small functions here, each run a few times: XLA's costly passes would not pay."""

import os

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
