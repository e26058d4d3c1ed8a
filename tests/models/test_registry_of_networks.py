"""Networks by name: added from outside, refused where they lack what learning asks for."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_vdd import models
from keras_vdd.errors import UsageError
from keras_vdd.layers import Constant, Uniform
from keras_vdd.models.registry import names_of, register_network
from keras_vdd.recipe.load import load_recipe

STATED = {"kernel": Uniform(0.1), "recurrent_kernel": Uniform(0.2), "bias": Constant(0.0)}


class Recurrent(keras.Model):
    """A GRU over the pixels of small frames, and a linear classifier; `draws` says how weights are drawn."""

    def __init__(self, classes, frames, size, width, stem, draws=STATED):
        super().__init__()
        self.frames, self.size, self.feature_shape = frames, size, (width,)
        self.gru, self.head = keras.layers.GRU(width), keras.layers.Dense(classes, dtype="float32")
        self.gru.draws, self.head.draws = draws, STATED
        self.gru.build((None, frames, 3 * (size // 8) ** 2))
        self.head.build((None, width))
        self.built = True

    def embed(self, x, training=False):
        x = ops.cast(x[:, :, ::8, ::8], self.compute_dtype)
        return self.gru(ops.reshape(x, (-1, self.frames, 3 * (self.size // 8) ** 2)))

    def call(self, x, training=False):
        return self.head(self.embed(x, training))


@pytest.mark.parametrize("setting", ["dynamic.network", "evaluation.architecture", "static.network"])
def test_recipes_take_networks_of_the_right_input(setting, forgetting):
    wrong = "mini_c3d" if setting.startswith("static") else "convnet_d4"
    with pytest.raises(
        UsageError, match=f"{setting}={wrong} (must be one of|looks at frames, and a segment has) "
    ):
        load_recipe("quickstart", [f"{setting}={wrong}"])
    with pytest.raises(UsageError, match=f"{setting}=toy must be one of "):
        load_recipe("quickstart", [f"{setting}=toy"])
    register_network("toy", Recurrent, "frames" if setting.startswith("static") else "clips")
    assert "toy" in names_of("frames" if setting.startswith("static") else "clips")
    section, name = setting.split(".")
    assert getattr(getattr(load_recipe("quickstart", [f"{setting}=toy"]), section), name) == "toy"


def test_a_network_looks_at_frames_or_clips(forgetting):
    with pytest.raises(UsageError, match="frames or clips"):
        register_network("other", Recurrent, "videos")


def test_keras_layers_run_once_their_draws_are_stated(forgetting):
    register_network("toy", Recurrent)
    network = models.create("toy", 3, 4, 16, width=5)
    drawn = models.fresh_weights(network, np.random.default_rng(0))
    assert len(drawn) == 5
    for variable, value in zip(network.trainable_variables, drawn, strict=True):
        if variable.name == "bias":
            assert not value.any()
        else:
            bound = STATED[variable.name].bound
            assert 0.5 * bound < np.abs(value).max() <= bound


def test_a_weight_whose_draw_nobody_states_is_an_error(forgetting):
    def without(name):
        draws = {key: draw for key, draw in STATED.items() if key != name}
        return lambda **settings: Recurrent(**settings, draws=draws)

    for number, name in enumerate(STATED):
        register_network(f"toy{number}", without(name))
        with pytest.raises(UsageError, match=f"does not say how the weight '{name}' of its layer 'gru_cell"):
            models.create(f"toy{number}", 3, 4, 16, width=5)


def test_the_innermost_layer_has_the_last_word():
    network = Recurrent(3, 4, 16, 5, 4)
    network.draws = {"kernel": Constant(7.0)}
    network.gru.cell.draws = {"bias": Constant(2.0)}
    found = models.fresh_weights(network, np.random.default_rng(0))
    assert max(np.abs(value).max() for value in found) == 2.0
    assert sum((value == 2.0).all() for value in found) == 1


def test_what_learning_asks_for_is_checked(forgetting):
    class Lacking(keras.Model):
        def __init__(self, **settings):
            super().__init__()
            self.built = True

    class Normalised(Recurrent):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.norm = keras.layers.BatchNormalization(name="norm")
            self.norm.build((None, 5))

    register_network("lacking", Lacking)
    register_network("nothing", lambda **settings: None)
    register_network("normalised", Normalised)
    for name, words in (
        ("lacking", "has no embed and no size and no feature_shape and no frames"),
        ("nothing", "must give a built keras.Model"),
        ("normalised", "norm/moving_mean.*InstanceNorm"),
    ):
        with pytest.raises(UsageError, match=words):
            models.create(name, 3, 4, 16, width=5)
