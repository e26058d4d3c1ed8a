"""Networks in shapes alone."""

import keras
import pytest

from keras_vdd.models import create, outline
from keras_vdd.models.footprint import first_order_bytes
from keras_vdd.planning.timing import training_operations


@pytest.mark.parametrize("network", ["mini_c3d", "convnet_gru", "convnet_d3"])
def test_an_outline_has_the_sizes_of_the_network_and_no_values(network):
    whole, drawn = (make(network, 3, 4, 16, 8, 4) for make in (create, outline))
    assert drawn.count_params() == whole.count_params() and drawn.feature_shape == whole.feature_shape
    assert first_order_bytes(drawn, 2) == first_order_bytes(whole, 2)
    assert training_operations(drawn) == training_operations(whole)
    # 16 TB, were they there.
    assert outline(network, 3, 4, 16, 400_000, 400_000).count_params() > 10**11
    # Nothing of it is left waiting for values, which the end of any such scope gives.
    with keras.StatelessScope():
        pass
