"""The errors that a user can cause; the command line prints them as one sentence and exits."""

from keras_vdd.text import printable_lines


class VddError(Exception):
    """Something in the user's data, files or machine stops the work.

    The message is one clear sentence: what was wrong, the offending value and what to do about it.
    """

    exit_code = 1

    def __str__(self) -> str:
        # Names of files and classes are in it, and a terminal does what they say.
        return printable_lines(super().__str__())


class UsageError(VddError):
    """The request itself is wrong: an unknown recipe, key, value or option."""

    exit_code = 2
