"""What an exported set says of its origin: `provenance.json`.

    name          str, of the run
    source        str, the set of videos it was learned from, as `data.set` names it
    split         int, the official split whose training videos were used; null where the set has one split
    citation      str, the work that published the source set
    real_videos   int, training videos of the source
    real_bytes    int, of all their frames at the set's size, one byte a value
    recipe        str, name of the recipe, which `recipe.yaml` holds
    method        str, what was learned and how, as tables call it
    seed          int, which gives every random draw
    backend       str, the Keras backend that learned the set
    code          dict of the keras-vdd that learned the set: `version`; `commit`, where it ran from a git checkout
                  or was installed from one; `changed`, whether files of the checkout differed from that commit
    versions      dict of the versions of the packages that took part
    step_size     float, the learning rate that was learned with the set
    coreset       str, how real videos were chosen, of a set of real ones
    dtype         str, storage type of the memories in this folder
    memory_bytes  int, exact bytes of memories, integrators and learned labels as stored in this folder

What is not known is null, so that every folder has every key. Others are kept as they are. There are no times and no
paths: equal runs have equal provenance.
"""

from typing import Any

from keras_vdd.data.sources import SOURCES
from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.running_code import running_code

KEYS = (
    "name",
    "source",
    "split",
    "citation",
    "real_videos",
    "real_bytes",
    "recipe",
    "method",
    "seed",
    "backend",
    "code",
    "versions",
    "step_size",
    "coreset",
    "dtype",
    "memory_bytes",
)


def provenance_of(distilled: DistilledSet, dtype: str) -> dict[str, Any]:
    """Return what `provenance.json` says of a set that is stored as `dtype`: all of `KEYS`, and what else it knows."""
    told = {**dict.fromkeys(KEYS), **distilled.provenance}
    if told["citation"] is None and told["source"] in SOURCES:
        told["citation"] = SOURCES.get(told["source"]).citation or None
    if told["code"] is None:
        # A set of before this key says its version alone; one that says nothing was made by who writes it.
        version = (told["versions"] or {}).get("keras_vdd")
        told["code"] = {"version": version, "commit": None, "changed": None} if version else running_code()
    return {**told, "dtype": dtype, "memory_bytes": distilled.nbytes(dtype)}
