"""A folder becomes what a dataset repository on the Hub holds, by one commit: whole, or not at all."""

import contextlib
import fnmatch
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_vdd.errors import UsageError
from keras_vdd.hub import refusals
from keras_vdd.progress import Progress

MAIN = "main"
NO_LICENCE = "The licence of the source videos must be given: license='cc-by-4.0' (--license), or words."
# What the website puts into a new repository.
_OF_A_NEW_ONE = (".gitattributes", "README.md", "LICENSE*")
_FILES_AT_ONCE = 10
# `git check-ref-format`: what no branch and no tag may have.
_NO_REF = re.compile(r"[\s\x00-\x1f\x7f~^:?*\[\\]|\.\.|//|@\{|^$|^[-/.]|/\.|[/.]$|\.lock(/|$)")


@dataclass(frozen=True)
class Kind:
    """What a repository holds, so that an upload knows which of its files are its own.

    Attributes:
        noun: str, such as "distilled set".
        mark: pattern of the files that only such repositories have.
        files: patterns of all files that this package writes into such a repository; of these, those that a
            new upload has not are deleted.
    """

    noun: str
    mark: str
    files: tuple[str, ...]

    def owns(self, file: str) -> bool:
        """Return whether a file of a repository is one that this package writes."""
        return any(fnmatch.fnmatchcase(file, pattern) for pattern in self.files)


@dataclass(frozen=True)
class Destination:
    """Where a folder goes.

    Attributes:
        repository: str, `owner/name`.
        private: bool, whether a repository that is made is private.
        revision: str, a branch, made if it is not there; None for the main one.
        pull_request: bool, open a pull request in place of committing.
        message: str, of the commit.
        tag: str, put on the commit; None for no tag.
        moves_tag: bool, whether the tag may be taken from another commit.
        token: as `huggingface_hub` takes it.
    """

    repository: str
    private: bool = False
    revision: str | None = None
    pull_request: bool = False
    message: str = "Publish"
    tag: str | None = None
    moves_tag: bool = False
    token: str | bool | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id

        if self.repository.count("/") != 1 or "@" in self.repository:
            raise UsageError(
                f"{self.repository} is no name for a repository: write owner/name, owner being you or an organisation."
            )
        try:
            validate_repo_id(self.repository)
        except HFValidationError as error:
            raise UsageError(
                f"{self.repository} is no name for a repository: {refusals.first_line(error)}"
            ) from error
        for option, name in (("revision", self.revision), ("tag", self.tag)):
            if name is not None and _NO_REF.search(name):
                raise UsageError(
                    f"{option}={name!r} is no name that git takes (--{option}): use letters, digits, dots, dashes and "
                    "slashes."
                )
        if self.pull_request and (self.private or self.revision not in (None, MAIN)):
            raise UsageError(
                "A pull request is opened on the main branch of a repository that is there: leave out "
                + ("private (--private)." if self.private else f"revision {self.revision} (--revision).")
            )


@dataclass(frozen=True)
class Outcome:
    """What an upload did.

    Attributes:
        commit: str, the commit that now holds the files; of a pull request, the one that it proposes.
        pull_request, proposed: str, address and revision of the one that was opened, or None.
        written, deleted, kept: names of files: new or changed; stale ones of before; others, left as they are.
    """

    commit: str
    pull_request: str | None
    proposed: str | None
    written: tuple[str, ...]
    deleted: tuple[str, ...]
    kept: tuple[str, ...]


