"""What an iteration of a matching loss costs: passes through its network, and bytes.

Against a training pass (a clip forward, and back to the weights), as measured on MiniC3D at 8 x 64 x 64
on two processor cores: torch, tensorflow and jax differ by less than a third but where jax is slower.
"""

from dataclasses import dataclass, field
from typing import Any

FORWARD = 0.3
TO_VIDEOS = 1.0
SECOND_ORDER = 3.2


@dataclass(frozen=True)
class Cost:
    """An iteration's cost.

    Attributes:
        passes: float, in training passes of one clip (of one still, where stills are learned).
        held: int, bytes at the peak, without the memory that is learned and its optimizer.
        facts: what else a plan says of the stage.
    """

    passes: float
    held: int
    facts: dict[str, Any] = field(default_factory=dict)


def raw_and_normalised(nbytes: int) -> int:
    """Bytes of real pixels that travel as bytes and become float32 where they are looked at."""
    return 5 * nbytes
