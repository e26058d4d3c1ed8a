"""The errors that a user can cause; the command line prints them as one sentence and exits."""


class VddError(Exception):
    """Something in the user's data, files or machine stops the work.

    The message is one clear sentence: what was wrong, the offending value and what to do about it.
    """

    exit_code = 1


class UsageError(VddError):
    """The request itself is wrong: an unknown recipe, key, value or option."""

    exit_code = 2
