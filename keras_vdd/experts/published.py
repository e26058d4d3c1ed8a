"""Publish experts: a repository of their own on the Hub, with all that is needed to take them."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from safetensors import safe_open

from keras_vdd.data.sources import find_videos
from keras_vdd.data.store import prepare
from keras_vdd.errors import UsageError, VddError
from keras_vdd.experts.bank import DESCRIPTION, ExpertBank, description, expert_path, folder_name
from keras_vdd.experts.engine import missing_experts, training_of
from keras_vdd.experts.published_card import card_of
from keras_vdd.experts.taken import read_description
from keras_vdd.hub.publish import said_of
from keras_vdd.hub.upload import MAIN, NO_LICENCE, Destination, Kind, files_of, sha256_of, upload
from keras_vdd.progress import Progress, listener
from keras_vdd.recipe.load import load_recipe
from keras_vdd.recipe.schema import Recipe
from keras_vdd.runs.environment import begun_with, recipe_of
from keras_vdd.runs.places import is_run
from keras_vdd.sealed import write_json
from keras_vdd.tensors import File
from keras_vdd.text import counted

EXPERTS = Kind(
    "folder of experts", "expert-*.safetensors", ("expert-*.safetensors", DESCRIPTION, "README.md")
)


def publish_experts(
    run_or_recipe: File | Mapping[str, Any] | Recipe,
    repository: str,
    license: str | None = None,
    private: bool = False,
    revision: str | None = None,
    pull_request: bool = False,
    message: str | None = None,
    dry_run: bool = False,
    token: str | bool | None = None,
    progress: Progress | bool | None = None,
    tag: str | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Publish the experts of a recipe as a dataset repository, which `experts.source` of other recipes names.

    Args:
        run_or_recipe: a run folder; a recipe as `keras_vdd.load_recipe` takes it, whose experts were trained on the
            active backend; or the folder of experts that `vdd experts` named.
        repository, license, private, revision, pull_request, message, dry_run, token, progress, tag: as
            `keras_vdd.publish`; there is no tag where none is given.
        **settings: laid over the recipe.

    Returns:
        dict as `keras_vdd.publish` gives it, with `experts`, how many there are, and `use`, the setting that takes
        them.

    Raises:
        UsageError: as `keras_vdd.publish`; or the recipe reads no experts.
        VddError: experts are missing or damaged; the Hub cannot be reached or refuses.

    Example:
        >>> keras_vdd.publish_experts("runs/mine", "owner/name-experts", license="cc-by-4.0")["use"]
        'experts.source=hf://owner/name-experts'
    """
    to = Destination(
        repository, private=private, revision=revision, pull_request=pull_request,
        message=message or "Publish experts", tag=tag, token=token,
    )  # fmt: skip
    if not license:
        raise UsageError(NO_LICENCE)
    progress = listener(progress)
    bank, told = _bank_of(run_or_recipe, settings, progress)
    with tempfile.TemporaryDirectory(prefix="vdd-publish-") as place:
        folder = Path(place)
        write_published(bank, told, folder, repository, license)
        files = files_of(folder)
        facts = {"repository": repository, "license": license, "experts": len(bank), "files": files}
        facts["bytes"] = sum(files.values())
        if dry_run:
            return facts
        outcome = upload(folder, to, EXPERTS, progress)
    revision = outcome.proposed or revision
    at = "" if revision in (None, MAIN) else f"@{revision}"
    return {
        **facts, **said_of(to, outcome), "use": f"experts.source=hf://{repository}{at}",
    }  # fmt: skip


def _bank_of(run_or_recipe, settings, progress):
    """Return the `ExpertBank` and its description."""
    if _is_bank(run_or_recipe) and not settings:
        folder = Path(os.path.expanduser(run_or_recipe))
        told = read_description(folder, str(run_or_recipe))
        count = 0
        while expert_path(folder, count).is_file():
            count += 1
        if not count:
            raise VddError(f"{run_or_recipe} has no expert yet: `vdd experts` trains them.")
        return ExpertBank(folder, count), told
    backend = keras.config.backend()
    if isinstance(run_or_recipe, str | os.PathLike) and is_run(run_or_recipe):
        run = Path(os.path.expanduser(run_or_recipe))
        recipe, backend = recipe_of(run, **settings), begun_with(run)["backend"]
    else:
        recipe = load_recipe(run_or_recipe, **settings)
    training = training_of(recipe)
    if recipe.experts.source is not None:
        raise UsageError(f"The recipe takes its experts from {recipe.experts.source}: publish others.")
    stores = prepare(find_videos(recipe.data, progress), recipe.data, progress)
    about = recipe.data.set, stores["train"], stores["test"], training, backend
    folder = Path(recipe.experts.folder) / folder_name(*about)
    missing = missing_experts(folder, recipe.experts.count)
    if missing:
        raise VddError(
            f"{len(missing)} of {counted(recipe.experts.count, 'expert')} of the recipe cannot be found in '{folder}': "
            "`vdd experts` with the same recipe trains what is missing."
        )
    return ExpertBank(folder, recipe.experts.count), description(*about)


def _is_bank(target):
    with contextlib.suppress(TypeError):
        return (Path(os.path.expanduser(target)) / DESCRIPTION).is_file()
    return False


def write_published(bank, told, folder, repository, license):
    """Write what a repository of experts holds; the experts themselves are links, since they are large."""
    paths = [expert_path(bank.folder, number) for number in range(len(bank))]
    for path in paths:
        os.symlink(path.absolute(), folder / path.name)
    with safe_open(paths[0], framework="numpy") as first:
        weights = sum(name.startswith("0/") for name in first.keys())  # noqa: SIM118 - no mapping
        told = {
            **told,
            "shapes": [first.get_slice(f"0/{index}").get_shape() for index in range(weights)],
            "files": {
                path.name: {"sha256": sha256_of(path), "bytes": path.stat().st_size, "top1": top1}
                for path, top1 in zip(paths, bank.accuracies, strict=True)
            },
        }
    write_json(folder / DESCRIPTION, told, indent=2)
    text = card_of(told, bank, repository, license)
    (folder / "README.md").write_text(text, encoding="utf-8")
