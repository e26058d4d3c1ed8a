"""Every name that `keras_vdd` offers is there, documented, and costs no Keras until it is used."""

import subprocess
import sys

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


def test_importing_the_package_imports_no_keras():
    code = "import sys, keras_vdd; sys.exit(bool({'keras', 'datasets', 'torch', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
