"""Register the reader of distilled sets once `datasets` is imported, before or after keras_vdd.

`import keras_vdd` must not import `datasets`, which takes a second; so where it is not there yet, a
finder waits for it, leaves when it has come, and changes nothing else.
"""

import sys

AWAITED = "datasets"
MARK = "packaged_modules"


def install():
    """Register at once where `datasets` is imported already, else as soon as it is."""
    if AWAITED in sys.modules:
        _register_if_it_is_the_library(sys.modules[AWAITED])
    elif not any(isinstance(finder, _Awaiter) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Awaiter())


class _Awaiter:
    """Finds nothing itself: adds one call after the import that the other finders provide."""

    def find_spec(self, name, path=None, target=None):
        if name != AWAITED:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if hasattr(finder, "find_spec") else None
            if spec is not None:
                break
        else:
            sys.meta_path.insert(0, self)
            return None
        execute = getattr(spec.loader, "exec_module", None)
        if execute is not None:

            def exec_module(module):
                execute(module)
                _register_if_it_is_the_library(module)

            spec.loader.exec_module = exec_module
        return spec


def _register_if_it_is_the_library(module):
    # A project's own folder or file of that name is none of our business.
    if hasattr(module, MARK) and hasattr(module, "load_dataset"):
        from keras_vdd.hub.register import register

        register()
