"""Publish a distilled set: export it, and make a dataset repository on the Hub hold that export."""

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import UsageError
from keras_vdd.hub import refusals
from keras_vdd.hub.export import export
from keras_vdd.hub.kept import Kept, kept_in, results_of_run
from keras_vdd.hub.load import LoadedSet, load
from keras_vdd.hub.upload import MAIN, NO_LICENCE, Destination, Kind, Outcome, files_of, upload
from keras_vdd.progress import Progress, listener
from keras_vdd.published import schema as vdd
from keras_vdd.recipe.places import without_places
from keras_vdd.tensors import File

DATA_FILES = f"{vdd.DATA_FOLDER}/*{vdd.SUFFIX}"
SET = Kind("distilled set", mark=DATA_FILES, files=(DATA_FILES, *vdd.SIDE_FILES, "preview.*"))
FORMAT_TAG = f"format-{vdd.FORMAT_VERSION}"


def publish(
    run_or_set: DistilledSet | File,
    repository: str,
    license: str | None = None,
    private: bool = False,
    revision: str | None = None,
    pull_request: bool = False,
    dtype: str | None = None,
    message: str | None = None,
    dry_run: bool = False,
    token: str | bool | None = None,
    progress: Progress | bool | None = None,
    tag: str | None = None,
) -> dict[str, Any]:
    """Publish a distilled set as a dataset repository on the Hugging Face Hub, which is made if it is not there.

    The repository is changed by one commit: it holds the old set or the new one, also where the upload breaks off.
    Data files, card and side files of an earlier set are replaced or deleted; other files stay. The recipe goes
    without the folders of this machine that it names.

    Args:
        run_or_set: `keras_vdd.DistilledSet`, or what `keras_vdd.export` takes: a run folder, an exported set or
            another repository.
        repository: str, `owner/name`.
        license: str, the terms of the source videos: an identifier of the Hub such as "cc-by-4.0", or words; None
            for what the card of the set says.
        private: make the repository private.
        revision: str, a branch to publish to, made if it is not there; None for the main one.
        pull_request: open a pull request in place of committing, as on a repository of somebody else.
        dtype: storage type, as `keras_vdd.export` takes it; None for that of the set.
        message: str, of the commit.
        dry_run: only say which files would be published; the network is not used.
        token: str; None for that of HF_TOKEN or `hf auth login`.
        progress: True for bars, None for silence, or a `keras_vdd.progress.Progress`.
        tag: str, put on the commit; one that is on other files already is refused. None for `format-N`, which is
            always on the newest set of format N of the main branch.

    Returns:
        dict: `repository`, `files` (bytes by name), `bytes` and `license`; and where it is no dry run `url`,
        `changed`, `commit`, `revision`, `tag`, `pull_request` (its address, or None), `written`, `deleted` and
        `kept` (names of files) and `load`, the line that loads the set.

    Raises:
        UsageError: no licence or no token is given; the token may not write; the name is none; the repository
            holds something else.
        VddError: the Hub cannot be reached or refuses. The next call goes on; what was sent is not sent again.

    Example:
        >>> keras_vdd.publish("runs/quickstart", "owner/shapes-distilled", license="cc0-1.0")["url"]
    """
    to = Destination(
        repository,
        private=private,
        revision=revision,
        pull_request=pull_request,
        message=message or "Publish a distilled set",
        tag=tag or (FORMAT_TAG if revision in (None, MAIN) and not pull_request else None),
        moves_tag=tag is None,
        token=token,
    )
    if tag is not None and pull_request:
        raise UsageError(
            "A tag is put on a commit, and a pull request makes none yet: leave out tag (--tag)."
        )
    with tempfile.TemporaryDirectory(prefix="vdd-publish-") as place:
        folder = Path(place) / "set"
        license = _exported(run_or_set, folder, repository, license, dtype)
        files = files_of(folder)
        facts = {
            "repository": repository, "license": license, "files": files, "bytes": sum(files.values()),
        }  # fmt: skip
        if dry_run:
            return facts
        outcome = upload(folder, to, SET, listener(progress))
    return {**facts, **said_of(to, outcome), "load": _line(repository, outcome.proposed or revision)}


def said_of(to: Destination, outcome: Outcome) -> dict[str, Any]:
    """Return what an upload did as plain values."""
    return {
        "url": refusals.page(to.repository),
        "changed": bool(outcome.written or outcome.deleted),
        "commit": outcome.commit,
        "revision": outcome.proposed or to.revision or MAIN,
        "tag": to.tag,
        "pull_request": outcome.pull_request,
        "written": list(outcome.written),
        "deleted": list(outcome.deleted),
        "kept": list(outcome.kept),
    }


def _line(repository: str, revision: str | None) -> str:
    at = "" if revision in (None, MAIN) else f', revision="{revision}"'
    return f'keras_vdd.load("{repository}"{at})'


def _exported(
    run_or_set: DistilledSet | File, folder: Path, repository: str, license: str | None, dtype: str | None
) -> str:
    """Write the set to a folder and return the licence that its card says."""
    distilled = run_or_set if isinstance(run_or_set, DistilledSet) else load(run_or_set)
    kept = kept_in(distilled.folder) if isinstance(distilled, LoadedSet) else Kept()
    if not (license or kept.license):
        raise UsageError(NO_LICENCE)
    results, stored = kept.results, "float32"
    if isinstance(distilled, LoadedSet):
        stored = distilled.dtype
        if results is None and not isinstance(run_or_set, DistilledSet):
            results = results_of_run(run_or_set, distilled)
    told = dataclasses.replace(distilled, recipe=without_places(distilled.recipe))
    export(told, folder, dtype or stored, license=license, results=results, name=repository)
    return str(kept_in(folder).license)
