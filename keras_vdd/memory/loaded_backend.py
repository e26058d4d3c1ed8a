"""Whether reading a published set may compute on the backend of Keras: only where Keras is at work already.

Reading imports neither Keras nor a backend, and does not wake one, for much of a backend's configuration is refused
once it has begun. A process that was forked computes in NumPy: the threads of TensorFlow, JAX and OpenMP do not
survive a fork, and whoever waits for them waits for ever.
"""

import os
import sys

from keras_vdd.installed import BACKENDS

# Imported with the readers of sets, before whoever uses them forks workers.
_FIRST_PROCESS = os.getpid()


def at_work() -> bool:
    """Return whether Keras and its backend are loaded and computing in this process, which was not forked."""
    keras = sys.modules.get("keras")
    if os.getpid() != _FIRST_PROCESS or keras is None or _unfinished(keras):
        return False
    name = keras.config.backend()
    if name not in BACKENDS or name not in sys.modules:
        return False
    from keras_vdd.backend import started

    return started()


def _unfinished(module):
    # Another thread is still importing it.
    return getattr(getattr(module, "__spec__", None), "_initializing", False)
