"""The interpolator's network: against NumPy written out in float64, its derivatives, and what it refuses."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from derivatives import assert_gradient, in_float64, numpy, tensor, wide
from keras import ops
from memory_cases import as_set, filled, layer
from tiny_stage import learn

from keras_vdd.backend import value_and_grad
from keras_vdd.errors import UsageError
from keras_vdd.temporal import Architecture, Interpolator, TimeSformer
from keras_vdd.temporal.interpolator import evenly_spaced, shown_as

TINY = Architecture(stored_frames=2, frames=3, size=4, patch=2, width=4, depth=2, heads=2, mlp_ratio=2)


def interpolator(about=TINY, seed=0):
    """Weights that are nowhere zero, so that each shows in what comes out."""
    rng = np.random.default_rng(seed)
    weights = about.fresh_weights(rng)
    return Interpolator(
        about, {k: w + 0.3 * rng.standard_normal(w.shape, "float32") for k, w in weights.items()}
    )


def written_out(about, weights, clips):
    """The network token by token, in float64."""
    w = {name: weight.astype("float64") for name, weight in weights.items()}
    side, patch, each = about.size // about.patch, about.patch, about.width // about.heads
    found = np.array(clips, "float64")

    def dense(x, name):
        return x @ w[f"{name}.kernel"] + w[f"{name}.bias"]

    def norm(x, name):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-6) * w[f"{name}.scale"] + w[f"{name}.offset"]

    def attend(tokens, name):
        qkv = [dense(norm(token, f"{name}.norm"), f"{name}.qkv") for token in tokens]
        q, k, v = (np.array([x[i * about.width : (i + 1) * about.width] for x in qkv]) for i in range(3))
        out = np.empty_like(q)
        for head in range(about.heads):
            own = slice(head * each, (head + 1) * each)
            for place in range(len(tokens)):
                shares = np.exp(
                    [q[place, own] @ k[other, own] / np.sqrt(each) for other in range(len(tokens))]
                )
                out[place, own] = sum(s * v[other, own] for other, s in enumerate(shares)) / shares.sum()
        return [dense(each_out, f"{name}.out") for each_out in out]

    def gelu(x):
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    for clip in found:
        cut = [
            (t, i, j, clip[t, i * patch : (i + 1) * patch, j * patch : (j + 1) * patch])
            for t in range(about.frames) for i in range(side) for j in range(side)
        ]  # fmt: skip
        x = {
            (t, i * side + j): dense(p.ravel(), "embed") + w["space"][i * side + j] + w["time"][t]
            for t, i, j, p in cut
        }
        for block in range(about.depth):
            for part, fixed in (("time", 1), ("space", 0)):
                for group in sorted({key[fixed] for key in x}):
                    keys = [key for key in x if key[fixed] == group]
                    for key, more in zip(keys, attend([x[key] for key in keys], f"{block}.{part}")):
                        x[key] = x[key] + more
            for key in x:
                y = gelu(dense(norm(x[key], f"{block}.mlp.norm"), f"{block}.mlp.in"))
                x[key] = x[key] + dense(y, f"{block}.mlp.out")
        for t, i, j, pixels in cut:
            pixels += dense(norm(x[t, i * side + j], "head.norm"), "head").reshape(patch, patch, 3)
    return found


def test_network_is_what_is_written_out():
    made, clips = interpolator(), np.random.default_rng(1).standard_normal((2, 3, 4, 4, 3)).astype("float32")
    expected = written_out(TINY, made.weights, clips)
    assert np.abs(expected - clips).max() > 0.1
    network = TimeSformer(**vars(TINY))
    network.set_weights([*made.weights.values()])
    np.testing.assert_allclose(numpy(network(clips)), expected, rtol=1e-4, atol=1e-5)
    again = TimeSformer.from_config(network.get_config())
    np.testing.assert_array_equal(numpy(again(clips)), clips)  # until it is trained

    stored = clips[:, :2]
    expected = written_out(TINY, made.weights, stored[:, [0, 0, 1]])
    for found in (made(stored), numpy(made(tensor(stored, "float32"), ops))):
        assert found.shape == (2, 3, 4, 4, 3) and found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    grey = written_out(TINY, made.weights, np.repeat(stored[:, [0, 0, 1], ..., :1], 3, axis=-1)).mean(axis=-1)
    np.testing.assert_allclose(made.grey(stored[..., 0]), grey, rtol=1e-4, atol=1e-5)


@pytest.mark.once
def test_weights_are_counted_and_frames_kept_are_those_first_shown():
    assert TINY.nbytes == 4 * sum(weight.size for weight in interpolator().weights.values())
    for stored, frames in ((1, 8), (2, 8), (4, 8), (3, 8), (5, 16)):
        kept, shown = evenly_spaced(stored, frames), shown_as(stored, frames)
        assert shown[kept].tolist() == [*range(stored)] and kept[0] == 0 and len(shown) == frames
    assert evenly_spaced(4, 16).tolist() == [0, 4, 8, 12]


@pytest.mark.parametrize("kind, options", [
    ("full-video", {"stored_frames": 2}), ("static-dynamic", {"stored_frames": 2, "dynamic_size": 2}),
])  # fmt: skip
def test_memories_make_their_videos_by_it(kind, options):
    memory = filled(layer(kind, 3, 3, 4, interpolation="parametric", **options))
    pairs = memory.enumerate()
    with pytest.raises(UsageError, match="of 2 frames needs a trained interpolator, and none is given"):
        memory(pairs)
    memory.interpolator = made = interpolator()
    found = as_set(memory, interpolation="parametric", interpolator=made)
    expected = found.reconstruct()
    np.testing.assert_allclose(numpy(memory(pairs)), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found.reconstruct(pairs[[4, 1]]), expected[[4, 1]])
    duplicated = as_set(memory, interpolation="duplicate")
    assert np.abs(expected - duplicated.reconstruct()).max() > 0.1
    assert found.nbytes("int8") == duplicated.nbytes("int8") + made.nbytes


def test_first_and_second_derivatives_meet_differences():
    """Of a loss, to the frames that are stored; and of the length of its gradient."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal((2, 2, 2, 4, 4, 3))]
    target = rng.standard_normal((4, 3, 4, 4, 3))
    with wide():
        memory = in_float64(layer("full-video", 2, 3, 4, interpolation="parametric", stored_frames=2))
        memory.interpolator, pairs = interpolator(), memory.enumerate()

        def loss(values):
            with keras.StatelessScope(state_mapping=[*zip(memory.trainable_variables, values)]):
                videos = memory.call(tensor(pairs, "int32"))
            return ops.sum(ops.square(videos - tensor(target)))

        def length(values):
            return ops.sum(ops.square(value_and_grad(loss)(values)[1][0]))

        assert_gradient(value_and_grad(loss), values)
        assert_gradient(value_and_grad(length), values)


