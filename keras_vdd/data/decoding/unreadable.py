"""The one error that a bad video ends in."""

from keras_vdd.errors import VddError


class UnreadableVideo(VddError):
    """A video that cannot be used; `reason` is a phrase that says why, without the path."""

    def __init__(self, path, reason):
        super().__init__(f"The video '{path}' cannot be used: {reason}.")
        self.reason = reason


def words_of(error):
    """The library's words without number and path, which would make reasons differ by place."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
