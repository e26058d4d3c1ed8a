"""What is measured: sizes of clips, networks and batches."""

import dataclasses

from made_stage import MadeStore, recipe_of


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Sizes of a made set and of the recipe that is run on it; the defaults are the paper's MiniUCF.

    Attributes:
        frames, size: of a clip.
        classes, width, stem: of the network; `width` are its widest layers.
        real_per_class, real_clips: clips of a DM and of a FRePo iteration.
        inner_steps: of an MTT iteration.
        videos: int, of the training set that experts see.
        batch: int, clips of a step of an expert.
        distinct: int, videos that are made; they come again under other numbers.
    """

    frames: int = 16
    size: int = 112
    classes: int = 50
    width: int = 128
    stem: int = 64
    real_per_class: int = 64
    real_clips: int = 512
    inner_steps: int = 10
    videos: int = 4662
    batch: int = 256
    distinct: int = 128

    @property
    def label(self):
        return f"{self.frames}x{self.size}"

    def recipe(self, loss, *overrides):
        """The recipe of MiniUCF, 1 video a class, at these sizes."""
        sizes = [f"data.frames={self.frames}", f"data.size={self.size}", f"dynamic.stem={self.stem}"]
        own = {
            "dm": [f"dynamic.real_per_class={self.real_per_class}"],
            "mtt": [f"dynamic.inner_steps={self.inner_steps}", f"experts.batch_size={self.batch}"],
            "frepo": [f"dynamic.real_clips={self.real_clips}"],
        }
        return recipe_of(loss, *sizes, *own[loss], *overrides, width=self.width, videos="miniucf")

    def store(self, videos=None):
        """Made videos, long enough for a clip at the recipe's interval of 4 frames and a start to be drawn."""
        count = self.classes * self.real_per_class if videos is None else videos
        return MadeStore(self.classes, count, self.size, 4 * self.frames + 4, self.distinct)


# How often ways are timed in turns.
ROUNDS = {"paper": 2, "small": 2, "tiny": 1}
# Of each size the first geometry counts most; a frame of more than 64 pixels has another pooling at the end. The
# plain network takes no fewer frames than 8, and no smaller ones than these.
LITTLE = {
    "classes": 2,
    "width": 4,
    "stem": 2,
    "real_per_class": 4,
    "real_clips": 6,
    "inner_steps": 2,
    "videos": 16,
}
SIZES = {
    "paper": (Geometry(), Geometry(frames=8, size=64)),
    "small": (
        Geometry(
            frames=8, size=64, classes=5, real_per_class=16, real_clips=32, inner_steps=5, videos=80, batch=16
        ),
    ),
    "tiny": (
        Geometry(frames=8, **LITTLE, batch=4, distinct=4),
        Geometry(8, 64, **LITTLE, batch=4, distinct=4),
    ),
}
