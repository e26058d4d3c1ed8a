"""Which networks there are; no network and no Keras is imported to tell.

A network of the package is a file of `models/frames` or `models/clips`, whichever it looks at: the file's name is
the network's, and its `NETWORK` builds it, as `register_network` says. One from outside is registered.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from keras_vdd.errors import UsageError
from keras_vdd.registry import Registry, modules_of
from keras_vdd.settings import one_of

INPUTS = ("frames", "clips")


@dataclass(frozen=True)
class Network:
    """A kind of network.

    Attributes:
        name: as recipes name it.
        input: "frames" or "clips".
        builder: function without arguments that returns what builds it, see `register_network`.
    """

    name: str
    input: str
    builder: Callable[[], Callable[..., Any]]


@dataclass(frozen=True)
class _Given:
    builder: Callable[..., Any]

    def __call__(self) -> Callable[..., Any]:
        return self.builder


def _own() -> Iterator[tuple[str, Network]]:
    for kind in INPUTS:
        for name, module in modules_of(f"keras_vdd.models.{kind}"):
            yield name, Network(name, kind, functools.partial(_builder_in, module))


def _builder_in(module: Callable[[], Any]) -> Callable[..., Any]:
    return module().NETWORK


NETWORKS = Registry("network", _own)


def register_network(name: str, builder: Callable[..., Any], input: str = "clips") -> None:
    """Add a network, so that recipes can name it, in this process.

    The command line knows it where the file that calls this is named by `--plugin`. docs/adding-a-network.md makes one
    from start to end.

    Args:
        name: as recipes will name it: `static.network` those of frames, `dynamic.network` and
            `evaluation.architecture` those of clips.
        builder: a class or function that returns a new, built `keras.Model`. It is called with `classes` (int,
            number of logits), `size` (int, side of a frame in pixels) and `width` (int, channels of the widest
            layers); one of clips also with `frames` (int, of a clip) and `stem` (int, channels of the first
            layer). The model is called with float32 frames (batch, size, size, 3) or clips (batch, frames, size,
            size, 3) and returns float32 logits (batch, classes); its `embed(x, training=False)` returns features
            (batch, features). It has the attributes `size`, `feature_shape` (the features' shape before they are
            flattened) and, for clips, `frames`, and `any_length = True` where clips of other lengths have as many
            features. Each layer says how its weights are drawn in `draws`, a dict by
            the weights' names of functions (shape, rng) -> float32 array, such as `keras_vdd.layers.Uniform`.
        input: "clips" or "frames".

    Raises:
        UsageError: the name is taken, or an argument is none of these.

    Example:
        >>> keras_vdd.register_network("my_net", MyNet)
        >>> keras_vdd.evaluate("runs/quickstart", **{"evaluation.architecture": "my_net"})
    """
    if input not in INPUTS:
        raise UsageError(
            f"A network looks at frames or clips, not at {input!r}: give input='frames' or 'clips'."
        )
    if not callable(builder):
        raise UsageError(f"The builder of network '{name}' must be a class or a function, not {builder!r}.")
    NETWORKS.add(name, Network(name, input, _Given(builder)))


def names_of(input: str) -> list[str]:
    """Return the names of the networks of "frames" or of "clips"."""
    return [network.name for network in NETWORKS if network.input == input]


FrameNetwork = Annotated[str, one_of(lambda: names_of("frames"))]
ClipNetwork = Annotated[str, one_of(lambda: names_of("clips"))]
AnyNetwork = Annotated[str, one_of(NETWORKS.names)]
