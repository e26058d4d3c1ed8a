"""Which code of this package runs: its version, its commit, and where the project is found."""

import functools
import importlib.metadata
import json
import os
import subprocess
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NAME = "keras-vdd"


@functools.cache
def running_code() -> dict[str, Any]:
    """Return which code of this package runs: `version`, `commit` and `changed`.

    `commit` is that of the git checkout that the package lies in, or that pip installed it from; None where it is
    neither. `changed` says whether files of a checkout differ from its commit; None without one.
    """
    import keras_vdd

    commit, changed = _checkout(Path(keras_vdd.__file__).resolve().parents[1])
    if commit is None:
        commit = installed_from().get("vcs_info", {}).get("commit_id")
    return {"version": keras_vdd.__version__, "commit": commit, "changed": changed}


@functools.cache
def project_url() -> str | None:
    """Return where the project is found: the address in its metadata, or the one that pip installed it from.

    Only https addresses without a user are told; None where there is none.
    """
    with_names = _metadata().get_all("Project-URL") or []
    addresses = [entry.partition(",")[2].strip() for entry in with_names]
    told = installed_from()
    addresses += [told.get("url", "")] if "vcs_info" in told else []
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme == "https" and parts.hostname and "@" not in parts.netloc:
            return address
    return None


def _checkout(root: Path) -> tuple[str | None, bool | None]:
    # A package that pip copied may lie inside somebody else's repository, so this one must begin here.
    if not (root / ".git").exists():
        return None, None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    told = []
    for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no")):
        try:
            done = subprocess.run(
                ["git", "-C", str(root), *arguments],
                env=environment, capture_output=True, text=True, timeout=10, check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None, None
        told.append(done.stdout.strip())
    return told[0], bool(told[1])


@functools.cache
def _metadata() -> Any:
    try:
        return importlib.metadata.metadata(NAME)
    except importlib.metadata.PackageNotFoundError:
        return Message()


@functools.cache
def installed_from() -> dict[str, Any]:
    """Return what pip noted of where it installed the package from (PEP 610), {} where it noted nothing."""
    try:
        return json.loads(importlib.metadata.distribution(NAME).read_text("direct_url.json") or "{}")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return {}
