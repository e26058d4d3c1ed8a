"""From what a user points at, a folder, a run or a repository on the Hub, to a folder on this disk."""

import os
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path

from keras_vdd.errors import UsageError, VddError
from keras_vdd.hub import refusals
from keras_vdd.published import schema as vdd
from keras_vdd.recipe.names import known
from keras_vdd.runs.places import RUN_EXPORT, is_run
from keras_vdd.tensors import File

SET_FILES = (f"{vdd.DATA_FOLDER}/*{vdd.SUFFIX}", *vdd.SIDE_FILES, vdd.EXPERTS)
FORMS = "owner/name, hf://owner/name@revision or the address of its page"
_NAME = r"[A-Za-z0-9][\w.-]*/[\w.-]+"
_REPOSITORY = re.compile(rf"(?P<repository>{_NAME})(?:@(?P<revision>[^@\s]+))?")
_HF = re.compile(rf"hf://(?:datasets/)?(?P<repository>{_NAME})(?:@(?P<revision>[^@\s]+))?/?")
_PAGE = re.compile(
    rf"https?://[^/\s]+/datasets/(?P<repository>{_NAME})(?:/tree/(?P<revision>[^\s?#]+?))?/?(?:[?#].*)?"
)


@dataclass(frozen=True)
class Address:
    """A dataset repository on the Hub.

    Attributes:
        repository: str, `owner/name`.
        revision: str, a branch, a tag or a commit; None for the newest commit of the main branch.
        or_folder: bool, whether the text that named it could have meant a folder, of which there is none.
    """

    repository: str
    revision: str | None = None
    or_folder: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.repository if self.revision is None else f"{self.repository}@{self.revision}"

    def download(
        self, files: tuple[str, ...], cache_dir: File | None = None, token: str | bool | None = None
    ) -> Path:
        """Return a folder with the files of the repository that match patterns; what is there is not fetched again.

        Args:
            files: patterns such as `data/*.parquet`.
            cache_dir, token: as `huggingface_hub.snapshot_download` takes them.

        Raises:
            UsageError: there is no such repository or revision, or it does not open to this token.
            VddError: the Hub cannot be reached and there is no copy from before, or the disk refuses.
        """
        import huggingface_hub

        try:
            folder = huggingface_hub.snapshot_download(
                self.repository,
                repo_type="dataset",
                revision=self.revision,
                cache_dir=None if cache_dir is None else Path(os.path.expanduser(cache_dir)),
                token=token,
                allow_patterns=list(files),
            )
        # Whatever a client of a network raises is the network's or the server's, not a mistake in here.
        except Exception as error:
            told = refusals.of_download(error, self.repository, self.revision, self.or_folder)
            if not self.or_folder and Path(self.repository).is_dir():
                told = type(told)(
                    f"{told} The folder {self.repository} is on this disk: drop hf:// to take that."
                )
            raise told from error
        return Path(folder)


def read_address(text: str) -> Address | None:
    """Return the `Address` that a text is, or None where it has the form of none.

    Args:
        text: str: `owner/name`, `owner/name@revision`, the same after `hf://` or `hf://datasets/`, or
            `https://huggingface.co/datasets/owner/name`, also with `/tree/revision`.

    Raises:
        UsageError: it begins as an address does and goes on otherwise, as that of a model does.
    """
    for form in (_HF, _PAGE, _REPOSITORY):
        if found := form.fullmatch(text):
            revision = found["revision"]
            # As in the addresses of `huggingface_hub`, where a slash of refs/pr/1 may be written so.
            revision = revision and revision.replace("%2F", "/")
            return Address(found["repository"], revision, or_folder=form is _REPOSITORY)
    if re.match(r"[a-z][a-z0-9+.-]*://", text):
        raise UsageError(f"{text} is no address of a dataset on the Hub: write {FORMS}.")
    return None


def repository_at(target: File, revision: str | None = None) -> Address | None:
    """Return the repository that `target` names, or None where it is a folder or a file on this disk.

    Args:
        target: path or address.
        revision: str, in place of the address's own.

    Raises:
        UsageError: it is neither; a folder is given a revision; two revisions are given.
    """
    text = str(target)
    path = Path(os.path.expanduser(text))
    if path.exists():
        if revision is not None:
            raise UsageError(f"{target} is on this disk and has no revisions: leave out revision {revision}.")
        return None
    address = read_address(text)
    # What lies beside nothing on this disk may be a name on the Hub; `runs/quikstart` is a slip.
    if address is None or (_REPOSITORY.fullmatch(text) and path.parent.exists()):
        hint = f"a repository on the Hub is named by {FORMS}"
        if address is not None:
            hint = f"if you mean the repository of that name on the Hub, write hf://{text}"
        if text in known():
            hint = f"a recipe is called so, whose run is, unless named otherwise, runs/{text}"
        raise UsageError(f"There is no folder {target}: it does not exist on this disk; {hint}.")
    if None not in (revision, address.revision) and revision != address.revision:
        raise UsageError(f"{target} names one revision, and {revision} is another: leave one out.")
    return replace(address, revision=revision or address.revision)


def set_folder(
    target: File,
    revision: str | None = None,
    cache_dir: File | None = None,
    token: str | bool | None = None,
) -> Path:
    """Return the folder of the distilled set that `target` holds; one on the Hub is downloaded.

    Args:
        target: path of an exported set or of a run folder, or an address on the Hub as `read_address` reads it.
        revision: str, branch, tag or commit of a repository.
        cache_dir, token: as `huggingface_hub.snapshot_download` takes them.

    Raises:
        UsageError: there is no such folder or repository.
        VddError: a run has no set yet, or the Hub cannot be reached.
    """
    if (address := repository_at(target, revision)) is not None:
        folder = address.download(SET_FILES, cache_dir, token)
        _refuse_experts(folder, f"{address} on the Hub", f"hf://{address}")
        if not any(folder.glob(SET_FILES[0])):
            raise VddError(f"{address} on the Hub is no distilled set: it has no {SET_FILES[0]} files.")
        return folder
    folder = Path(os.path.expanduser(target))
    if not folder.is_dir():
        raise UsageError(f"{target} is a file: give a run folder, an exported set or a repository.")
    _refuse_experts(folder, str(target), str(target))
    if is_run(folder) and not (folder / RUN_EXPORT).is_dir():
        raise VddError(f"{target} has no distilled set yet: the `vdd distill` that began it goes on with it.")
    holds_one = not (folder / vdd.DATA_FOLDER).is_dir() and (folder / RUN_EXPORT).is_dir()
    return folder / RUN_EXPORT if is_run(folder) or holds_one else folder


def _refuse_experts(folder: Path, what: str, source: str) -> None:
    if (folder / vdd.EXPERTS).is_file() and not (folder / vdd.DATA_FOLDER).exists():
        raise UsageError(
            f"{what} holds experts, networks for trajectory matching, and no distilled set: "
            f"`vdd experts --recipe RECIPE {shlex.quote(f'experts.source={source}')}` takes them and says "
            "how good they are."
        )


def is_download(folder: Path) -> bool:
    """Return whether a folder is what `huggingface_hub` keeps of a dataset repository."""
    return folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("datasets--")
