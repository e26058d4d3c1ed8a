"""What the Hub or the way to it refuses, each as one sentence that says what to do."""

import os

from keras_vdd.errors import UsageError, VddError

LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"


def of_download(error: Exception, repository: str, revision: str | None) -> VddError:
    """Return the error that tells a user why a dataset repository was not downloaded.

    Args:
        error: what `huggingface_hub` raised.
        repository: str, `owner/name`.
        revision: str or None, what was asked for.

    Returns:
        `UsageError` where another name, revision or token is needed, else `VddError`.
    """
    from huggingface_hub import errors as hub

    named = repository if revision is None else f"{repository} at revision {revision}"
    if isinstance(error, hub.GatedRepoError):
        return UsageError(f"{repository} is gated: ask for access at {page(repository)}, and {LOG_IN}.")
    if isinstance(error, hub.RepositoryNotFoundError):
        return UsageError(
            f"The Hub has no dataset {repository}, or it is private and your token does not open it: "
            f"check the name, or {LOG_IN}."
        )
    if isinstance(error, hub.RevisionNotFoundError):
        return UsageError(
            f"{repository} has no revision {revision}: its branches and tags are listed at {page(repository)}."
        )
    if isinstance(error, hub.HFValidationError):
        return UsageError(f"{repository} is no repository id of the form owner/name: {first_line(error)}")
    if isinstance(error, hub.IncompleteSnapshotError):
        return VddError(
            f"The Hub cannot be reached, and only a part of {named} was downloaded before: connect and try again."
        )
    if unreachable(error):
        return VddError(
            f"The Hub cannot be reached ({_why(error)}), and there is no copy of {named} that was downloaded before, "
            "which would be used: connect and try again."
        )
    return general(error, f"{named} was not downloaded")


def general(error: Exception, what: str) -> VddError:
    """Return an error for what may happen in any exchange with the Hub.

    Args:
        error: what `huggingface_hub` raised.
        what: str, what did not come about, the beginning of the sentence.
    """
    from huggingface_hub import errors as hub

    if isinstance(error, hub.LocalTokenNotFoundError):
        return UsageError(f"{what}: there is no token; {LOG_IN}.")
    status = status_of(error)
    if status == 401:
        return UsageError(f"{what}: the Hub does not accept the token; {LOG_IN}.")
    if status is not None:
        said = getattr(error, "server_message", None) or first_line(error)
        return VddError(f"{what}: the Hub answered {status} ({_short(said)}).")
    if unreachable(error):
        return VddError(f"{what}: the Hub cannot be reached ({_why(error)}); connect and try again.")
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return VddError(f"{what}: {error.filename}: {error.strerror}.")
    return VddError(f"{what}: {_short(first_line(error))}.")


def page(repository: str) -> str:
    """Return the address of a dataset's page."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/datasets/{repository}"


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error, or what caused it, carries; None where there was no answer."""
    for cause in _causes(error):
        status = getattr(getattr(cause, "response", None), "status_code", None)
        if status is not None:
            return int(status)
    return None


def unreachable(error: BaseException) -> bool:
    """Return whether no answer came: no network, a closed or broken connection, or HF_HUB_OFFLINE."""
    from huggingface_hub import errors as hub

    if status_of(error) is not None:
        return (status_of(error) or 0) >= 500
    missing = (hub.LocalEntryNotFoundError, hub.OfflineModeIsEnabled, ConnectionError, TimeoutError)
    # The client's own classes for this come from an HTTP library that may be exchanged for another.
    names = ("ConnectError", "TimeoutException", "NetworkError", "RemoteProtocolError", "ProxyError")
    return any(
        isinstance(cause, missing) or {base.__name__ for base in type(cause).__mro__} & set(names)
        for cause in _causes(error)
    )


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its name."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _why(error: BaseException) -> str:
    from huggingface_hub import errors as hub

    causes = list(_causes(error))
    if os.environ.get("HF_HUB_OFFLINE") and any(isinstance(one, hub.OfflineModeIsEnabled) for one in causes):
        return "HF_HUB_OFFLINE is set"
    return _short(first_line(causes[-1]))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return found


def _short(text: str) -> str:
    text = text.rstrip(" .:")
    return text if len(text) <= 200 else text[:199] + "…"
