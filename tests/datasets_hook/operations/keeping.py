"""Sets written, kept and opened again, and the ways to load them."""

import copy
import json
import os
import pickle
import shutil

from datasets_hook.operations.case import NONE, of_label_5, operation, same


def written(name, *args):
    def run(case):
        case.refuses(lambda: getattr(case.ds, name)(*args))
        if hasattr(case.stream, name):
            case.refuses(lambda: getattr(case.stream, name)(*args))
        assert not os.path.exists("written.file")

    run.__name__ = f"{name}_is_refused"
    operation(NONE, only="videos")(run)


for writer in ("to_csv", "to_json", "to_parquet"):
    written(writer, "written.file")
for writer in ("to_dict", "to_list", "to_pandas", "to_polars"):
    written(writer)
written("to_sql", "videos", "sqlite:///written.file")
written("push_to_hub", "someone/videos")


@operation(NONE, only="videos")
def texts_without_videos(case):
    case.ds.remove_columns("video").to_json("labels.json")
    rows = [json.loads(line) for line in open("labels.json")]
    assert [row["label"] for row in rows] == case.labels.tolist()
    assert len(case.ds.remove_columns("video").to_pandas()) == case.count


@operation(NONE, only="videos")
def batch_is_refused(case):
    case.refuses(lambda: case.ds.batch(4))


@operation(lambda places: [3, 4], only="plain")
def memories_to_pandas(case):
    frame = case.ds.to_pandas()
    return [{**case.ds[place], "label": frame["label"][place]} for place in (3, 4)]


@operation(lambda places: places[:5], only="plain")
def memories_to_parquet_and_back(case):
    case.ds.to_parquet("memories.parquet")
    return list(case.datasets.Dataset.from_parquet("memories.parquet").take(5))


@operation(same)
def pickled(case):
    return list(pickle.loads(pickle.dumps(case.ds)))


@operation(lambda places: places[:5])
def deep_copied(case):
    return list(copy.deepcopy(case.ds).take(5))


@operation(same)
def saved_to_disk(case):
    case.ds.save_to_disk("saved")
    assert "VddClip" not in open("saved/dataset_info.json").read(), "others could not open it"
    return list(case.datasets.load_from_disk("saved"))


@operation(lambda places: places[2:5])
def saved_to_disk_of_some(case):
    case.ds.select(range(2, 5)).save_to_disk("saved-some", num_shards=2)
    return list(case.datasets.Dataset.load_from_disk("saved-some"))


@operation(lambda places: places[:5])
def dictionary_saved_to_disk(case):
    case.load(split=None).save_to_disk("saved-dictionary")
    return list(case.datasets.load_from_disk("saved-dictionary")["train"].take(5))


@operation(same)
def cache_opened_again(case):
    return list(case.load())


@operation(lambda places: places[:5])
def kept_in_memory(case):
    return list(case.load(keep_in_memory=True).take(5))


@operation(lambda places: places[:5])
def another_cache(case):
    return list(case.load(cache_dir="another-cache").take(5))


@operation(lambda places: places[:5])
def prepared_anew(case):
    return list(case.load(download_mode="force_redownload", cache_dir="another-cache").take(5))


@operation(lambda places: places[:5])
def a_moved_folder(case):
    shutil.copytree(case.folder, "moved")
    return list(case.load("moved").take(5))


@operation(lambda places: places[:5])
def without_a_card(case):
    shutil.copytree(case.folder, "bare")
    os.remove("bare/README.md")
    return list(case.load("bare").take(5))


@operation(lambda places: places[:5])
def a_path_with_a_slash(case):
    return list(case.load(case.folder + "/").take(5))


# Ways to load.
@operation(same)
def all_splits(case):
    loaded = case.load(split=None)
    assert list(loaded) == ["train"]
    return list(loaded["train"])


@operation(lambda places: places[:5])
def dictionary_map_and_filter(case):
    loaded = case.load(split=None).map(lambda row: {"one": 1}).filter(lambda row: row["one"] == 1)
    return list(loaded["train"].take(5))


@operation(lambda places: places[3:9])
def split_by_rows(case):
    return list(case.load(split="train[3:9]"))


@operation(lambda places: places[-5:])
def split_from_the_end(case):
    return list(case.load(split="train[-5:]"))


@operation(same)
def split_by_percent(case):
    return [*case.load(split="train[:50%]"), *case.load(split="train[50%:]")]


@operation(lambda places: places[:2] + places[4:6])
def split_of_two_parts(case):
    return list(case.load(split="train[:2]+train[4:6]"))


@operation(lambda places: places[:4])
def several_splits_at_once(case):
    return [row for part in case.load(split=["train[:2]", "train[2:4]"]) for row in part]


@operation(lambda places: places[4:8])
def split_by_an_instruction(case):
    instruction = case.datasets.ReadInstruction("train", from_=4, to=8, unit="abs")
    return list(case.load(split=instruction))


@operation(lambda places: places[:5])
def a_folder_with_signs_in_its_name(case):
    for name in ("a set", "a?b", "ünïcode", "a#b%20", "a:b;c", "train/test"):
        shutil.copytree(case.folder, os.path.join("signs", name))
        case.check(list(case.load(os.path.join("signs", name)).take(2)), lambda places: places[:2])
    return list(case.load("signs/a set", streaming=True).take(5))


@operation(NONE, only="videos")
def a_folder_that_reads_as_a_pattern(case):
    """`datasets` takes [x] in a path for a pattern, and would read the set of another folder."""
    from keras_vdd.errors import VddError

    shutil.copytree(case.folder, "pattern[x]")
    os.remove("pattern[x]/README.md")
    shutil.copytree(os.path.join(os.path.dirname(case.folder), "other"), "patternx")
    try:
        case.load("pattern[x]")
    except VddError as error:
        assert "keras_vdd.load" in str(error) and "\n" not in str(error), error
    else:
        raise AssertionError


@operation(lambda places: places[:5])
def chosen_columns(case):
    return list(case.load(columns=[*case.shown, "label"]).take(5))


@operation(NONE)
def chosen_rows(case):
    case.check(list(case.load(filters=[("label", "==", 5)])), of_label_5(case))


@operation(same)
def loaded_in_processes(case):
    return list(case.load(num_proc=2, cache_dir="in-processes"))


@operation(lambda places: places[:5])
def data_files_by_pattern(case):
    return list(case.load(data_files="data/*.parquet").take(5))


@operation(lambda places: places[:5])
def data_files_of_a_split(case):
    return list(case.load(data_files={"mine": "data/*"}, split="mine").take(5))


@operation(lambda places: places[:5])
def data_directory(case):
    return list(case.load(data_dir="data").take(5))


@operation(lambda places: places[:5])
def a_builder(case):
    builder = case.datasets.load_dataset_builder(case.folder)
    assert builder.info.features is None or "label" in builder.info.features
    builder.download_and_prepare()
    return list(builder.as_dataset(split="train").take(5))


@operation(lambda places: places[:5])
def without_checks_of_the_library(case):
    return list(case.load(verification_mode="no_checks").take(5))


@operation(NONE)
def names_of_splits(case):
    assert case.datasets.get_dataset_split_names(case.folder) == ["train"]
    assert case.datasets.get_dataset_config_names(case.folder) == ["default"]
