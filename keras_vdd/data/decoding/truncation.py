"""How long a video file is by its own account: one that was cut off is shorter.

Demuxers take the end of a file for the end of the video, so a download that broke off between two
frames looks whole. AVI, MP4/MOV, Matroska/WebM and MXF state their length in the first bytes.
"""

import os

# Boxes that stand at the top of ISO files (ISO/IEC 14496-12) and of QuickTime's.
_BOXES = frozenset(
    b"ftyp moov mdat free skip wide moof sidx styp meta uuid mfra emsg pnot udta prft ssix".split()
)
_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
# The key of an MXF's partition (SMPTE 377-1), and how long one is at least.
_PARTITION, _PARTITION_BYTES = bytes.fromhex("060e2b34020501010d010201"), 108
# Some writers are a few bytes out; nothing that is broken off stops so near to its end by chance.
_SLACK = 16


def missing_bytes(path):
    """Return (bytes there, bytes stated) of a file that states more than are there, else None."""
    there, stated = os.path.getsize(path), stated_bytes(path)
    return (there, stated) if stated is not None and stated > there + _SLACK else None


def stated_bytes(path):
    """Return how many bytes a file states that it has; None where it does not."""
    there = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(12)
        if start[:4] == b"RIFF" and start[8:] == b"AVI ":
            return _riff_end(file, there)
        if start[4:8] in _BOXES:
            return _box_end(file, there)
        if start[:4] == _EBML.to_bytes(4, "big"):
            return _segment_end(file)
        return _footer_end(file) if start == _PARTITION else None


def _riff_end(file, there):
    """AVI; beyond 1 GB several RIFF lists follow one another (OpenDML)."""
    end = 0
    while end + 8 <= there:
        file.seek(end)
        head = file.read(8)
        size = int.from_bytes(head[4:], "little")
        # A recorder that was stopped leaves 0 or all ones; what follows the last list is no matter.
        if head[:4] != b"RIFF" or size in (0, 0xFFFFFFFF):
            break
        end += 8 + size + size % 2
    return end or None


def _box_end(file, there):
    end = 0
    while end + 8 <= there:
        file.seek(end)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        # Size 0 is "to the end of the file".
        if head[4:8] not in _BOXES or size < 8:
            break
        end += size
    return end or None


def _segment_end(file):
    file.seek(4)
    size = _vint(file)
    if size is None:
        return None
    file.seek(size, os.SEEK_CUR)
    if int.from_bytes(file.read(4), "big") != _SEGMENT:
        return None
    size = _vint(file)
    return None if size is None else file.tell() + size


def _footer_end(file):
    # Key and length of the first partition, its version, and where it and the one before it begin.
    file.seek(16)
    length = int.from_bytes(file.read(1), "big")
    file.seek(17 + (length & 0x7F if length & 0x80 else 0) + 24)
    footer = int.from_bytes(file.read(8), "big")
    # 0 where the writer did not know yet.
    return footer + _PARTITION_BYTES if footer else None


def _vint(file):
    """An EBML number; None for the one that means unknown, as live recordings have it."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), "big") - (1 << 7 * length)
    return None if value == (1 << 7 * length) - 1 else value
