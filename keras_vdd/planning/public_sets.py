"""How large public sets are, for plans that are made without their files.

Videos are those of split 1 where a set has splits, else of train and validation as first published; of
those on the web some have vanished since. Frames are a video's mean, rounded.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SetSize:
    """What is known of a set.

    Attributes:
        classes: int.
        train, test: int, videos of the training and the test split.
        frames: int, frames of a video, on average.
    """

    classes: int
    train: int
    test: int
    frames: int

    def of_classes(self, classes):
        """Return the size of that many classes of the set, as if all had equally many videos."""
        share = classes / self.classes
        train, test = (max(classes, round(videos * share)) for videos in (self.train, self.test))
        return SetSize(classes, train, test, self.frames)


SIZES = {
    "miniucf": SetSize(50, 4_662, 1_861, 187),
    "ucf101": SetSize(101, 9_537, 3_783, 187),
    "hmdb51": SetSize(51, 3_570, 1_530, 95),
    "kinetics400": SetSize(400, 246_534, 19_906, 280),
    "kinetics600": SetSize(600, 392_622, 30_001, 280),
    "kinetics700": SetSize(700, 545_317, 35_000, 280),
    "ssv2": SetSize(174, 168_913, 24_777, 46),
}