@pytest.mark.once
@pytest.mark.parametrize("change, words", [
    ({"patch": 3}, "patches of 3 pixels do not fill frames of 4"),
    ({"heads": 3}, "3 heads do not share 4 numbers of a token"),
    ({"stored_frames": 3}, "3 stored frames leave none of 3 to be made"),
    ({"depth": 0}, "depth is 0 and must be a whole number above 0"),
    ({"width": 4096}, "at most 2,097,152 are carried by a set"),
    ({"width": 8}, "The interpolator's weight"),
])  # fmt: skip
def test_sizes_that_do_not_fit_are_one_sentence(change, words):
    with pytest.raises(UsageError, match=words):
        Interpolator(replace(TINY, **change), interpolator().weights)


@pytest.mark.once
def test_sets_take_the_interpolator_that_they_need_and_no_other():
    memory = filled(layer("full-video", 3, 3, 4, stored_frames=2))
    with pytest.raises(UsageError, match="needs a trained interpolator, and none is given"):
        as_set(memory, interpolation="parametric")
    with pytest.raises(UsageError, match="An interpolator is for a set that stores fewer frames"):
        as_set(memory, interpolation="linear", interpolator=interpolator())
    other = interpolator(replace(TINY, stored_frames=1))
    with pytest.raises(UsageError, match="3 x 4 x 4 of 1 frames, and what is needed is 3 x 4 x 4 of 2"):
        as_set(memory, interpolation="parametric", interpolator=other)
    whole = filled(layer("full-video", 3, 3, 4, interpolation="parametric"))
    assert as_set(whole, interpolation="parametric").interpolator is None


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["dm", "mtt", "frepo"])
def test_every_loss_learns_the_stored_frames_through_it(loss, tmp_path):
    about = Architecture(stored_frames=2, frames=3, size=8, patch=4, width=4, depth=1, heads=2, mlp_ratio=2)
    begun = {}

    def prepare(memory):
        begun["video"] = numpy(memory.video)
        memory.interpolator = interpolator(about)

    few = "memory.stored_frames=2", "memory.interpolation=parametric"
    learned = learn(tmp_path, loss, "full-video", *few, "dynamic.iterations=1", prepare=prepare)
    moved = np.abs(learned.arrays["video"] - begun["video"]).max(axis=(0, 1, 3, 4, 5))
    assert learned.arrays["video"].shape[2] == 2 and np.isfinite(moved).all() and (moved > 0).all()
