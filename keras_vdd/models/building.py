"""A network made by name, and checked for what learning asks of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from keras_vdd.errors import UsageError
from keras_vdd.models.fresh import draws_of, kept_state_of
from keras_vdd.models.from_file import SUFFIX, network_from_file
from keras_vdd.models.registry import NETWORKS, Network


def create(
    architecture: str,
    classes: int,
    frames: int,
    size: int,
    width: int = 128,
    stem: int = 64,
    precision: str = "float32",
) -> keras.Model:
    """Build a network by name.

    Args:
        architecture: name of a network: of clips `"mini_c3d"`, or `"convnet_gru"`, `"convnet_lstm"`,
            `"convnet_rnn"`, `"convnet_mlp"` or `"convnet_mean"`, a ConvNet on frames with a head over time; of frames
            `"convnet_d3"` or `"convnet_d4"`; or one that was registered; or path of a
            `.keras` file, which has its own width.
        classes: int, number of logits.
        frames: int, frames of a clip; networks of frames are not given it.
        size: int, height and width of a frame in pixels.
        width: int, channels of the widest layers.
        stem: int, channels of the first layer of MiniC3D; ConvNets have none, networks of frames are not given it.
        precision: `"float32"` or `"bfloat16"`, what its layers compute in; weights and logits are float32.

    Returns:
        A built `keras.Model`: `network(x)` gives logits (batch, classes), `network.embed(x)` features.

    Raises:
        UsageError: the architecture is unknown, or lacks what `register_network` asks for.
    """
    if architecture.endswith(SUFFIX):
        return network_from_file(architecture, classes, frames, size)
    known = NETWORKS.get(architecture)
    settings = {"classes": classes, "size": size, "width": width}
    if known.input == "clips":
        settings |= {"frames": frames, "stem": stem}
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else precision)
    try:
        network = known.builder()(**settings)
    finally:
        keras.config.set_dtype_policy(policy)
    _check(network, known)
    return network


def outline(*asked: Any) -> keras.Model:
    """Build what `create` does of the same arguments, in shapes alone: weights take no memory and have no values.

    A `.keras` file is read as it is, for its weights are there.
    """
    if str(asked[0]).endswith(SUFFIX):
        return create(*asked)

    def built() -> keras.Model:
        with keras.StatelessScope(initialize_variables=False):
            return create(*asked)

    # Keras keeps, thread by thread, which weights still wait for their values, and gives them at the next occasion.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(built).result()


def sample_shape(network: keras.Model) -> tuple[int, ...]:
    """Return the shape of what a network looks at: (size, size, 3), or (frames, size, size, 3)."""
    frames = (network.frames,) if hasattr(network, "frames") else ()
    return (*frames, network.size, network.size, 3)


def _check(network: Any, known: Network) -> None:
    needed = ["embed", "size", "feature_shape"] + ["frames"] * (known.input == "clips")
    lacking = [name for name in needed if not hasattr(network, name)]
    if not isinstance(network, keras.Model) or not network.built:
        raise UsageError(
            f"The builder of network '{known.name}' gives {network!r}: it must give a built keras.Model."
        )
    if lacking:
        raise UsageError(
            f"The network '{known.name}' has no {' and no '.join(lacking)}: add what is missing."
        )
    if (state := kept_state_of(network)) is not None:
        raise UsageError(
            f"The network '{known.name}' keeps {state}, a state that is no trained weight and would be lost "
            "between networks: take a layer without, such as keras_vdd.layers.InstanceNorm for BatchNormalization."
        )
    draws_of(network)
