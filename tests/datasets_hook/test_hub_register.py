"""What this package relies on inside `datasets`; a failure here says what a new version changed."""

import subprocess
import sys

import pytest

datasets = pytest.importorskip("datasets")


@pytest.fixture
def reader():
    from keras_vdd.datasets_hook import register

    assert register.register()
    return register


def test_load_looks_things_up_in_the_dictionaries_that_are_changed(reader):
    from datasets import load, packaged_modules

    for name in (
        "_PACKAGED_DATASETS_MODULES", "_EXTENSION_TO_MODULE", "_MODULE_TO_EXTENSIONS",
        "_MODULE_TO_METADATA_FILE_NAMES", "_MODULE_TO_METADATA_EXTENSIONS", "_ALL_ALLOWED_EXTENSIONS",
    ):  # fmt: skip
        assert getattr(load, name) is getattr(packaged_modules, name), (
            f"datasets.load no longer shares {name}"
        )


def test_the_most_frequent_known_suffix_chooses_the_reader(reader):
    from datasets.load import infer_module_for_data_files_list

    assert infer_module_for_data_files_list(["data/train-0-of-1-ab.vdd.vdd.parquet"])[0] == "vdd"
    assert infer_module_for_data_files_list(["data/train-0-of-1-ab.parquet"])[0] == "parquet"
    assert infer_module_for_data_files_list(["data/train.vdd.parquet"])[0] == "parquet"


def test_a_reader_s_class_is_found_by_its_module(reader):
    from datasets.load import import_main_class

    from keras_vdd.datasets_hook import builder

    assert import_main_class(reader.BUILDER) is builder.Vdd


def test_the_reader_s_cache_is_its_own(reader):
    from datasets.packaged_modules.parquet.parquet import ParquetConfig

    from keras_vdd.datasets_hook.builder import VddConfig

    assert str(VddConfig().version) != str(ParquetConfig().version)


def test_a_feature_type_decodes_under_every_format(reader):
    from datasets.features.features import generate_from_dict, require_decoding

    from keras_vdd.datasets_hook.clip import Clip

    assert require_decoding(Clip())
    assert generate_from_dict({"_type": "VddClip", "decode": True}) == Clip()
    assert datasets.Features({"video": Clip()}).arrow_schema.field("video").type == Clip.pa_type


def test_a_changed_array_stays_a_video(reader):
    import numpy as np

    from keras_vdd.datasets_hook.clip import Clip

    video = np.arange(24, dtype=np.float64).reshape(2, 2, 2, 3)
    made = datasets.Dataset.from_dict({"video": [video]}, features=datasets.Features({"video": Clip()}))
    assert made[0]["video"].dtype == np.float32
    np.testing.assert_array_equal(made[0]["video"], video)


def test_pushing_the_unfolded_rows_is_refused(reader):
    from keras_vdd.datasets_hook.clip import Clip, encode_array
    from keras_vdd.errors import UsageError

    features = datasets.Features({"video": Clip()})
    made = datasets.Dataset.from_dict({"video": [encode_array([[1.0]])]}, features=features)
    for one in (made, datasets.DatasetDict(train=made), made.to_iterable_dataset()):
        with pytest.raises(UsageError, match="materialise.*or publish the exported folder"):
            one.push_to_hub("someone/a-set")


def test_registering_twice_changes_nothing(reader):
    from datasets import packaged_modules

    before = list(packaged_modules._ALL_ALLOWED_EXTENSIONS)
    assert reader.register()
    assert before == packaged_modules._ALL_ALLOWED_EXTENSIONS


@pytest.mark.parametrize(
    "name",
    [
        "_PACKAGED_DATASETS_MODULES",
        "_EXTENSION_TO_MODULE",
        "_MODULE_TO_EXTENSIONS",
        "_MODULE_TO_METADATA_FILE_NAMES",
        "_MODULE_TO_METADATA_EXTENSIONS",
        "_ALL_ALLOWED_EXTENSIONS",
    ],
)
@pytest.mark.parametrize("change", ["gone", "a list"])
def test_a_changed_library_gives_a_warning_and_plain_rows(reader, monkeypatch, name, change):
    from datasets import packaged_modules

    if change == "gone":
        monkeypatch.delattr(packaged_modules, name)
    else:
        monkeypatch.setattr(packaged_modules, name, [])
    readers = dict(getattr(packaged_modules, "_PACKAGED_DATASETS_MODULES", {}))
    with pytest.warns(RuntimeWarning, match=f"datasets.packaged_modules.{name} .*gives plain memories"):
        assert not reader.register()
    left = dict(getattr(packaged_modules, "_PACKAGED_DATASETS_MODULES", {}))
    assert readers == left, "nothing may be changed by half"


