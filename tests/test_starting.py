"""What a backend takes to start is asked before it does: by `vdd` and by whatever of `keras_vdd` imports Keras."""

import subprocess
import sys
import types

import pytest

import keras_vdd
from keras_vdd import starting
from keras_vdd.errors import VddError

pytestmark = pytest.mark.once


def test_too_little_memory_for_a_backend_is_one_sentence(monkeypatch):
    monkeypatch.setattr(starting, "address_space_bytes", lambda: 500_000_000)
    with pytest.raises(VddError, match=r"torch takes 1.3 GB of address space, and 0.5 GB are allowed"):
        starting.refuse_little_memory("torch")
    monkeypatch.setattr(starting, "address_space_bytes", lambda: None)
    starting.refuse_little_memory("torch")
    monkeypatch.setattr(starting, "data_bytes", lambda: 100_000_000)
    with pytest.raises(VddError, match=r"takes 0.5 GB or more of data, and 0.1 GB are allowed.*`ulimit -d`"):
        starting.refuse_little_memory("torch")


def test_too_few_threads_for_a_backend_are_one_sentence(monkeypatch):
    allowed, asked = 5, []
    monkeypatch.setattr(starting, "threads_start", lambda count: asked.append(count) or count <= allowed)
    monkeypatch.setattr(starting, "processor_count", lambda: 2)
    monkeypatch.setitem(sys.modules, "numpy", sys)
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    starting.refuse_few_threads()
    starting.refuse_few_threads("torch")
    with pytest.raises(
        VddError, match=r"threads are refused, and jax starts some 23 on 2 processors: raise the"
    ):
        starting.refuse_few_threads("jax")
    # Those of NumPy, which is imported, are there.
    assert asked == [0, 3, 22]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    starting.refuse_few_threads("torch")
    assert asked[3:] == [2]


def test_whatever_imports_keras_asks_before(monkeypatch):
    def refuse(name):
        raise VddError(f"no room for {name}")

    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(starting, "refuse_few_threads", refuse)
    monkeypatch.setitem(sys.modules, "keras", sys)
    starting.check_start()  # it runs already
    monkeypatch.delitem(sys.modules, "keras")
    before = [*sys.modules]
    for name in keras_vdd.__all__[1:]:
        home = keras_vdd._HOMES.get(name, (name,))[0]
        if home in keras_vdd._ON_KERAS:
            with pytest.raises(VddError, match="^no room for jax$"):
                keras_vdd.__getattr__(name)
    assert [*sys.modules] == before
    monkeypatch.setenv("KERAS_BACKEND", "openvino")
    starting.check_start()


def test_nothing_else_of_the_package_imports_keras():
    homes = {home for home, _ in keras_vdd._HOMES.values()} | {*keras_vdd._ROOMS}
    others = sorted(homes - {*keras_vdd._ON_KERAS})
    code = f"import importlib, sys\nfor home in {others}: importlib.import_module('keras_vdd.' + home)\n"
    done = subprocess.run([sys.executable, "-P", "-c", code + "print('keras' in sys.modules)"], stdout=-1)
    assert done.stdout == b"False\n"


@pytest.mark.parametrize("limit", ["address_space_bytes", "data_bytes"])
def test_libraries_reserve_little_where_memory_is_limited(limit, monkeypatch):
    ctypes, said = pytest.importorskip("ctypes"), []
    monkeypatch.setattr(
        ctypes, "CDLL", lambda name: types.SimpleNamespace(mallopt=lambda *args: said.append(args))
    )
    environ = {}
    monkeypatch.setattr(starting.os, "environ", environ)
    for name in ("address_space_bytes", "data_bytes"):
        monkeypatch.setattr(starting, name, lambda: None)
    starting.spare_address_space()
    assert not environ and not said
    monkeypatch.setattr(starting, limit, lambda: 2_000_000_000)
    starting.spare_address_space()
    starting.spare_address_space()
    assert environ == {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"} and said == [(-8, 1)]
