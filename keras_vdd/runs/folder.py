"""The folder of a run: whose it is, and what is already done in it."""

import contextlib
import dataclasses
import logging
import os
import pathlib
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from keras_vdd.errors import VddError
from keras_vdd.files import is_temporary
from keras_vdd.learning.checkpoint import ArraysFile
from keras_vdd.locks import lock
from keras_vdd.runs.beginning import begin, mend
from keras_vdd.runs.environment import begun_with
from keras_vdd.runs.identity import RunIdentity
from keras_vdd.runs.log import Log
from keras_vdd.runs.videos import FILE as VIDEOS
from keras_vdd.runs.videos import DamagedVideos, Videos
from keras_vdd.sealed import read_json
from keras_vdd.times import Times

_LOG = logging.getLogger(__name__)
# What is there before anything is learned.
_OF_THE_BEGINNING = {"lock", "environment.json", "recipe.yaml", VIDEOS, "times.jsonl"}
# What `vdd evaluate` takes of another recipe.
_OF_SCORING = {
    f"evaluation.{name}" for name in ("seeds", "steps", "epochs", "batch_size", "evaluator", "architecture")
}


class RunFolder:
    """`<run.dir>/<name>/`: `recipe.yaml`, `environment.json`, `videos.json`, `log.jsonl`, a folder a stage.

    Opening it a second time with the same recipe goes on; another recipe, or a run half done on another
    backend or kind of device, is refused, since it could not end with the same numbers. So are other videos,
    by `goes_on_with`.

    Attributes:
        path: `pathlib.Path`.
        log: `Log` of the iterations.
        times: `Times`.
        run_id: str, the mark that all files of the run carry, which tells them from those of another; None where
            it was begun by a version that had none.

    Raises:
        VddError: the folder holds another run, or something that is no run.
    """

    def __init__(self, recipe: Any) -> None:
        self.path = pathlib.Path(recipe.run.dir) / recipe.run_name
        self._refuse_another(recipe)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VddError(
                f"The run folder '{self.path}' cannot be made ({error.strerror}): set run.dir to one you may write."
            ) from error
        if not (self.path / "recipe.yaml").exists():
            begin(self.path, recipe)
        # Where the list of videos is damaged, `goes_on_with` finds out whether it can be written again.
        self.run_id = None
        with contextlib.suppress(DamagedVideos):
            begun = RunIdentity.read(self.path)
            self.run_id = begun.run_id
            if begun.mark is None and self.has_begun:
                _LOG.warning(
                    "'%s' was begun by a version that kept no checksums: whether its files are damaged cannot be told.",
                    self.path,
                )
        self.log = Log(self.path / "log.jsonl")
        self.times = Times(self.path / "times.jsonl")

    def stage(self, name: str) -> pathlib.Path:
        """The folder of a stage, made if it is not there."""
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against other processes; the lock falls with the process, however it ends.

        Raises:
            VddError: another process holds it, or it was deleted or moved meanwhile.
        """
        if not os.access(self.path, os.W_OK):
            # Nobody can: it is read, which a finished one takes no more.
            if not (self.path / "results.json").exists():
                raise VddError(
                    f"The run in '{self.path}' is not finished, and its folder cannot be written to: copy it to where "
                    "you may write and set run.dir to that."
                )
            yield
            return
        with lock(self.path / "lock", wait=False) as alone:
            if not alone:
                raise VddError(
                    f"Another process is at work in '{self.path}': wait for it, or give another run.name."
                )
            try:
                yield
            except FileNotFoundError as error:
                if self.path.is_dir():
                    raise
                raise VddError(
                    f"The run folder '{self.path}' was deleted or moved while the run was at work: put it back and run "
                    "again, which goes on from its last checkpoint, or begin anew."
                ) from error

    @property
    def has_begun(self) -> bool:
        """Whether anything was learned or scored in it."""
        files = (p.relative_to(self.path) for p in self.path.rglob("*") if p.is_file())
        return any(not _of_the_beginning(file.as_posix()) for file in files)

    def goes_on_with(self, recipe: Any, stores: Mapping[str, Any]) -> None:
        """See to it that an unfinished run goes on with the backend, device and videos it began with.

        Other versions, or another number of threads, are told as warnings.

        Args:
            recipe: `Recipe`.
            stores: dict of `Store`, "train" and "test".

        Raises:
            VddError: videos were added or changed, or are gone; it was begun on another backend or device.
        """
        found, begun = Videos.of(stores), RunIdentity.read(self.path, videos=False)
        with_found = dataclasses.replace(begun, videos=found)
        if not self.has_begun:
            found.write(self.path, begun.mark)
            self.run_id = with_found.run_id
            return
        now = RunIdentity.of(recipe)
        self._refuse_another_device(begun, now)
        begun = self._with_its_videos(begun, with_found)
        if begun.videos is None:
            _LOG.warning(
                "'%s' was begun by a version that kept no list of its videos: whether they have changed since cannot "
                "be told.",
                self.path,
            )
            found.write(self.path, begun.mark)
        elif changed := begun.videos.changes(found):
            raise VddError(
                f"'{self.path}' was begun with other videos: {changed}. Put them back as they were, or give "
                "another run.name."
            )
        self.run_id = with_found.run_id
        if told := begun.told(now):
            _LOG.warning(
                "'%s' goes on with %s: its numbers may differ in their last digits from those of a run in one go.",
                self.path, told,
            )  # fmt: skip

    def _refuse_another(self, recipe: Any) -> None:
        if not self.path.exists() or all(_of_the_first_moments(child.name) for child in self.path.iterdir()):
            return
        if not _is_run(self.path):
            raise VddError(f"'{self.path}' is not empty and holds no run: give another run.name or run.dir.")
        mend(self.path, recipe)
        begun, now = RunIdentity.read(self.path, videos=False), RunIdentity.of(recipe)
        if changed := begun.another_recipe(now):
            learned = (self.path / "static" / "memory.safetensors").exists()
            keep = (
                f", with --stills-from {shlex.quote(str(self.path))} if its stills will do" if learned else ""
            )
            if (self.path / "distilled").is_dir() and set(changed) <= _OF_SCORING:
                values = now.recipe["evaluation"]
                given = [f"{name}={values[name.partition('.')[2]]}" for name in changed]
                keep = f", score its set by `vdd evaluate {shlex.join([str(self.path), *given])}`"
            raise VddError(
                f"'{self.path}' holds a run of another recipe ({', '.join(changed[:3])} differ"
                f"{'s' if len(changed) == 1 else ''}): give another run.name{keep}, or delete that folder."
            )
        if not (self.path / "results.json").exists():
            self._refuse_another_device(begun, now)

    def _with_its_videos(self, begun: RunIdentity, with_found: RunIdentity) -> RunIdentity:
        """What it was begun with, videos too; a list of those that is damaged or gone is written again if it can be."""
        listed, damage = None, f"'{self.path / VIDEOS}' is missing"
        try:
            listed = Videos.read(self.path, begun.mark)
        except DamagedVideos as error:
            if not self._carries(with_found.run_id):
                raise
            damage = str(error).partition(": delete")[0]
        if listed is None and self._carries(with_found.run_id) and with_found.videos is not None:
            _LOG.warning("%s: it is written again.", damage)
            with_found.videos.write(self.path, begun.mark)
            return with_found
        return dataclasses.replace(begun, videos=listed)

    def _carries(self, run_id: str | None) -> bool:
        """Whether a whole file of the run carries this mark."""
        if run_id is not None:
            for path in self.path.glob("*/*.safetensors"):
                with contextlib.suppress(VddError, OSError), ArraysFile(path, run_id):
                    return True
            for path in self.path.glob("evaluation/*.json"):
                with contextlib.suppress(ValueError, OSError):
                    return bool(read_json(path, run_id))
        return False

    def _refuse_another_device(self, begun: RunIdentity, now: RunIdentity) -> None:
        for what, before in begun.computed_otherwise(now):
            raise VddError(
                f"'{self.path}' was begun on the {what} {before}, and this is {getattr(now, what)}: go on "
                f"with --{what} {before}, or give another run.name."
            )


def _is_run(folder: pathlib.Path) -> bool:
    """Whether a folder is a run's, which may have lost one of its first two files."""
    if (folder / "recipe.yaml").exists():
        return True
    with contextlib.suppress(VddError):
        return bool(begun_with(folder))
    return False


def _of_the_first_moments(name: str) -> bool:
    """Whether a run killed in its first moments leaves such a file."""
    return name in ("lock", "environment.json") or is_temporary(name)


def _of_the_beginning(name: str) -> bool:
    return name in _OF_THE_BEGINNING or is_temporary(name.rpartition("/")[2])
