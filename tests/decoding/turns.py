"""What no encoder here writes when asked: H.264 and HEVC that say themselves how their frames are to be turned."""

import os
import re
import struct

import av

# The number of the message on display orientation (ITU-T H.264 D.1.28, H.265 D.2.17), and how units with it begin.
_ORIENTATION = 47
_UNIT = {"h264": b"\x06", "hevc": bytes([39 << 1, 1])}


def turn(codec, degrees, across=False, down=False):
    """Return the unit that says: mirrored left to right or top to bottom, then turned anticlockwise."""
    fields = f"0{across:d}{down:d}{round(degrees * 65536 / 360) % 65536:016b}"
    # Until the next one. H.264 has a period and a flag for what may come, HEVC a flag.
    fields += "0100" if codec == "h264" else "1"
    fields += "1" + "0" * (-len(fields) - 1 & 7)
    content = int(fields, 2).to_bytes(len(fields) // 8, "big")
    message = bytes([_ORIENTATION, len(content)]) + content + b"\x80"
    # Three bytes that would look like the beginning of a unit are kept apart.
    return _UNIT[codec] + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", message)


def with_turns(path, turns, to=None):
    """Put units that state turns before packets of an MP4, MOV or Matroska, and write it anew.

    Args:
        path: of the file.
        turns: dict from the number of a packet to the arguments of `turn` after the codec.
        to: the new file, in any container that has the codec; None for the same one.
    """
    new = f"{path}.new{os.path.splitext(path)[1]}" if to is None else to
    with av.open(str(path)) as source, av.open(str(new), "w") as target:
        stream = source.streams.video[0]
        written = target.add_stream_from_template(stream)
        packets = (packet for packet in source.demux(stream) if packet.size)
        for number, packet in enumerate(packets):
            content = bytes(packet)
            if number in turns:
                unit = turn(stream.codec_context.name, *turns[number])
                content = struct.pack(">I", len(unit)) + unit + content
            copy = av.Packet(content)
            for name in ("pts", "dts", "time_base", "duration", "is_keyframe"):
                setattr(copy, name, getattr(packet, name))
            copy.stream = written
            target.mux(copy)
    if to is None:
        os.replace(new, path)
