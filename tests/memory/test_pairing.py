"""The fixed enumeration of pairs, seeded draws, and what a set makes of them; no Keras needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_vdd.distilled.distilled_set import DistilledSet
from keras_vdd.errors import UsageError
from keras_vdd.memory.pairing import (
    draw_batches,
    enumerate_pairs,
    memories_per_slot,
    sample_pairs,
    shares,
    slots_of,
)

pytestmark = pytest.mark.once

counts = st.integers(1, 4)
dynamic_counts = st.integers(0, 4)


def test_the_paper_s_setting_enumerates_four_pairs_a_slot():
    assert enumerate_pairs(2, 1, 2, 2).tolist() == [
        [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1],
        [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1],
    ]  # fmt: skip
    assert enumerate_pairs(1, 2, 4, 4)[4:].tolist() == [[0, 2, 2], [0, 2, 3], [0, 3, 2], [0, 3, 3]]


def test_equal_counts_pair_each_memory_with_its_own():
    assert enumerate_pairs(1, 3, 3, 3).tolist() == [[0, v, v] for v in range(3)]


def test_without_dynamics_there_is_one_row_a_still():
    assert enumerate_pairs(2, 1, 2, 0).tolist() == [[0, 0, -1], [0, 1, -1], [1, 0, -1], [1, 1, -1]]


@given(counts, counts, counts, dynamic_counts)
def test_all_pairs_of_every_slot_once_in_order(classes, slots, statics, dynamics):
    pairs = enumerate_pairs(classes, slots, slots * statics, slots * dynamics)
    assert pairs.dtype == np.int32
    assert len(pairs) == classes * slots * statics * max(1, dynamics)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    slot = pairs[:, 1] // statics
    order = np.lexsort((pairs[:, 2], pairs[:, 1], slot, pairs[:, 0]))
    assert (order == np.arange(len(pairs))).all()
    assert (slots_of(pairs, slots, slots * statics) == slot).all()
    if dynamics:
        assert (pairs[:, 2] // dynamics == slot).all(), "a pair must stay inside its slot"
    else:
        assert (pairs[:, 2] == -1).all()


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
def test_shares_are_nearest_to_the_groups_sizes(count, classes, integrators):
    integrators = min(integrators, classes)
    parts = shares(count, classes, integrators)
    sizes = np.bincount(np.arange(classes) * integrators // classes)
    assert sum(parts) == count and len(parts) == integrators and all(type(part) is int for part in parts)
    assert (np.abs(np.array(parts) - count * sizes / classes) < 1).all()
    assert shares(classes * count, classes, integrators) == tuple((count * sizes).tolist())


def test_largest_remainders_go_first():
    assert shares(3, 5, 2) == (2, 1)  # 1.8 and 1.2
    assert shares(4, 5, 3) == (2, 1, 1)  # 1.6, 1.6 and 0.8
    assert shares(7, 5, 2) == (4, 3)  # 4.2 and 2.8
    assert shares(1, 2, 2) == (1, 0)


@given(counts, counts, counts, dynamic_counts, st.integers(1, 20), st.integers(1, 4), st.integers(0, 2**32))
def test_batches_visit_every_slot_once_an_epoch(classes, slots, statics, dynamics, batch, integrators, seed):
    setting = (classes, slots, slots * statics, slots * dynamics)
    integrators = min(integrators, classes)
    count = min(batch, classes * slots)
    parts = shares(count, classes, integrators)
    steps = 12
    if 0 in parts:
        with pytest.raises(UsageError, match="draw larger batches"):
            draw_batches(np.random.default_rng(seed), batch, steps, *setting, integrators)
        return
    drawn = draw_batches(np.random.default_rng(seed), batch, steps, *setting, integrators)
    assert drawn.dtype == np.int32 and drawn.shape == (steps, count, 3)
    assert {tuple(pair) for pair in drawn.reshape(-1, 3).tolist()} <= {
        tuple(pair) for pair in enumerate_pairs(*setting).tolist()
    }
    numbers = drawn[..., 0] * slots + drawn[..., 1] // statics
    assert (np.diff(numbers, axis=1) > 0).all(), "ordered by class, and no slot twice in a batch"
    users = np.arange(classes) * integrators // classes
    for which, part in enumerate(parts):
        own = np.flatnonzero(np.repeat(users, slots) == which)
        visits = [row[np.isin(row, own)] for row in numbers]
        assert {len(row) for row in visits} == {part}
        # After any number of steps no slot is more than one visit ahead of another.
        seen = np.cumsum([np.isin(own, row) for row in visits], axis=0)
        assert (seen.max(axis=1) - seen.min(axis=1) <= 1).all()
    again = draw_batches(np.random.default_rng(seed), batch, steps, *setting, integrators)
    np.testing.assert_array_equal(drawn, again)


def test_batches_are_shuffled_and_reach_every_pair():
    drawn = draw_batches(np.random.default_rng(0), 3, 400, 2, 2, 4, 6)
    assert {tuple(pair) for pair in drawn.reshape(-1, 3).tolist()} == {
        tuple(pair) for pair in enumerate_pairs(2, 2, 4, 6).tolist()
    }
    missing = {tuple(set(range(4)) - set((row[:, 0] * 2 + row[:, 1] // 2).tolist())) for row in drawn}
    assert missing == {(0,), (1,), (2,), (3,)}


@pytest.mark.parametrize(
    ("batch", "steps", "word"), [(0, 1, "batch=0"), (1.5, 1, "batch=1.5"), (1, 0, "steps=0")]
)
def test_batches_need_whole_counts(batch, steps, word):
    with pytest.raises(UsageError, match=word):
        draw_batches(np.random.default_rng(0), batch, steps, 2, 1, 1, 1)


@given(counts, counts, counts, dynamic_counts, st.integers(0, 2**32))
def test_a_draw_holds_one_known_pair_of_every_slot(classes, slots, statics, dynamics, seed):
    setting = (classes, slots, slots * statics, slots * dynamics)
    drawn = sample_pairs(np.random.default_rng(seed), *setting)
    every = {tuple(pair) for pair in enumerate_pairs(*setting).tolist()}
    assert {tuple(pair) for pair in drawn.tolist()} <= every
    assert drawn[:, 0].tolist() == [c for c in range(classes) for _ in range(slots)]
    assert (drawn[:, 1] // statics).tolist() == list(range(slots)) * classes
    assert (drawn == sample_pairs(np.random.default_rng(seed), *setting)).all()


def test_draws_reach_every_pair():
    rng = np.random.default_rng(0)
    seen = {tuple(pair) for _ in range(100) for pair in sample_pairs(rng, 2, 2, 4, 6).tolist()}
    assert len(seen) == len(enumerate_pairs(2, 2, 4, 6))


@pytest.mark.parametrize("setting", [(2, 3, 2), (2, 2, 3), (0, 2, 2), (1, 0, 2), (1, 2, -2), (1, 1.5, 1)])
def test_counts_that_do_not_fit_are_one_clear_sentence(setting):
    with pytest.raises(UsageError, match="per_class=") as caught:
        memories_per_slot(*setting)
    assert str(caught.value).count("\n") == 0


def make_set(**changes):
    rng = np.random.default_rng(3)
    settings = dict(
        kind="static-dynamic", class_names=("a", "b", "c"), frames=5, mean=(0.5,) * 3, std=(0.2,) * 3,
        videos_per_class=2,
        static=rng.normal(size=(3, 4, 6, 7, 3)), dynamic=rng.normal(size=(3, 2, 5, 6, 7, 1)),
        kernels=rng.uniform(-0.2, 0.2, (2, 3, 3, 3, 4, 3)), biases=rng.normal(size=(2, 3)),
    )  # fmt: skip
    return DistilledSet(**(settings | changes))


def plain_convolution(static, dynamic, kernel, bias):
    frames = len(dynamic)
    clip = np.concatenate([np.repeat(static[None], frames, 0), dynamic], axis=-1).astype(np.float64)
    padded = np.pad(clip, ((1, 1), (1, 1), (1, 1), (0, 0)))
    out = np.zeros((*clip.shape[:3], 3)) + bias
    for t, h, w in np.ndindex(3, 3, 3):
        out += padded[t : t + frames, h : h + clip.shape[1], w : w + clip.shape[2]] @ kernel[t, h, w]
    return out


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_videos_are_the_plain_convolution_of_their_memories(frames):
    made = make_set(frames=frames, dynamic=np.random.default_rng(1).normal(size=(3, 2, frames, 6, 7, 1)))
    pairs = made.pairs()[::-1]
    videos = made.reconstruct(pairs)
    assert videos.dtype == np.float32 and videos.shape == (12, frames, 6, 7, 3)
    for video, (label, static, dynamic) in zip(videos, pairs, strict=True):
        which = label * 2 // 3
        expected = plain_convolution(
            made.static[label, static], made.dynamic[label, dynamic], made.kernels[which], made.biases[which]
        )
        np.testing.assert_allclose(video, expected, rtol=0, atol=1e-6)


def test_labels_and_slots_follow_the_pairs():
    soft = np.random.default_rng(0).normal(size=(3, 2, 3))
    made = make_set(labels=soft, label_kind="regression")
    assert made.labels_of(made.pairs()).tolist() == [c for c in range(3) for _ in range(4)]
    assert made.slots_of(made.pairs()).tolist() == [0, 0, 1, 1] * 3
    np.testing.assert_array_equal(
        made.soft_labels_of(np.array([[2, 3, 1]]))[0], soft[2, 1].astype(np.float32)
    )
    assert make_set().soft_labels_of(np.array([[2, 3, 1]])).tolist() == [[0, 0, 1]]


def test_labels_are_probabilities_or_targets():
    rows = np.array([[0.2, 0.3, 0.5], [1, 0, 0]])[None].repeat(3, axis=0)
    assert make_set(labels=rows, label_kind="probabilities").label_kind == "probabilities"
    assert make_set(labels=rows * 1.0009, label_kind="probabilities").labels is not None
    assert make_set(labels=rows - 0.5, label_kind="regression").label_kind == "regression"
    assert make_set().label_kind is None


def test_small_motion_is_enlarged_before_the_integrator():
    small = np.random.default_rng(2).normal(size=(3, 2, 2, 3, 7, 1)).astype(np.float32)
    made = make_set(dynamic=small)
    assert (made.frames, made.size) == (5, (6, 7))
    large = np.stack([made.motion(label) for label in range(3)])[..., None]
    assert large.shape == (3, 2, 5, 6, 7, 1)
    np.testing.assert_array_equal(made.reconstruct(), make_set(dynamic=large).reconstruct())
    assert made.nbytes() == make_set().nbytes() - 4 * 3 * 2 * 7 * (5 * 6 - 2 * 3)


def test_a_still_is_shown_unmoving():
    still = make_set(kind="still", dynamic=None, kernels=None, biases=None)
    videos = still.reconstruct()
    assert videos.shape == (12, 5, 6, 7, 3)
    np.testing.assert_array_equal(videos[5], np.repeat(still.static[1, 1][None], 5, axis=0))


def test_a_full_video_is_itself():
    video = np.random.default_rng(0).normal(size=(3, 2, 5, 6, 7, 3)).astype(np.float32)
    full = make_set(kind="full-video", static=None, dynamic=None, kernels=None, biases=None, video=video)
    assert full.pairs()[:3].tolist() == [[0, 0, -1], [0, 1, -1], [1, 0, -1]]
    np.testing.assert_array_equal(full.reconstruct(), video.reshape(6, 5, 6, 7, 3))


def test_bytes_are_those_of_the_paper_s_settings():
    zeros = np.zeros
    miniucf = DistilledSet(
        "static-dynamic", tuple(map(str, range(50))), 16, (0.5,) * 3, (0.2,) * 3, 1,
        static=zeros((50, 2, 112, 112, 3), np.float32), dynamic=zeros((50, 2, 16, 112, 112, 1), np.float32),
        kernels=zeros((1, 3, 3, 3, 4, 3)), biases=zeros((1, 3)),
    )  # fmt: skip
    assert miniucf.nbytes() == 95_335_708
    assert miniucf.nbytes("float16") == (95_335_708 - 327 * 4) // 2 + 327 * 4


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"kind": "frames"}, "unknown"),
        ({"dynamic": None}, "'dynamic'"),
        ({"video": np.zeros((3, 2, 5, 6, 7, 3))}, "'video'"),
        ({"frames": 4}, "'dynamic'"),
        ({"class_names": ("a", "b")}, "'static'"),
        ({"class_names": ("a", "b", "a")}, "twice"),
        ({"static": np.zeros((3, 4, 6, 7, 1))}, "'static'"),
        ({"static": np.zeros((3, 3, 6, 7, 3))}, "multiple"),
        ({"biases": np.zeros((1, 3))}, "'biases'"),
        ({"kernels": np.zeros((4, 3, 3, 3, 4, 3)), "biases": np.zeros((4, 3))}, "more than"),
        ({"dynamic": np.zeros((3, 2, 5, 6, 8, 1))}, "'dynamic'"),
        ({"labels": np.zeros((3, 2, 2)), "label_kind": "regression"}, "'labels'"),
        ({"labels": np.full((3, 2, 3), 1 / 3)}, "label_kind=None"),
        ({"labels": np.full((3, 2, 3), 1 / 3), "label_kind": "soft"}, "choose one of probabilities"),
        ({"labels": np.full((3, 2, 3), 0.334), "label_kind": "probabilities"}, "0.002 off 1"),
        ({"labels": np.full((3, 2, 3), np.nan), "label_kind": "probabilities"}, "nan off 1"),
        ({"labels": np.tile([1.5, -0.5, 0], (3, 2, 1)), "label_kind": "probabilities"}, "none is below 0"),
        ({"label_kind": "probabilities"}, "has none"),
        ({"std": (0.2, 0, 0.2)}, "std"),
    ],
)
def test_arrays_that_do_not_fit_are_one_clear_sentence(changes, word):
    with pytest.raises(UsageError, match=word) as caught:
        make_set(**changes)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize("pair", [[3, 0, 0], [0, 4, 0], [0, 0, 2], [0, 0, -1], [-1, 0, 0]])
def test_a_pair_that_the_set_lacks_is_refused(pair):
    with pytest.raises(UsageError, match="not in the set"):
        make_set().reconstruct(np.array([pair]))
