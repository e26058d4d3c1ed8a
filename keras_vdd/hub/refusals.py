"""What the Hub or the way to it refuses, each as one sentence that says what to do."""

import contextlib
import os
from collections.abc import Iterator

from keras_vdd.errors import UsageError, VddError

LOG_IN = "log in with `hf auth login`, or set HF_TOKEN"


def of_download(error: Exception, repository: str, revision: str | None, or_folder: bool = False) -> VddError:
    """Return the error that tells a user why a dataset repository was not downloaded.

    Args:
        error: what `huggingface_hub` raised.
        repository: str, `owner/name`.
        revision: str or None, what was asked for.
        or_folder: bool, whether a folder of that name would have been taken.

    Returns:
        `UsageError` where another name, revision or token is needed, else `VddError`.
    """
    from huggingface_hub import errors as hub

    named = repository if revision is None else f"{repository} at revision {revision}"
    the_hub = f"There is no folder {repository} on this disk, and the Hub" if or_folder else "The Hub"
    if isinstance(error, hub.GatedRepoError):
        return UsageError(f"{repository} is gated: ask for access at {page(repository)}, and {LOG_IN}.")
    if isinstance(error, hub.RepositoryNotFoundError):
        if _is_a_model(repository):
            return UsageError(f"{repository} is a model on the Hub, not a dataset: check the name.")
        return UsageError(
            f"{the_hub} has no dataset {repository}, or it is private and your token does not open it: "
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
            f"{the_hub} cannot be reached ({_why(error)}), nor is there a copy of {named} that was downloaded before: "
            "connect and try again."
        )
    return general(error, f"{named} was not downloaded")


@contextlib.contextmanager
def of_publishing(repository: str) -> Iterator[None]:
    """Raise what goes wrong while a repository is written to as one sentence.

    Args:
        repository: str, `owner/name`.

    Raises:
        UsageError: another name, token or card is needed.
        VddError: the Hub cannot be reached or refuses.
    """
    from huggingface_hub import errors as hub

    not_published = f"{repository} was not published"
    try:
        yield
    except VddError:
        raise
    # Whatever a client of a network raises is the network's or the server's, not a mistake in here.
    except Exception as error:
        status = status_of(error)
        if status == 401:
            raise UsageError(f"{not_published}: the Hub does not accept the token; {LOG_IN}.") from error
        if status == 403:
            raise UsageError(
                f"{not_published}: your token may not write there ({_said(error)}); take one with write access to "
                "it from https://huggingface.co/settings/tokens, or open a pull request (--pr)."
            ) from error
        if isinstance(error, hub.RevisionNotFoundError):
            raise UsageError(f"{not_published}: it has no such revision.") from error
        if isinstance(error, hub.RepositoryNotFoundError):
            raise UsageError(
                f"{not_published}: there is no dataset of that name, or your token does not open it."
            ) from error
        if status == 412:
            raise VddError(
                f"{not_published}: somebody changed it at the same time; publish again."
            ) from error
        if type(error) is ValueError and status == 400:
            raise UsageError(
                f"{not_published}: the Hub does not accept the card ({_said(error)})."
            ) from error
        if unreachable(error):
            raise VddError(
                f"{not_published}: the connection to the Hub failed ({_why(error)}); it holds what it held before, and "
                "the same command goes on: what was sent is not sent again."
            ) from error
        raise general(error, not_published) from error


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
        return VddError(f"{what}: the Hub answered {status} ({_said(error)}).")
    if unreachable(error):
        return VddError(f"{what}: the Hub cannot be reached ({_why(error)}); connect and try again.")
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return VddError(f"{what}: {error.filename}: {error.strerror}.")
    return VddError(f"{what}: {_short(first_line(error))}.")


def _is_a_model(repository: str) -> bool:
    from huggingface_hub import repo_exists

    # Asked for a better word on an error: whatever happens, the error stays.
    with contextlib.suppress(Exception):
        return bool(repo_exists(repository, repo_type="model"))
    return False


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


def _said(error: BaseException) -> str:
    """Return what the server said, else the error's own words, in one line."""
    for cause in _causes(error):
        if said := getattr(cause, "server_message", None):
            return _short(" ".join(str(said).split()))
    return _short(" ".join(str(error).split()) or type(error).__name__)


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
