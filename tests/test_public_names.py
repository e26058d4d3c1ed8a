"""Every name that `keras_vdd` offers is there, documented."""

import inspect

import pytest

import keras_vdd


def test_every_public_name_resolves_and_has_a_docstring():
    for name in keras_vdd.__all__:
        thing = getattr(keras_vdd, name)
        assert name == "__version__" or thing.__doc__, name


@pytest.mark.parametrize("name", [name for name in keras_vdd._HOMES if name.islower()])
def test_help_says_each_argument_and_gives_an_example(name):
    function = getattr(keras_vdd, name)
    for argument, about in inspect.signature(function).parameters.items():
        assert f"{argument}:" in function.__doc__ or f"{argument}, " in function.__doc__, argument
        assert about.annotation is not about.empty, argument
    assert "    Example:\n        >>> " in function.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'distil'"):
        getattr(keras_vdd, "distil")  # noqa: B009