def files_of(folder: Path) -> dict[str, int]:
    """Return the bytes of each file of a folder, by its name in a repository, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as hexadecimal digits, a block in memory at a time."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def upload(folder: Path, to: Destination, kind: Kind, progress: Progress) -> Outcome:
    """Make a dataset repository hold the files of a folder.

    All is changed by one commit, so that a reader sees the old files or the new ones, also where the upload breaks
    off. Files that are there already are not sent.

    Raises:
        UsageError: there is no token or it may not write; the repository holds something else; a tag is taken.
        VddError: the Hub cannot be reached or refuses; the repository is as it was.
    """
    # Not `upload_folder`: where hf_xet is installed, it makes several commits of a large folder.
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

    if to.token is False or not (to.token if isinstance(to.token, str) else get_token()):
        raise UsageError(f"{to.repository} cannot be published without a token: {refusals.LOG_IN}.")
    api = HfApi(token=to.token)
    with refusals.of_publishing(to.repository), _no_bars():
        head, there = _opened(api, to)
        _check_kind(to.repository, there, kind)
        names = files_of(folder)
        written = tuple(name for name in names if not _same(folder / name, there.get(name)))
        deleted = tuple(name for name in there if name not in names and kind.owns(name))
        kept = tuple(name for name in there if name not in names and not kind.owns(name))
        _check_tag(api, to, None if written or deleted else head)
        if not written and not deleted:
            _put_tag(api, to, head)
            return Outcome(head, None, None, (), (), kept)
        additions = [CommitOperationAdd(name, str(folder / name)) for name in written]
        _send(api, to, additions, progress)
        commit = api.create_commit(
            to.repository,
            [*(CommitOperationDelete(name, is_folder=False) for name in deleted), *additions],
            commit_message=to.message,
            repo_type="dataset",
            revision=None if to.pull_request else to.revision,
            create_pr=to.pull_request,
            # Whoever publishes at the same time is told, in place of mixing two folders.
            parent_commit=None if to.pull_request else head,
        )
        if not to.pull_request:
            _put_tag(api, to, commit.oid)
    return Outcome(commit.oid, commit.pr_url, commit.pr_revision, written, deleted, kept)


def _opened(api: Any, to: Destination) -> tuple[str, dict[str, Any]]:
    """Return the newest commit of the branch and its files; repository and branch are made where they may be."""
    where = dict(repo_type="dataset")
    if not to.pull_request:
        # None leaves it to the organisation, whose default may be private.
        api.create_repo(to.repository, private=to.private or None, exist_ok=True, **where)
        if to.revision not in (None, MAIN) and not str(to.revision).startswith("refs/"):
            api.create_branch(to.repository, branch=str(to.revision), exist_ok=True, **where)
    about = api.repo_info(to.repository, revision=to.revision, **where)
    if to.private and not about.private:
        raise UsageError(
            f"{to.repository} is there already and public, which publishing does not change: make it private in the "
            "settings of its page, or leave out private (--private)."
        )
    files = api.list_repo_tree(to.repository, recursive=True, revision=about.sha, **where)
    return about.sha, {file.path: file for file in files if hasattr(file, "blob_id")}


def _check_kind(repository: str, there: dict[str, Any], kind: Kind) -> None:
    others = [name for name in there if not any(fnmatch.fnmatchcase(name, usual) for usual in _OF_A_NEW_ONE)]
    if others and not any(fnmatch.fnmatchcase(name, kind.mark) for name in others):
        raise UsageError(
            f"{repository} holds something other than a {kind.noun} (such as {others[0]}) and is left as it is: "
            "name another repository."
        )


def _same(path: Path, remote: Any) -> bool:
    """Return whether a file of a repository has the content of one on this disk, by its size and checksum."""
    if remote is None or remote.size != path.stat().st_size:
        return False
    if remote.lfs is not None:
        return bool(remote.lfs.sha256 == sha256_of(path))
    # What does not go by Git LFS is small.
    content = path.read_bytes()
    return bool(remote.blob_id == hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest())


def _send(api: Any, to: Destination, additions: list[Any], progress: Progress) -> None:
    """Send the large files; the small ones go with the commit."""
    from huggingface_hub import RepoCard

    for one in additions:
        if one.path_in_repo == "README.md":
            # Before anything is sent. The commit has it checked as well, when all is sent.
            RepoCard(Path(one.path_or_fileobj).read_text(encoding="utf-8")).validate(repo_type="dataset")
    sizes = [one.upload_info.size for one in additions]
    with progress.task(f"Publishing {to.repository}, bytes", sum(sizes)) as update:
        for start in range(0, len(additions), _FILES_AT_ONCE):
            end = start + _FILES_AT_ONCE
            api.preupload_lfs_files(
                to.repository,
                additions[start:end],
                repo_type="dataset",
                revision=None if to.pull_request else to.revision,
                create_pr=to.pull_request,
                free_memory=False,
            )
            update(sum(sizes[:end]))


def _tags(api: Any, to: Destination) -> dict[str, str]:
    refs = api.list_repo_refs(to.repository, repo_type="dataset")
    return {tag.name: tag.target_commit for tag in refs.tags}


def _check_tag(api: Any, to: Destination, unchanged: str | None) -> None:
    if to.tag is None or to.moves_tag:
        return
    at = _tags(api, to).get(to.tag)
    if at is not None and at != unchanged:
        raise UsageError(
            f"{to.repository} has the tag {to.tag} already, on other files, and who reads by it must go on to get "
            "those: name another tag (--tag)."
        )


def _put_tag(api: Any, to: Destination, commit: str) -> None:
    if to.tag is None:
        return
    try:
        at = _tags(api, to).get(to.tag)
        if at not in (None, commit):
            api.delete_tag(to.repository, tag=to.tag, repo_type="dataset")
        if at != commit:
            api.create_tag(to.repository, tag=to.tag, revision=commit, repo_type="dataset")
    except Exception as error:
        raise refusals.general(
            error,
            f"{to.repository} is published, but its tag {to.tag} was not set (the same command sets it)",
        ) from error


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Keep the client's own bars from the terminal, where the listener's are."""
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    shown = not are_progress_bars_disabled()
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()
