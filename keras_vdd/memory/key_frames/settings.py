"""Settings of a memory of key frames."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from keras_vdd.memory.settings import MemorySettings
from keras_vdd.settings import Fraction, Positive, Whole


class KeyFrameSettings(MemorySettings):
    """What is learned: the first and the last frame of each video and, as learning goes on, frames between them."""

    kind: Literal["key-frames"] = "key-frames"
    """Key frames, with linear interpolation between them; they grow in number during learning."""
    insertion: Literal["gradient", "random", "none"] = "gradient"
    """Where a frame becomes a key frame: gradient, where its gradient opposes those of both neighbouring key frames;
    random, as many and at the same time, at frames drawn at random; none, first and last frames alone."""
    compare: Literal["frames", "steps"] = "frames"
    """Gradients of the neighbours that a frame's is held against: frames, of the loss to those frames alone; steps,
    what they learn by, with their shares in the frames beside them, which hardly any frame opposes."""
    warm_up: Fraction = 0.2
    """Share of the iterations at the start in which no frame becomes a key frame."""
    cool_down: Fraction = 0.2
    """Share of the iterations at the end in which no frame becomes a key frame."""
    check_every: Positive = 100
    """Iterations from one look for new key frames to the next; a look adds one at most between two key frames."""
    most_frames: Annotated[Whole, Field(ge=2)] | None = None
    """Key frames that a video may have; null for all its frames."""

    def fits(self, data: Any) -> Iterable[str]:
        """Yield a sentence for what these settings cannot do with the `data` settings of a recipe."""
        yield from super().fits(data)
        if self.most_frames is not None and self.most_frames > data.frames:
            yield (
                f"memory.most_frames={self.most_frames} is above data.frames={data.frames}, and a video has no more; "
                "lower it, or set it null"
            )

    def most_of(self, frames: int) -> int:
        """Return how many key frames a video of `frames` may come to have."""
        return min(2, frames) if self.insertion == "none" else min(self.most_frames or frames, frames)

    def insertion_times(self, iterations: int) -> range:
        """Return the iterations, counted from 1, after which frames may become key frames; never the last."""
        first, last = int(self.warm_up * iterations), int(iterations - self.cool_down * iterations)
        every = self.check_every
        start = (first // every + 1) * every
        return range(start, 0 if self.insertion == "none" else min(last, iterations - 1) + 1, every)

    @model_validator(mode="after")
    def _time_is_left(self) -> "KeyFrameSettings":
        if self.insertion != "none" and self.warm_up + self.cool_down >= 1:
            raise ValueError(
                f"memory.warm_up={self.warm_up:g} and memory.cool_down={self.cool_down:g} leave no iterations in which "
                "a frame could become a key frame; lower them, or set memory.insertion=none"
            )
        return self
