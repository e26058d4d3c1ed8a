"""Every name that `keras_vdd` offers is there, documented."""

import keras_vdd


def test_every_public_name_resolves_and_has_a_docstring():
    for name in keras_vdd.__all__:
        thing = getattr(keras_vdd, name)
        assert name == "__version__" or thing.__doc__, name


def test_an_unknown_name_is_an_attribute_error():
    try:
        keras_vdd.distil
    except AttributeError as error:
        assert "distil" in str(error)
    else:
        raise AssertionError("keras_vdd.distil exists")
