"""What an integrator starts from: the reference's draw, or the still passed through."""

import numpy as np
import pytest
from derivatives import numpy

from keras_vdd.errors import UsageError
from keras_vdd.layers import Integrator
from keras_vdd.layers.integrator import start_weights


def integrator_of(kernel, bias):
    layer = Integrator(dtype="float32")
    layer.build((None, 5, 6, 3))
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)
    return layer


def test_random_is_the_bound_s_uniform_draw_kernel_first():
    kernel, bias = start_weights(np.random.default_rng(3))
    rng, bound = np.random.default_rng(3), integrator_of(kernel, bias).init_bound
    np.testing.assert_array_equal(kernel, rng.uniform(-bound, bound, (3, 3, 3, 4, 3)).astype("float32"))
    np.testing.assert_array_equal(bias, rng.uniform(-bound, bound, (3,)).astype("float32"))
    assert kernel.dtype == bias.dtype == np.float32


def test_identity_passes_the_still_through_and_adds_a_part_of_the_draw():
    kernel, bias = start_weights(np.random.default_rng(3))
    own_kernel, own_bias = start_weights(np.random.default_rng(3), "identity", 0.25)
    centre = np.zeros_like(kernel)
    centre[1, 1, 1, [0, 1, 2], [0, 1, 2]] = 1
    np.testing.assert_allclose(own_kernel, centre + 0.25 * kernel, rtol=0, atol=1e-7)
    np.testing.assert_allclose(own_bias, 0.25 * bias, rtol=0, atol=1e-8)
    assert own_kernel.dtype == own_bias.dtype == np.float32

    rng = np.random.default_rng(0)
    static = rng.standard_normal((2, 5, 6, 3)).astype("float32")
    dynamic = rng.standard_normal((2, 4, 5, 6, 1)).astype("float32")
    videos = numpy(integrator_of(*start_weights(rng, "identity", 0.0))(static, dynamic))
    np.testing.assert_array_equal(videos, np.repeat(static[:, None], 4, axis=1))
    close = numpy(integrator_of(*start_weights(rng, "identity"))(static, dynamic))
    correlation = np.corrcoef(close.ravel(), videos.ravel())[0, 1]
    assert 0.95 < correlation < 1, "the still is seen, and motion has a say"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("zeros",), "'zeros': choose one of random, identity"),
        (("identity", -0.1), "-0.1"),
        (("identity", np.nan), "nan"),
    ],
)
def test_another_start_is_one_clear_sentence(options, word):
    with pytest.raises(UsageError, match=word) as caught:
        start_weights(np.random.default_rng(0), *options)
    assert str(caught.value).count("\n") == 0
