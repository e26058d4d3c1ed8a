"""Estimates of memory, and the form of MTT's gradient that follows from them."""

import pytest

from keras_vdd import models
from keras_vdd.errors import UsageError
from keras_vdd.models import footprint
from keras_vdd.models.footprint import activation_bytes, trajectory_bytes, trajectory_form, weight_bytes


@pytest.fixture(scope="module")
def network():
    return models.create("mini_c3d", 3, 4, 16, width=8, stem=4)


def fixed_memory(monkeypatch, nbytes):
    monkeypatch.setattr(footprint, "total_bytes", lambda: nbytes)


def test_activations_are_those_of_every_operation_counted_by_hand():
    network = models.create("convnet_d3", 2, 1, 8, width=4)
    blocks = sum(4 * side * side * 3 + 4 * (side // 2) ** 2 for side in (8, 4, 2))  # conv, norm, relu; pool
    known = 8 * 8 * 3 + blocks
    counted = activation_bytes(network, "embed") / 4
    # Casts, transposes and reshapes differ between layouts; each is at most one more image or feature.
    assert known <= counted <= known + 2 * 8 * 8 * 3 + 3 * 4


def test_half_precision_halves_activations_but_not_weights(network):
    narrow = models.create("mini_c3d", 3, 4, 16, width=8, stem=4, precision="bfloat16")
    assert activation_bytes(narrow) < 0.75 * activation_bytes(network)
    assert weight_bytes(narrow) == weight_bytes(network) == 4 * network.count_params()


def test_unrolled_grows_by_a_whole_step_and_adjoint_by_weights_alone(network):
    def growth(form):
        return trajectory_bytes(form, network, 6, 8) - trajectory_bytes(form, network, 6, 7)

    assert growth("adjoint") == growth("tesla") == weight_bytes(network)
    assert growth("unrolled") > 6 * activation_bytes(network) + weight_bytes(network)


def test_auto_unrolls_below_half_of_the_memory_and_not_at_it(network, monkeypatch):
    peak = trajectory_bytes("unrolled", network, 6, 4)
    fixed_memory(monkeypatch, 2 * peak)
    assert trajectory_form("auto", network, 6, 4) == "adjoint"
    fixed_memory(monkeypatch, 2 * peak + 1)
    assert trajectory_form("auto", network, 6, 4) == "unrolled"
    fixed_memory(monkeypatch, None)
    assert trajectory_form("auto", network, 6, 4) == "adjoint"


@pytest.mark.parametrize("asked", ["unrolled", "adjoint", "tesla"])
def test_a_form_that_was_asked_for_is_taken_however_little_memory_there_is(asked, network, monkeypatch):
    fixed_memory(monkeypatch, 1)
    assert trajectory_form(asked, network, 6, 4) == asked


def test_unknown_forms_are_refused_by_name(network):
    with pytest.raises(UsageError, match="'Tesla'.*auto, unrolled, adjoint, tesla"):
        trajectory_form("Tesla", network, 6, 4)


def test_the_machine_has_memory_and_choosing_twice_is_choosing_once(network):
    assert footprint.total_bytes() > 2**28
    chosen = {trajectory_form("auto", network, 6, 4) for _ in range(3)}
    assert len(chosen) == 1 and activation_bytes(network) == activation_bytes(network)
