"""Small whole videos as people have them: every container, codec, turn, cut, join and company that comes along."""

import dataclasses
import os
import random
import struct
from pathlib import Path

from .boxes import first_shown, matrix, with_aperture, with_edits, with_matrix
from .encodings import CODECS, COLOURS, CONSTANT
from .shown import ffmpeg, version
from .turns import with_turns

BOXED_LAYOUTS = (
    "-movflags faststart", "-movflags frag_keyframe+empty_moov", "-movflags frag_every_frame+empty_moov",
    "-use_editlist 0", "-video_track_timescale 90000", "-movflags frag_keyframe+empty_moov+default_base_moof",
)  # fmt: skip
BOXED = {"mp4", "mov", "m4v", "3gp", "f4v"}
# Containers that may be laid end to end, as people do with `cat`.
JOINED = set(
    "ts mts m2ts mpg mpeg vob m2v m1v h264 264 hevc h265 mjpg mjpeg dv mkv webm "
    "avi mp4 flv ogv gif wmv nut y4m obu ivf mxf mov".split()
)
# Of one picture these are stills.
STILLS = {"mjpg", "mjpeg", "apng"}
# Containers and streams in which pictures of another size may follow.
RESIZED = set("ts mts m2ts mpg mpeg vob m2v m1v h264 264 hevc h265 mjpg mjpeg".split())
# Containers that give frames times of their own, and may begin late.
TIMED = set("mp4 mov m4v 3gp mkv webm ts mts m2ts mpg mpeg vob flv".split())
WITH_SOUND = {"mp4": "aac", "mov": "aac", "mkv": "aac", "avi": "mp2", "ts": "mp2", "mpg": "mp2", "flv": "aac",
              "webm": "libvorbis", "nut": "mp2", "wmv": "wmav2", "asf": "wmav2", "mxf": "pcm_s16le"}  # fmt: skip
WITH_SUBTITLES = {"mkv": "srt", "mp4": "mov_text", "mov": "mov_text", "webm": "webvtt"}
WITH_MORE_VIDEO = {"mkv", "mp4", "mov", "ts", "avi", "webm", "nut", "asf", "mpg"}
SUBTITLES = "1\n00:00:00,000 --> 00:00:00,500\nhi\n\n2\n00:00:08,000 --> 00:00:20,000\nend\n"
# Streams that can say themselves how their frames are to be turned.
STATING = {"h264", "h264-10", "h264-open", "phone", "hevc", "phone-hevc"}
# Ways to make a file in which nothing is done after it was encoded.
MADE_AS_ENCODED = {"plain", "layout", "late", "uneven"}
# Some muxers choose by the ending, and not as is meant here.
MUXERS = {"divx": "avi", "ogm": "ogg", "m4v": None, "mts": "mpegts", "m2ts": "mpegts", "mxf": "mxf"}


@dataclasses.dataclass
class Made:
    """A file, and in words what is in it."""

    path: str
    words: str


def make(folder, number):
    """Write the video of a number into a folder; the same number makes the same kind of file."""
    rng = random.Random(number)
    name = list(CODECS)[number % len(CODECS)]
    return Maker(folder, rng, number, name).make()


