"""Every name that `keras_vdd` offers is there, documented."""

import pytest

import keras_vdd


def test_every_public_name_resolves_and_has_a_docstring():
    for name in keras_vdd.__all__:
        thing = getattr(keras_vdd, name)
        assert name == "__version__" or thing.__doc__, name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'distil'"):
        getattr(keras_vdd, "distil")  # noqa: B009
