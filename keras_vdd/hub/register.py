"""Make the reader of distilled sets known to `datasets`.

`datasets` has no way to add a reader, so this file alone touches private dictionaries of it. They are
looked at before anything is changed; where they are not as expected, `load_dataset` goes on giving
plain memories, with one warning.
"""

import warnings

NAME = "vdd"
EXTENSION = ".vdd"
BUILDER = "keras_vdd.hub.builder"
FEATURE = "VddClip"


def register():
    """Register the reader and its feature type; return whether that worked."""
    import datasets

    try:
        _register(datasets)
    except (ImportError, AttributeError, TypeError, LookupError) as error:
        version = getattr(datasets, "__version__", "of unknown version")
        warnings.warn(
            f"datasets {version} is not as keras_vdd knows it ({error}): load_dataset gives plain memories; "
            "keras_vdd.load works as ever.",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True


def _register(datasets):
    from datasets import packaged_modules as known
    from datasets.features import features as feature_types
    from datasets.packaged_modules.cache.cache import Cache

    readers = _expect(known._PACKAGED_DATASETS_MODULES, dict, "parquet")
    by_extension = _expect(known._EXTENSION_TO_MODULE, dict, ".parquet")
    extensions = _expect(known._MODULE_TO_EXTENSIONS, dict, "parquet")
    metadata_names = _expect(known._MODULE_TO_METADATA_FILE_NAMES, dict, "parquet")
    metadata_extensions = _expect(known._MODULE_TO_METADATA_EXTENSIONS, dict, "parquet")
    allowed = _expect(known._ALL_ALLOWED_EXTENSIONS, list, ".parquet")
    types = _expect(feature_types._FEATURE_TYPES, dict, "Value")
    if NAME in readers:
        return

    from keras_vdd.hub import builder
    from keras_vdd.hub.clip import Clip

    def as_dataset(self, *args, **kwargs):
        return builder.present(super(Cache, self).as_dataset(*args, **kwargs))

    def as_streaming_dataset(self, *args, **kwargs):
        return builder.present(super(Cache, self).as_streaming_dataset(*args, **kwargs))

    # With the Hub out of reach `datasets` reopens what it prepared earlier through this class.
    Cache.as_dataset, Cache.as_streaming_dataset = as_dataset, as_streaming_dataset
    types[FEATURE] = Clip
    metadata_names[NAME] = []
    metadata_extensions[NAME] = []
    extensions[NAME] = [EXTENSION]
    allowed.append(EXTENSION)
    by_extension[EXTENSION] = (NAME, {})
    readers[NAME] = (BUILDER, builder.CACHE_VERSION)


def _expect(collection, kind, member):
    if not isinstance(collection, kind) or member not in collection:
        raise LookupError(f"a {kind.__name__} with {member!r} was expected")
    return collection
