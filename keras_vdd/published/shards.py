"""The data files of an export, known by their names and checksums before one of them is parsed."""

import hashlib
import mmap
import os
import posixpath
import stat
from dataclasses import dataclass
from pathlib import Path

from keras_vdd.errors import VddError
from keras_vdd.published import schema as vdd
from keras_vdd.published.damage import Damage, told
from keras_vdd.tensors import File

LARGEST_FILE = 2**32
LARGEST_TEXT = 2**24
BLOCK = 2**20
MAGIC = b"PAR1"


@dataclass(frozen=True)
class Shard:
    """What the name of a data file says.

    Attributes:
        name: str, without its folder.
        place, count: int: which one of how many it is, from 0.
        content: str, hash of the whole export.
        file: str, hash of the file; None in format 1.
    """

    name: str
    place: int
    count: int
    content: str
    file: str | None

    def __str__(self) -> str:
        return f"The data file {self.name}"


def read_names(names: list[str], where: str) -> list[Shard]:
    """Return the `Shard` of each name, in the order given.

    Args:
        names: paths or addresses of all data files of a set.
        where: what holds them, for errors.

    Raises:
        VddError: there are none, some are missing or there twice, or they are not of one export.
    """
    if not names:
        raise VddError(
            f"{where} is no distilled set, or has lost its data: there are no {vdd.DATA_FOLDER}/*{vdd.SUFFIX} files in "
            "it; give a run folder or an exported set, or copy or export it again."
        )
    shards = [_read_name(name) for name in names]
    several = {(shard.content, shard.count, shard.file is None) for shard in shards}
    if len(several) > 1:
        raise VddError(
            f"{where} holds files of more than one export: delete {vdd.DATA_FOLDER}/ and export or copy it again."
        )
    places, count = sorted(shard.place for shard in shards), shards[0].count
    if places != list(range(count)):
        raise VddError(
            f"{where} has {len(set(places) & set(range(count)))} of the {count} data files"
            f"{', some of them twice' if len(set(places)) < len(places) else ''}: copy or export it again."
        )
    hashes = [shard.file for shard in sorted(shards, key=lambda shard: shard.place) if shard.file]
    if hashes and vdd.content_hash(hashes) != shards[0].content:
        raise VddError(
            f"{where} holds data files whose names do not belong together (their hashes do not give "
            f"{shards[0].content}): copy or export it again."
        )
    return shards


def _read_name(path: str) -> Shard:
    path = str(path).replace(os.sep, "/")
    name = posixpath.basename(path.split("?")[0] if "://" in path else path)
    parts = vdd.FILE_NAME.fullmatch(name)
    if parts is None:
        raise VddError(
            f"{' '.join(name.split())} is no data file of a distilled set by its name: give files the names they "
            "were exported with."
        )
    return Shard(name, int(parts["place"]), int(parts["count"]), parts["content"], parts["file"])


def shards_of(folder: File) -> list[tuple[Path, Shard]]:
    """Return (path, `Shard`) of each data file of an exported folder, in order; names alone are read.

    Raises:
        VddError: as `read_names`.
    """
    files = sorted((Path(folder) / vdd.DATA_FOLDER).glob(f"*{vdd.SUFFIX}"))
    return list(zip(files, read_names([file.name for file in files], str(folder)), strict=True))


def check_content(files: list[tuple[Path, Shard]], where: str) -> None:
    """Hold the files of format 1, whose names have no hash of each, against the hash of the whole export."""
    if files[0][1].file is not None:
        return
    whole = hashlib.sha256()
    for path, shard in files:
        with told(shard):
            whole.update(bytes.fromhex(_sha256_of(path)))
    if whole.hexdigest()[: len(files[0][1].content)] != files[0][1].content:
        raise VddError(
            f"{where} is damaged: its data files are not as they were exported; copy or export it again."
        )


def read_local(path: File, shard: Shard) -> memoryview:
    """Return the bytes of a data file on this disk, mapped into memory, once its hash is right.

    Raises:
        Damage: it is no regular file, too large, or not what its name says.
    """
    check_hash(_sha256_of(path), shard)
    with open(path, "rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def read_stream(stream, shard: Shard) -> memoryview:
    """Return the bytes of a data file that comes over the network, once its hash is right.

    Raises:
        Damage: it is too large, or not what its name says.
    """
    digest, blocks, size = hashlib.sha256(), [], 0
    while block := stream.read(BLOCK):
        digest.update(block)
        blocks.append(block)
        size += len(block)
        if size > LARGEST_FILE:
            raise Damage(f"it is larger than {LARGEST_FILE:,} bytes")
    check_hash(digest.hexdigest(), shard)
    return memoryview(b"".join(blocks))


def check_hash(sha256: str, shard: Shard) -> None:
    """Refuse a file that is not the one its name speaks of."""
    if shard.file is not None and vdd.file_hash(sha256) != shard.file:
        raise Damage("its bytes are not those it was exported with")


def read_text(path: Path) -> str:
    """Return the text of a side file; nothing where it is missing.

    Raises:
        VddError: it is something else than a text file.
    """
    with told(f"The file {path}"):
        if not os.path.lexists(path):
            return ""
        if check_regular(path) > LARGEST_TEXT:
            raise Damage(f"it is larger than {LARGEST_TEXT:,} bytes")
        return path.read_text(encoding="utf-8")


def check_regular(path: File) -> int:
    """Return the size of a file; refuse what is none, such as a folder or a pipe, which would be waited on for ever."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise Damage("it is no regular file")
    return status.st_size


def _sha256_of(path: File) -> str:
    size = check_regular(path)
    if not size:
        raise Damage("it is empty")
    if size > LARGEST_FILE:
        raise Damage(f"it has {size:,} bytes, more than the {LARGEST_FILE:,} that a data file may have")
    with open(path, "rb") as file:
        head = file.read(len(MAGIC))
        file.seek(max(0, size - len(MAGIC)))
        # Looked at first: a file that was cut, or grew, is not read through.
        if head != MAGIC or file.read() != MAGIC:
            raise Damage("it is no parquet file, or only a part of one")
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()
