"""Names for annotations: the backends' tensors share no class, and Keras gives them none."""

from os import PathLike
from typing import Any

# A tensor of the active backend, or an array that `keras.ops` takes for one.
Tensor = Any
# Sizes: an int each, or None where it is not known yet.
Shape = tuple[Any, ...]
# A place on the disk.
File = str | PathLike[str]
