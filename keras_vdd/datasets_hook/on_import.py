"""Register the reader of distilled sets once `datasets` is imported, before or after keras_vdd.

`import keras_vdd` must not import `datasets`, which takes a second; so where it is not there yet, a finder waits for
it, leaves when it has been imported whole, and changes nothing else. To look for `datasets` without importing it, as
many libraries do, or to fail in importing it, leaves the finder waiting.
"""

import contextlib
import importlib
import sys
import threading
import types

AWAITED = "datasets"
MARK = "packaged_modules"


def install():
    """Register at once where `datasets` is imported already, else as soon as it is."""
    if AWAITED not in sys.modules and not any(isinstance(finder, _Awaiter) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Awaiter())
    module = sys.modules.get(AWAITED)
    if module is None:
        return
    if _unfinished(module):
        # Another thread imports it: this waits for the lock of that import. An error of it is that thread's.
        with contextlib.suppress(Exception):
            module = importlib.import_module(AWAITED)
    if _unfinished(module):
        module.__class__ = _Unfinished  # this very thread imports it, and has come here from within
    else:
        _arrived(module)


def _unfinished(module):
    return getattr(getattr(module, "__spec__", None), "_initializing", False)


def _arrived(module):
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Awaiter)]
    # A project's own folder or file of that name is none of our business.
    if hasattr(module, MARK) and hasattr(module, "load_dataset"):
        from keras_vdd.datasets_hook.register import register

        register()


class _Unfinished(types.ModuleType):
    """A module whose import goes on; the first use after its end registers."""

    def __getattribute__(self, name):
        find = types.ModuleType.__getattribute__
        if name not in ("__spec__", "__class__") and not find(self, "__spec__")._initializing:
            self.__class__ = types.ModuleType
            _arrived(self)
        return find(self, name)


class _Awaiter:
    """Finds nothing itself: adds one call after the import that the other finders provide."""

    def __init__(self):
        self._searching = threading.local()

    def find_spec(self, name, path=None, target=None):
        if name != AWAITED or getattr(self._searching, "now", False):
            return None
        self._searching.now = True
        try:
            for finder in list(sys.meta_path):
                spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
                if spec is not None:
                    break
            else:
                return None
        finally:
            self._searching.now = False
        if hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader:
    """Another loader, and a call after it has executed the module."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        create = getattr(self._loader, "create_module", None)
        return create(spec) if create else None

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader
        try:
            self._loader.exec_module(module)
        except BaseException:
            module.__spec__.loader = self
            raise
        _arrived(module)
