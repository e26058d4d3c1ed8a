"""A set of `datasets`, how operations on it must come out, and how one is registered.

An operation is a function of `Case` that returns rows; what they must be is told by the places of the rows in the set.
With keras_vdd a row is a pair and has its video. Without it a row is a slot and has its memories, of which the videos
are made here, by the integrator in plain NumPy.
"""

import numpy as np

OPERATIONS = {}
ALL, NONE = "all, in any order", "nothing to compare"
TOLERANCE = 1e-5


def operation(expected, needs="", only=None):
    """Register an operation.

    Args:
        expected: function from the places 0 .. n - 1 to those of the rows it returns; or `ALL`, or `NONE` for one that
            looks itself.
        needs: a library that it cannot do without.
        only: "videos" or "plain", where it makes sense with, or without, keras_vdd alone.
    """

    def register(function):
        OPERATIONS[function.__name__] = (function, expected, needs, only)
        return function

    return register


def integrate(static, dynamic, kernel, bias):
    """Video (T, H, W, 3) of a still (H, W, 3) and motion (T, H, W): one convolution of 3 x 3 x 3, zeros around."""
    frames = len(dynamic)
    joined = np.concatenate([np.repeat(static[None], frames, 0), dynamic[..., None]], axis=-1).astype(
        np.float64
    )
    padded = np.pad(joined, ((1, 1), (1, 1), (1, 1), (0, 0)))
    video = np.zeros((*dynamic.shape, kernel.shape[-1])) + bias
    for time, row, column in np.ndindex(3, 3, 3):
        height, width = static.shape[:2]
        part = padded[time : time + frames, row : row + height, column : column + width]
        video += part @ kernel[time, row, column].astype(np.float64)
    return video.astype(np.float32)


class Case:
    """A set, how it must come out, and what operations share."""

    def __init__(self, folder, truth, videos):
        import datasets

        self.folder, self.datasets, self.videos = folder, datasets, videos
        self.truth = dict(np.load(truth))
        self.pairs = 4  # of a slot
        self.ds = self.load()
        self.stream = self.load(streaming=True)
        self.count = len(self.truth["videos"]) if videos else len(self.truth["videos"]) // self.pairs
        self.labels = self.truth["labels"] if videos else self.truth["labels"][:: self.pairs]

    def load(self, path=None, **settings):
        return self.datasets.load_dataset(str(path or self.folder), **{"split": "train", **settings})

    @property
    def shown(self):
        """The column, or columns, that a video is in or is made of."""
        return ["video"] if self.videos else ["statics", "dynamics", "integrator"]

    def check(self, rows, expected):
        places = list(range(self.count))
        if expected == ALL:
            found = sorted(self.place(row) for row in rows)
            assert found == places, f"rows {found[:9]}"
            expected = [self.place(row) for row in rows]
        else:
            expected = expected(places)
        assert len(rows) == len(expected), f"{len(rows)} rows of {len(expected)}"
        for row, place in zip(rows, expected):
            if "label" in row:
                assert int(row["label"]) == self.labels[place], "label"
            self.check_video(row, place)

    def check_video(self, row, place):
        if self.videos:
            video = np.asarray(row["video"])
            assert video.dtype == np.float32 and video.shape == (5, 8, 9, 3), (video.dtype, video.shape)
            made, wanted = video[None], self.truth["videos"][place][None]
        else:
            made = videos_of_slot(row)
            wanted = self.truth["videos"][place * self.pairs : (place + 1) * self.pairs]
        assert np.abs(made - wanted).max() < TOLERANCE, "another video"

    def place(self, row):
        if self.videos:
            pair = [int(row[name]) for name in ("label", "static", "dynamic")]
            return int(np.flatnonzero((self.truth["pairs"] == pair).all(axis=1))[0])
        return int(row["label"]) * 2 + int(row["slot"])

    def refuses(self, function):
        """With videos a sentence must name `materialise`; without there is nothing to refuse."""
        from keras_vdd.errors import VddError

        try:
            function()
        except VddError as error:
            assert "materialise" in str(error) and "\n" not in str(error), error
        else:
            raise AssertionError("it gave something")


def videos_of_slot(row):
    """The videos of all pairs of a plain row, in their order."""
    import safetensors.numpy

    numbers = {name: np.asarray(unboxed(row[name]), np.float32) for name in ("statics", "dynamics")}
    blob = row["integrator"]["weights"]
    weights = safetensors.numpy.load(blob if isinstance(blob, bytes) else bytes(np.asarray(blob).item()))
    return np.stack(
        [
            integrate(static, dynamic, weights["kernel"], weights["bias"])
            for static in numbers["statics"]
            for dynamic in numbers["dynamics"]
        ]
    )


def unboxed(value):
    return value.to_numpy() if hasattr(value, "to_numpy") else value


def split(batch):
    """Rows of a batch of columns."""
    names = list(batch)
    return [dict(zip(names, values)) for values in zip(*(batch[name] for name in names))]


def same(places):
    return places


def has_label_5(row):
    return row["label"] == 5


def of_label_5(case):
    return lambda places: [place for place in places if case.labels[place] == 5]
