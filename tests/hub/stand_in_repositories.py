"""What the stand-in for the Hub keeps: repositories with commits, and what points at them."""

import dataclasses
import hashlib
import json
import re

LARGE = (".parquet", ".safetensors", ".png", ".webp")


class Refusal(Exception):
    """An error that the server answers."""

    def __init__(self, status, code="", message="", **more):
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message or code, more


@dataclasses.dataclass(frozen=True)
class File:
    """Content of a file and whether Git LFS keeps it."""

    content: bytes
    lfs: bool

    @property
    def oid(self):
        return hashlib.sha1(b"blob %d\0" % len(self._in_git) + self._in_git).hexdigest()

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @property
    def _in_git(self):
        if not self.lfs:
            return self.content
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        return pointer.encode()


class Repository:
    """Commits by their hash, each a dict of `File`s by path, and what points at them."""

    def __init__(self, private=False, gated=False):
        self.private, self.gated = private, gated
        self.commits, self.branches, self.tags, self.pull_requests = {}, {}, {}, {}
        attributes = (
            b"*.parquet filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs\n*.png filter=lfs\n"
        )
        self.branches["main"] = self.add({".gitattributes": File(attributes, False)}, None)

    def add(self, files, parent):
        about = json.dumps([parent, len(self.commits), sorted((path, f.oid) for path, f in files.items())])
        commit = hashlib.sha1(about.encode()).hexdigest()
        self.commits[commit] = files
        return commit

    def take(self, folder, branch="main"):
        """Commit what a folder on this disk holds, and return the commit."""
        paths = {
            path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
        }
        files = {name: File(path.read_bytes(), name.endswith(LARGE)) for name, path in paths.items()}
        self.branches[branch] = self.add(files, self.branches.get(branch))
        return self.branches[branch]

    def at(self, revision):
        """Return the commit that a revision names."""
        named = {**self.branches, **self.tags, **self.pull_requests}
        short = re.fullmatch(r"[0-9a-f]{7,40}", revision) and [
            c for c in self.commits if c.startswith(revision)
        ]
        commit = named.get(revision.removeprefix("refs/heads/")) or (short[0] if short else None)
        if commit is None:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def files(self, revision="main"):
        """Return the content of all files at a revision, by path."""
        return {path: file.content for path, file in self.commits[self.at(revision)].items()}

    def listed(self, revision, folder, deep):
        """Return what the Hub says of the files and folders in a folder, "" for all; `deep` goes into those."""
        found, start = {}, f"{folder}/" if folder else ""
        for path, file in sorted(self.commits[self.at(revision)].items()):
            if path.startswith(start):
                parts = path[len(start) :].split("/")
                for depth in range(1, len(parts)):
                    name = start + "/".join(parts[:depth])
                    found.setdefault(name, described_folder(name))
                if deep or len(parts) == 1:
                    found[path] = described(path, file)
        if not deep:
            found = {path: one for path, one in found.items() if "/" not in path[len(start) :]}
        if start and not found:
            raise Refusal(404, "EntryNotFound", f"{folder} does not exist")
        return list(found.values())

    def described(self, revision, paths):
        """Return what the Hub says of some files and folders; of others it says nothing."""
        files = self.commits[self.at(revision)]
        folders = {
            "/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)
        }
        return [
            described(path, files[path]) if path in files else described_folder(path)
            for path in paths
            if path in files or path in folders
        ]


def described(path, file):
    """Return what the Hub says of a file in a listing."""
    about = {"type": "file", "oid": file.oid, "size": len(file.content), "path": path}
    if file.lfs:
        about["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": 130}
    return about


def described_folder(path):
    """Return what the Hub says of a folder in a listing."""
    return {"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
