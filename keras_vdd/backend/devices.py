"""What a backend can compute on: devices by the names that `run.device` has for them."""

from dataclasses import dataclass
from typing import Any

from keras_vdd.errors import UsageError


@dataclass(frozen=True)
class Device:
    """A device as one backend sees it.

    Attributes:
        name: str, "cpu", "mps", or its kind and number, such as "cuda:0".
        label: str, what its maker calls it, such as "NVIDIA H100 80GB HBM3".
        nbytes: int, its memory in bytes; None for a processor, or where nobody says.
        native: the backend's own object for it.
    """

    name: str
    label: str
    nbytes: int | None = None
    native: Any = None

    @property
    def kind(self):
        """str, its name without a number."""
        return self.name.partition(":")[0]

    def __str__(self):
        if self.name == self.label:
            return self.name
        size = "" if self.nbytes is None else f", {self.nbytes / 1e9:.1f} GB"
        return f"{self.name} ({self.label}{size})"


def find(asked, there, backend):
    """Return the device that a value of `run.device` asks for.

    Args:
        asked: str, "cpu", "gpu" for the first that is no processor, "mps", "cuda" or "cuda:N".
        there: list of `Device`, those with most right to be first at the front.
        backend: str, whose they are, for people.

    Raises:
        UsageError: there is no such device.
    """
    wanted = {
        "gpu": lambda device: device.kind != "cpu",
        "cuda": lambda device: device.kind == "cuda",
    }.get(asked, lambda device: device.name == asked)
    for device in there:
        if wanted(device):
            return device
    if asked == "mps" and backend != "torch":
        raise UsageError(
            f"run.device=mps is for the backend torch alone, not {backend}: choose run.device=auto."
        )
    names = " and ".join(filter(None, [", ".join(map(str, there[:-1])), str(there[-1])]))
    help_ = (
        "" if len(there) > 1 else "; a GPU needs its driver and a build of the backend for it (README, GPUs)"
    )
    raise UsageError(
        f"run.device={asked} is not here: {backend} sees {names}. Choose one of these or run.device=auto{help_}."
    )
