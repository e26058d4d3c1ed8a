"""Make the reader of distilled sets known to `datasets`.

`datasets` has no way to add a reader, so this file and `guarded` alone touch what is private to it. That is
looked at before anything is changed, and asked at the end what it makes of our files; where it is not as expected,
`load_dataset` goes on giving plain memories, with one warning.
"""

import logging
import warnings

NAME = "vdd"
EXTENSION = ".vdd"
BUILDER = "keras_vdd.datasets_hook.builder"
FEATURE = "VddClip"
SAMPLE = "data/train-00000-of-00001-0123456789ab-0123456789abcdef.vdd.vdd.parquet"

_log = logging.getLogger("keras_vdd")


def register():
    """Register the reader and its feature type; return whether `datasets` now gives our files to it."""
    import datasets

    try:
        _register(datasets)
        chosen = _reader_of(SAMPLE)
        if chosen != NAME:
            raise LookupError(f"it gives files of distilled sets to its reader {chosen!r}")
    # Whatever a library that has changed raises: plain memories are better than no import.
    except Exception as error:
        version = getattr(datasets, "__version__", "of unknown version")
        message = (
            f"datasets {version} is not as keras_vdd knows it ({error}): load_dataset gives plain memories, which "
            "keras_vdd.as_videos turns into videos; keras_vdd.load works as ever."
        )
        _log.warning(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return False
    return True


def _reader_of(file):
    """Return the name of the reader that `datasets` chooses for a file."""
    from datasets import load

    return load.infer_module_for_data_files_list([file])[0]


def _register(datasets):
    from datasets import load
    from datasets import packaged_modules as known
    from datasets.features import features as feature_types
    from datasets.packaged_modules.cache.cache import Cache

    readers = _expect(known, "_PACKAGED_DATASETS_MODULES", dict, "parquet")
    by_extension = _expect(known, "_EXTENSION_TO_MODULE", dict, ".parquet")
    extensions = _expect(known, "_MODULE_TO_EXTENSIONS", dict, "parquet")
    metadata_names = _expect(known, "_MODULE_TO_METADATA_FILE_NAMES", dict, "parquet")
    metadata_extensions = _expect(known, "_MODULE_TO_METADATA_EXTENSIONS", dict, "parquet")
    allowed = _expect(known, "_ALL_ALLOWED_EXTENSIONS", list, ".parquet")
    types = _expect(feature_types, "_FEATURE_TYPES", dict, "Value")
    if not callable(getattr(load, "infer_module_for_data_files_list", None)):
        raise LookupError("datasets.load has no infer_module_for_data_files_list")
    if NAME in readers:
        return

    from keras_vdd.datasets_hook import builder, guarded
    from keras_vdd.datasets_hook.clip import Clip
    from keras_vdd.datasets_hook.videos import present

    def as_dataset(self, *args, **kwargs):
        return present(super(Cache, self).as_dataset(*args, **kwargs))

    def as_streaming_dataset(self, *args, **kwargs):
        return present(super(Cache, self).as_streaming_dataset(*args, **kwargs))

    # With the Hub out of reach `datasets` reopens what it prepared earlier through this class.
    Cache.as_dataset, Cache.as_streaming_dataset = as_dataset, as_streaming_dataset
    guarded.guard(datasets)
    types[FEATURE] = Clip
    metadata_names[NAME] = []
    metadata_extensions[NAME] = []
    extensions[NAME] = [EXTENSION]
    allowed.append(EXTENSION)
    by_extension[EXTENSION] = (NAME, {})
    readers[NAME] = (BUILDER, builder.CACHE_VERSION)


def _expect(module, name, kind, member):
    collection = getattr(module, name, None)
    if not isinstance(collection, kind) or member not in collection:
        raise LookupError(f"{module.__name__}.{name} should be a {kind.__name__} with {member!r}")
    return collection
