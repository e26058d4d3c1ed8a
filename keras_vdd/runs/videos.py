"""Which videos a run has: enough of a decoded store's content to say later what changed."""

import json
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keras_vdd.errors import VddError
from keras_vdd.files import checksum, read_whole
from keras_vdd.sealed import RUN, read_json, unseal, write_json
from keras_vdd.text import counted

FILE = "videos.json"
SHOWN = 3
# Bytes of a video's mark: not to be met by chance among the videos of one name.
_MARK = 6


class DamagedVideos(VddError):
    """The list of a run's videos is not as it was written."""


@dataclass(frozen=True)
class Videos:
    """The content of the stores of a run, wherever they or the source videos lie.

    Attributes:
        whole: dict of split to the checksum of all that it holds, in order: names, labels and source files.
        marks: dict of split to a dict of each video's name to a short checksum of its class and its source.
    """

    whole: Mapping[str, str]
    marks: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, stores: Mapping[str, Any]) -> "Videos":
        """Return those of `Store`s by split."""
        whole, marks = {}, {}
        for split, store in stores.items():
            classes = [store.class_names[label] for label in store.labels]
            videos = list(zip(store.names, classes, store.sources, strict=True))
            whole[split] = checksum(json.dumps(video) for video in [tuple(store.class_names), *videos])
            marks[split] = {name: checksum(json.dumps(known), _MARK) for name, *known in videos}
        return cls(whole, marks)

    @classmethod
    def read(cls, folder: pathlib.Path, mark: str | None = None) -> "Videos | None":
        """Return those that the run in `folder` was begun with; None where it says nothing, as in version 0.1.

        Args:
            folder: path.
            mark: str, checksum of what the run was begun with; None where it has none.

        Raises:
            DamagedVideos: its list is.
        """
        path = folder / FILE
        try:
            values = read_json(path, mark)
            whole = {split: str(listed["whole"]) for split, listed in values.items()}
            return cls(whole, {split: dict(listed["videos"]) for split, listed in values.items()})
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DamagedVideos(
                f"'{path}' is damaged: delete it if the videos are those that the run was begun with, else "
                "delete the run folder or give another run.name."
            ) from None

    @staticmethod
    def mark_in(folder: pathlib.Path) -> str | None:
        """Return the `mark` that the list of the run in `folder` was written with; None where it does not say."""
        try:
            content = read_whole(folder / FILE).decode()
            unseal(content)
            return json.loads(content).get(RUN)
        except (OSError, ValueError):
            return None

    def write(self, folder: pathlib.Path, mark: str | None = None) -> None:
        """Write what `read` returns; arguments as there."""
        values = {s: {"whole": self.whole[s], "videos": self.marks[s]} for s in self.whole}
        write_json(folder / FILE, values, mark, indent=0)

    def changes(self, now: "Videos", splits: tuple[str, ...] = ("train", "test")) -> str:
        """Say in words what is another in `now`, of some splits; "" where nothing is.

        Example: "1 video was added to train (walk/x.mp4), 2 videos are gone from test (run/a.avi, run/b.avi)"
        """
        return ", ".join(text for split in splits for text in self._changes(now, split))

    def _changes(self, now: "Videos", split: str) -> Iterator[str]:
        if self.whole.get(split) == now.whole.get(split):
            return
        before, after = self.marks.get(split, {}), now.marks.get(split, {})
        found = {
            f"added to {split}": [name for name in after if name not in before],
            f"changed in {split}": [name for name, mark in after.items() if before.get(name, mark) != mark],
            f"gone from {split}": [name for name in before if name not in after],
        }
        if not any(found.values()):
            yield f"the order of the videos or classes of {split} was changed"
        for what, names in found.items():
            if names:
                more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
                gone = what.startswith("gone")
                one, many = ("video is", "videos are") if gone else ("video was", "videos were")
                listed = ", ".join(names[:SHOWN]) + more
                yield f"{counted(len(names), one, many)} {what} ({listed})"