class Maker:
    """Makes one file: encodes, adds what is to be beside it, cuts, joins, edits and turns."""

    def __init__(self, folder, rng, number, name):
        self.rng, self.name = rng, name
        self.encode, formats, endings = CODECS[name]
        self.pixels, self.ending = rng.choice(formats.split()), rng.choice(endings.split())
        self.folder, self.number = folder, number
        self.start = str(folder / f"{number:04d}")
        self.path = f"{self.start}.{self.ending}"
        self.words = [self.ending, name, self.pixels]
        # What older versions of ffmpeg make of the first frame's colours holds for all that follow.
        self.one_colour = False
        self.rate = rng.choice((10, 25, "30000/1001")) if name != "dv" else 25
        if name in ("mpeg1", "mpeg2") or self.ending == "mxf":
            self.rate = 25
        self.frames = rng.randint(8, 24) if name not in ("dv", "jpeg2000") else rng.randint(3, 6)
        self.size = rng.choice(("64x48", "48x64", "80x48", "68x48", "64x48", "66x50", "23x31", "16x208"))
        if self.size == "16x208" and "-s " in self.encode:
            # Its pixels would be so narrow that they count as square.
            self.size = "64x48"
        self.aspect = rng.choice((None, None, None, "4/3", "16/11")) if self.size.endswith("48") else None
        if self.ending not in STILLS and rng.random() < 0.05:
            self.frames = 1

    def make(self):
        """Write the file and return it."""
        ways = ["plain", "beside", "trimmed", "layout"]
        hides = self.name == "gif" or (self.name in ("av1", "mjpeg", "qtrle") and self.ending in BOXED)
        if hides and version()[1] < 8:
            # Older versions show frames of AV1 and Motion JPEG that an edit list hides, and not all of GIFs that were
            # joined. Newer ones hide a frame of QuickTime Animation that is no other than the hidden one before it.
            return self.made(
                self.rng.choice(("plain", "turned") if self.ending in BOXED else ("plain", "layout"))
            )
        if self.name == "photographs":
            return self.made("photographed")
        if self.ending in BOXED:
            ways += ["turned", "edited", "turned+edited", "turned+beside", "edited+beside", "turned+trimmed"]
            if version()[1] >= 8:
                ways += ["windowed", "windowed+turned", "windowed+edited"]
        if self.name in STATING and self.ending in ("mp4", "mov", "mkv"):
            ways += ["stated"] if self.ending == "mkv" else ["stated", "stated+turned", "stated+edited"]
        if self.ending in TIMED:
            ways += ["uneven", "late"]
        if self.ending in JOINED:
            ways += ["joined", "joined", "trimmed+joined"]
        return self.made(self.rng.choice(ways))

    def made(self, way):
        """Write the file in the way of these steps and return it."""
        self.one_colour = "joined" in way and version()[1] < 8
        steps = [step for step in way.split("+") if step not in MADE_AS_ENCODED]
        more = {"layout": self.layout, "late": self.late}.get(way, str)()
        self.video(self.path, self.size, self.frames, more, uneven=way == "uneven")
        for step in steps:
            getattr(self, step)()
        return Made(self.path, " ".join(map(str, self.words)))

    def late(self):
        """Return options for a first frame that is shown long after the beginning, or before it."""
        start = self.rng.choice((0.5, 1000, 95443.6, -0.2))
        self.words.append(f"that begins at {start} s")
        return f"-output_ts_offset {start}" + (" -avoid_negative_ts disabled" if start < 0 else "")

    def video(self, path, size, frames, more="", uneven=False):
        """Encode a moving picture."""
        options = self.encode.format(b=self.rng.choice((0, 0, 2)), gop=self.rng.choice((1, 5, 12, 250)))
        if self.name in ("mpeg1", "mpeg2") and self.number % 3 == 0:
            self.words.append("at a constant rate")
            options = options.replace("-qscale:v 3", CONSTANT)
        aspect = f",setsar={self.aspect}" if self.aspect else ""
        if self.aspect:
            self.words.append(f"pixels of {self.aspect}")
        if self.pixels.startswith("yuv4") and self.rng.random() < 0.2 and not self.one_colour:
            colours = self.rng.choice(COLOURS)
            self.words.append(colours)
            more = f"{more} {colours}"
        muxer = MUXERS.get(self.ending)
        muxer = ["-f", muxer] if muxer else []
        source, rates = f"testsrc2=s={size}:r={self.rate}{aspect}", []
        if uneven:
            self.words.append("at uneven times")
            source, rates = f"{source},select='mod(n,7)*mod(n,5)'", ["-fps_mode", "vfr"]
        ffmpeg(
            "-f", "lavfi", "-i", source, "-frames:v", frames, *rates, *options.split(), "-pix_fmt", self.pixels,
            *more.split(), *muxer, path,
        )  # fmt: skip

    def layout(self):
        """Return options for another layout of the same container."""
        if self.ending in BOXED:
            more = self.rng.choice(BOXED_LAYOUTS)
        elif self.ending in ("mkv", "webm"):
            more = self.rng.choice(
                ("-live 1", "-cluster_time_limit 100", "-cues_to_front 1 -reserve_index_space 2000")
            )
        elif self.ending in ("ts", "mts", "m2ts"):
            more = self.rng.choice(("-mpegts_m2ts_mode 1", "-mpegts_flags resend_headers", "-pat_period 0.1"))
        else:
            more = "-fflags +bitexact"
        self.words.append(more)
        return more

    def beside(self):
        """Put something else into the container: sound, subtitles, another video or a cover."""
        kinds = [kind for kind, where in (("sound", WITH_SOUND), ("text", WITH_SUBTITLES), ("video", WITH_MORE_VIDEO))
                 if self.ending in where]  # fmt: skip
        if not kinds:
            return
        kind = self.rng.choice(kinds)
        before, more = f"{self.start}-before.{self.ending}", []
        inputs = ["-i", before]
        if kind == "sound":
            seconds = self.rng.choice((0.2, 2, 6))
            inputs += ["-f", "lavfi", "-i", f"sine=d={seconds}:r=44100"]
            more = [
                "-c:a",
                WITH_SOUND[self.ending],
                "-ac",
                "1" if self.ending != "mxf" else "2",
                "-ar",
                "48000",
            ]
            words = f"sound of {seconds} s"
        elif kind == "text":
            Path(f"{self.start}.srt").write_text(SUBTITLES)
            inputs += ["-i", f"{self.start}.srt"]
            more = ["-c:s", WITH_SUBTITLES[self.ending]]
            words = "subtitles of 20 s"
        else:
            size, frames = self.rng.choice(("32x24", "128x96")), self.rng.choice((4, 60))
            first = self.rng.random() < 0.3
            other = f"{self.start}-other.{self.ending}"
            self.video(other, size, frames)
            inputs = ["-i", other, *inputs] if first else [*inputs, "-i", other]
            words = f"a video of {size} and {frames} frames {'before' if first else 'after'} it"
        self.words.append(words)
        self.rewrite(before, *inputs, "-map", "0", "-map", "1", "-c:v", "copy", *more)

    def trimmed(self):
        """Keep a part, without encoding it again."""
        before = f"{self.start}-before.{self.ending}"
        rate = eval_rate(self.rate)
        start = self.rng.choice((0, self.frames / rate * self.rng.random() * 0.6))
        length = max(3 / rate, self.frames / rate * self.rng.uniform(0.3, 0.9))
        self.words.append(f"from {start:.2f} s, {length:.2f} s")
        self.rewrite(
            before, "-ss", f"{start:.4f}", "-i", before, "-t", f"{length:.4f}", "-c", "copy", "-map", "0"
        )

    def rewrite(self, before, *args):
        os.replace(self.path, before)
        muxer = MUXERS.get(self.ending)
        ffmpeg(*args, *(["-f", muxer] if muxer else []), self.path)

    def joined(self):
        """Lay two or three files end to end."""
        parts = [Path(self.path).read_bytes()]
        size = self.size
        if self.ending in RESIZED and "-s " not in self.encode and self.rng.random() < 0.3:
            size = "96x64"
            self.words.append(f"another size {size}")
        for _ in range(self.rng.choice((1, 1, 2))):
            if self.rng.random() < 0.5:
                parts.append(parts[0])
            else:
                self.video(f"{self.start}-other.{self.ending}", size, self.rng.randint(4, 20))
                parts.append(Path(f"{self.start}-other.{self.ending}").read_bytes())
        self.words.append(f"{len(parts)} files end to end")
        Path(self.path).write_bytes(b"".join(parts))

    def windowed(self):
        """Show a window of its frames alone."""
        width, height = map(int, self.encoded().split("x"))
        shown = self.rng.randint(width // 2, width), self.rng.randint(height // 2, height)
        moved = [
            self.rng.randint(0, whole - part) for whole, part in zip((width, height), shown, strict=True)
        ]
        self.words.append("in a window of {}x{}, {} and {} halves of a pixel away".format(*shown, *moved))
        Path(self.path).write_bytes(with_aperture(Path(self.path).read_bytes(), *shown, *moved))

    def encoded(self):
        """Return the size of its frames, such as "64x48"."""
        words = self.encode.split()
        return words[words.index("-s") + 1] if "-s" in words else self.size

    def edited(self):
        """Give it an edit list that shows a part of the media, or parts of it in another order."""
        data = Path(self.path).read_bytes()
        zero, length = first_shown(data), self.frames / eval_rate(self.rate)
        part = self.rng.choice(("end", "middle", "start", "pause", "two", "twice", "back"))
        edits = {
            "end": [(0.4 * length, zero + 0.6 * length)],
            "middle": [(0.3 * length, zero + 0.33 * length)],
            "start": [(0.25 * length, zero)],
            "pause": [(0.5, None), (length, zero)],
            "two": [(0.3 * length, zero), (0.3 * length, zero + 0.6 * length)],
            "twice": [(0.5 * length, zero), (0.5 * length, zero)],
            "back": [(0.3 * length, zero + 0.6 * length), (0.3 * length, zero)],
        }[part]
        self.words.append(f"an edit list of its {part}")
        Path(self.path).write_bytes(with_edits(data, edits))

    def photographed(self):
        """Make it of photographs, of which each says how the camera was held."""
        held = self.rng.randint(1, 8)
        self.words.append(f"of photographs, held as {held}")
        ffmpeg("-i", self.path, "-c", "copy", f"{self.start}-%03d.jpg")
        for file in self.folder.glob(f"{self.number:04d}-*.jpg"):
            file.write_bytes(with_exif(file.read_bytes(), held))
        ffmpeg("-framerate", self.rate, "-i", f"{self.start}-%03d.jpg", "-c", "copy", self.path)

    def turned(self):
        """Give it a display matrix."""
        turns, mirrored = self.rng.randrange(4), self.rng.random() < 0.4
        degrees = 30 if self.rng.random() < 0.1 else None
        words = f"turned by {90 * turns if degrees is None else degrees}"
        self.words.append(words + (" and mirrored" if mirrored else ""))
        data = Path(self.path).read_bytes()
        Path(self.path).write_bytes(with_matrix(data, matrix(turns, mirrored, degrees)))

    def stated(self):
        """Let the stream say itself how it is to be turned, once or more often."""
        places = [0, *self.rng.choice(((), (), (5,), (self.frames // 2,)))]
        turns = {at: (self.rng.choice((0, 90, 180, 270)), self.rng.random() < 0.3) for at in places}
        self.words.append(f"that states turns {turns}")
        with_turns(self.path, turns)


def with_exif(picture, orientation):
    """Return a JPEG with EXIF that says its orientation, from 1 to 8."""
    tiff = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    content = b"Exif\x00\x00" + tiff
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(content)) + content + picture[2:]


def eval_rate(rate):
    """Return frames per second as a number."""
    above, _, below = str(rate).partition("/")
    return int(above) / int(below or 1)
