"""Videos computed on the loaded backend: those of numpy, in any batch, thread or process; and nothing is woken."""

import concurrent.futures
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops
from memory_cases import CASES, as_set, filled, layer

from keras_vdd.layers.integrator import planar_kernel
from keras_vdd.memory import DistilledSet, loaded_backend
from keras_vdd.memory.static_dynamic import on_backend

BACKEND = keras.config.backend()


@pytest.fixture(autouse=True)
def started():
    ops.convert_to_numpy(ops.zeros(1) + 1)
    assert loaded_backend.at_work()


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def moving(frames, height=6, width=7, classes=4, integrators=2, motion=None):
    """A static-dynamic set of noise, 2 x 2 pairs a class."""
    return DistilledSet(
        "static-dynamic", map(str, range(classes)), frames, (0.5,) * 3, (0.2,) * 3, 1,
        static=numbers(1, classes, 2, height, width, 3),
        dynamic=numbers(2, classes, 2, *(motion or (frames, height, width)), 1),
        kernels=numbers(3, integrators, 3, 3, 3, 4, 3), biases=numbers(4, integrators, 3),
    )  # fmt: skip


def assert_close(videos, expected):
    assert videos.dtype == np.float32 and videos.shape == expected.shape
    assert np.abs(videos - expected).max() <= 1e-6 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("name", CASES)
def test_every_memory_is_the_same_on_the_backend(name):
    kind, options = CASES[name]
    distilled = as_set(filled(layer(kind, 5, 4, 6, **options)))
    pairs = np.random.default_rng(0).permutation(np.concatenate([distilled.pairs(), distilled.pairs()[:3]]))
    assert_close(distilled.reconstruct(pairs, on_backend=True), distilled.reconstruct(pairs))


@pytest.mark.parametrize("frames", [1, 2, 3, 15, 16, 17, 18, 33])
def test_any_number_of_frames(frames):
    distilled = moving(frames)
    assert_close(distilled.reconstruct(on_backend=True), distilled.reconstruct())


@pytest.mark.parametrize("motion", [(1, 1, 1), (5, 3, 7), (20, 6, 2)])
def test_small_motion_is_enlarged(motion):
    distilled = moving(20, motion=motion)
    assert_close(distilled.reconstruct(on_backend=True), distilled.reconstruct())


def test_alone_and_in_a_batch_a_video_is_the_same():
    distilled = moving(16, 24, 24)
    pairs = distilled.pairs()
    whole = distilled.reconstruct(pairs, on_backend=True)
    for count in (1, 2, 5):
        parts = [
            distilled.reconstruct(pairs[start : start + count], on_backend=True)
            for start in range(0, len(pairs), count)
        ]
        assert_close(np.concatenate(parts), whole)


def test_no_pairs_give_no_videos():
    assert moving(3).reconstruct(np.empty((0, 3), int), on_backend=True).shape == (0, 3, 6, 7, 3)


def test_it_computes_there_only_when_it_is_asked(monkeypatch):
    distilled, calls = moving(3), []

    def counted(*arguments):
        calls.append(arguments)
        return made(*arguments)

    made = on_backend.reconstruct
    monkeypatch.setattr(on_backend, "reconstruct", counted)
    in_numpy = distilled.reconstruct()
    assert not calls
    distilled.reconstruct(on_backend=True)
    assert len(calls) == 1
    monkeypatch.setattr(loaded_backend, "_FIRST_PROCESS", -1)  # as after a fork
    np.testing.assert_array_equal(distilled.reconstruct(on_backend=True), in_numpy)
    assert len(calls) == 1


def test_threads_share_nothing():
    distilled = moving(5)
    pairs, expected = distilled.pairs(), distilled.reconstruct()

    def some(seed):
        order = np.random.default_rng(seed).permutation(len(pairs))
        return order, distilled.reconstruct(pairs[order], on_backend=True)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for order, videos in pool.map(some, range(24)):
            assert_close(videos, expected[order])


def test_a_kernel_over_frames_is_the_integrator_s():
    """Its weights by their definition: frame m reads frames m - 1, m and m + 1, and nothing outside the video."""
    kernel, frames, given, made = numbers(0, 3, 3, 3, 4, 3), 6, range(1, 6), range(2, 6)
    planar = planar_kernel(kernel, given, made, frames)
    assert planar.dtype == np.float32 and planar.shape == (3, 3, 5 + 3, 4 * 3)
    planar = planar.reshape(3, 3, 8, 4, 3)
    for place, frame in enumerate(made):
        for source, read in enumerate(given):
            tap = read - frame + 1
            expected = kernel[tap, :, :, 3] if 0 <= tap < 3 else np.zeros((3, 3, 3))
            np.testing.assert_array_equal(planar[:, :, source, place], expected)
        taps = [tap for tap in range(3) if 0 <= frame + tap - 1 < frames]
        still = sum(kernel[tap, :, :, :3] for tap in taps)
        np.testing.assert_allclose(planar[:, :, 5:, place], still, rtol=1e-6, atol=1e-6)


START = """
import numpy as np
from keras_vdd.memory import DistilledSet
def numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
made = DistilledSet("static-dynamic", "ab", 4, (0.5,) * 3, (0.2,) * 3, 1, static=numbers(2, 1, 8, 8, 3),
    dynamic=numbers(2, 1, 4, 8, 8, 1), kernels=numbers(1, 3, 3, 3, 4, 3), biases=numbers(1, 3))
expected = made.reconstruct()
"""
NOTHING_IS_LOADED = """
import sys
videos = made.reconstruct(on_backend=True)
assert np.array_equal(videos, expected)
assert not {"keras", "torch", "tensorflow", "jax"} & set(sys.modules)
import keras
from keras_vdd.backend import started
before = started()
assert np.array_equal(made.reconstruct(on_backend=True), expected) or before
assert started() == before, "reading woke the backend"
print("well")
"""
FORKED = """
import multiprocessing, keras, warnings
from keras import ops
from keras_vdd.memory import loaded_backend
warnings.simplefilter("ignore")  # JAX and Python 3.12 warn of forks
def difference(on_backend):
    return loaded_backend.at_work(), float(abs(made.reconstruct(on_backend=True) - expected).max())
if __name__ == "__main__":
    ops.convert_to_numpy(ops.matmul(ops.ones((600, 600)), ops.ones((600, 600))))
    there, error = difference(True)
    assert there and error < 1e-5
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(difference, [True] * 4) == [(False, 0.0)] * 4
    print("well")
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [NOTHING_IS_LOADED, FORKED])
def test_in_a_process_of_its_own(code, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(START + code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0 and done.stdout.endswith("well\n"), done.stdout + done.stderr
