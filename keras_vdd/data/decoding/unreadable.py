"""The error that a video that cannot be used ends in."""

from keras_vdd.errors import VddError


class UnreadableVideo(VddError):
    """A video that cannot be used; `reason` is a phrase that says why, without the path."""

    def __init__(self, path, reason):
        super().__init__(f"The video '{path}' cannot be used: {reason}.")
        self.reason = reason


class NoDecoder(UnreadableVideo):
    """A video of a codec that the FFmpeg installed here knows by name and cannot decode; another one may."""

    def __init__(self, path, codec):
        super().__init__(
            path,
            f"the FFmpeg of the package av that is installed here has no decoder of {codec} (install a build that has, "
            "or take such files out of the set)",
        )


class ChangedMeanwhile(VddError):
    """A video that was written to while it was read: what was read is neither the one nor the other."""

    def __init__(self, path):
        self.reason = "it was changed while it was read"
        super().__init__(f"The video '{path}' cannot be used now: {self.reason}.")


def words_of(error):
    """The library's words without number and path, which would make reasons differ by place."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