IS_READY = """
from datasets import packaged_modules
assert "vdd" in packaged_modules._PACKAGED_DATASETS_MODULES
assert not [finder for finder in sys.meta_path if type(finder).__module__.startswith("keras_vdd")]
assert "keras_vdd" not in type(datasets.__spec__.loader).__module__
print("well")
"""
ORDERS = {
    "before": "import keras_vdd, datasets",
    "after": "import datasets, keras_vdd",
    "probed first": "import keras_vdd, importlib.util\nassert importlib.util.find_spec('datasets')\nimport datasets",
    "probed and after": "import importlib.util\nimportlib.util.find_spec('datasets')\nimport datasets, keras_vdd",
    "a part first": "import keras_vdd\nfrom datasets.features import Value\nimport datasets",
    "loaded again": "import keras_vdd, datasets, importlib\nimportlib.reload(datasets)",
    "failed first": """
import keras_vdd
sys.modules["pyarrow"] = None
for _ in range(2):
    try:
        import datasets
    except ImportError:
        assert "datasets" not in sys.modules
    else:
        raise AssertionError
del sys.modules["pyarrow"]
for name in [name for name in sys.modules if name.startswith("datasets.")]:
    del sys.modules[name]
import datasets
""",
    "lazily": """
import keras_vdd, importlib.util
spec = importlib.util.find_spec("datasets")
spec.loader = importlib.util.LazyLoader(spec.loader)
datasets = importlib.util.module_from_spec(spec)
sys.modules["datasets"] = datasets
spec.loader.exec_module(datasets)
assert len(sys.modules) < 1000 and "pyarrow" not in sys.modules
assert datasets.load_dataset
""",
    "in a thread": """
import threading, time
def bring():
    import datasets
threading.Thread(target=bring).start()
while "datasets" not in sys.modules:
    time.sleep(0.001)
assert sys.modules["datasets"].__spec__._initializing
import keras_vdd
datasets = sys.modules["datasets"]
assert not datasets.__spec__._initializing, "it was not waited for"
""",
    "from within": """
class Brings:
    def find_spec(self, name, path=None, target=None):
        if name == "datasets.load" and "keras_vdd" not in sys.modules:
            import keras_vdd
sys.meta_path.insert(0, Brings())
import datasets
assert "keras_vdd" in sys.modules
datasets.load_dataset
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_import_registers_and_the_waiting_finder_leaves(fresh, order):
    assert fresh("import sys\n" + ORDERS[order] + IS_READY) == "well\n"


def test_a_library_that_does_not_choose_the_reader_gives_a_warning(reader, monkeypatch, caplog):
    from datasets import load

    monkeypatch.setattr(load, "infer_module_for_data_files_list", lambda files, **more: ("parquet", {}))
    with pytest.warns(RuntimeWarning, match="its reader 'parquet'.*as_videos"):
        assert not reader.register()
    assert "load_dataset gives plain memories" in caplog.text and caplog.records[0].name == "keras_vdd"


def test_a_user_s_own_module_named_datasets_is_left_alone(tmp_path, fresh):
    (tmp_path / "datasets.py").write_text("ANSWER = 42\n")
    assert fresh("import keras_vdd\nimport datasets\nprint(datasets.ANSWER)\n") == "42\n"
    assert fresh("import datasets\nimport keras_vdd\nprint(datasets.ANSWER)\n") == "42\n"


def test_without_datasets_installed_the_import_fails_as_ever(fresh):
    code = """
import sys
import keras_vdd
sys.path[:] = [path for path in sys.path if "site-packages" not in path]
for finder in list(sys.meta_path):
    if "editable" in type(finder).__module__ or "editable" in getattr(finder, "__module__", ""):
        sys.meta_path.remove(finder)
for _ in range(2):
    try:
        import datasets
    except ModuleNotFoundError as error:
        print(error.name)
"""
    assert fresh(code) == "datasets\ndatasets\n"


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, keras_vdd;"
        "print([name for name in ('numpy', 'keras', 'datasets', 'pyarrow') if name in sys.modules])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert out == "[]\n"
