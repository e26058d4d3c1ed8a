"""DM and DC as stage 2 minimises them: networks, augmentation, chunks."""

import numpy as np
import pytest
from derivatives import numpy, tensor
from keras import tree
from method_cases import ALL_AUGMENTED, TWO
from tiny_networks import Linear, Smooth
from tiny_stage import (
    CLASSES,
    FRAMES,
    SIZE,
    gradient_function,
    learn,
    learned_values,
    make,
    with_tensors,
)

from keras_vdd import models
from keras_vdd.backend import jit
from keras_vdd.data.normalise import normalise
from keras_vdd.matching.augmentation import augment
from keras_vdd.matching.augmentation_draws import COLUMNS, draw, identity
from keras_vdd.matching.distribution import distribution_matching
from keras_vdd.matching.gradient import gradient_matching
from keras_vdd.methods import class_matching
from keras_vdd.methods.class_matching import augmented

LOSSES = {"dm": distribution_matching, "dc": gradient_matching}


@pytest.mark.parametrize("loss", LOSSES)
def test_its_loss_is_that_of_the_batch_and_chunks_change_nothing(loss):
    """A real clip at a time, or all at once, is the loss written in `matching` on what was drawn."""
    found = []
    for chunk in (1, 64):
        recipe, objective, condenser = make(
            loss, "full-video", *TWO, f"dynamic.chunk={chunk}", "dynamic.real_per_class=3"
        )
        objective.network = network = Smooth(CLASSES, SIZE, frames=FRAMES, dtype="float32")
        batch = objective.make_batch(1)
        batch["network"] = tuple(models.fresh_weights(network, np.random.default_rng(0)))
        evaluate = jit(gradient_function(objective, condenser, batch))
        value, gradients = evaluate(tensor(learned_values(condenser), "float32"))
        found.append((float(numpy(value)), numpy(gradients["memory"][0])))
    real = tensor(normalise(batch["real"], recipe.data.mean, recipe.data.std), "float32")
    videos = tensor(learned_values(condenser)["memory"][0], "float32")
    expected = jit(lambda v: LOSSES[loss](network, tensor(batch["network"], "float32"), real, v))(videos)
    for value, gradient in found:
        assert value == pytest.approx(float(numpy(expected[0])), rel=1e-6)
        error = np.linalg.norm(gradient - numpy(expected[1])) / np.linalg.norm(gradient)
        assert error < 2e-6, error


def test_networks_are_fresh_at_every_iteration():
    _, objective, _ = make("dm")
    batches = [objective.make_batch(iteration) for iteration in (0, 1, 0)]
    first, second, again = (np.concatenate([w.ravel() for w in batch["network"]]) for batch in batches)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)
    assert all((a["real"] == b["real"]).all() for a, b in [(batches[0], batches[2])])
    assert not np.array_equal(batches[0]["real"], batches[1]["real"])


def linear():
    network = Linear(FRAMES * SIZE * SIZE * 3, 5)
    weights = [tensor(np.random.default_rng(0).standard_normal(network.kernel.shape), "float32")]
    return network, weights


def clips(per_class=2, seed=0):
    return np.random.default_rng(seed).standard_normal(
        (CLASSES, per_class, FRAMES, SIZE, SIZE, 3), dtype="float32"
    )


def moved(*changes):
    rows = identity(CLASSES)
    for row, change in zip(rows, changes, strict=True):
        for name, value in change.items():
            row[COLUMNS.index(name)] = value
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_real_and_synthetic_clips_are_augmented_alike(seed):
    """Equal clips stay equal, whatever is drawn."""
    (network, weights), x = linear(), tensor(clips(), "float32")
    rows = tensor(draw(np.random.default_rng(seed), CLASSES), "float32")
    match = jit(lambda r, s, p: augmented(distribution_matching, network, weights, r, s, p))
    loss, gradient = match(x, x, rows)
    assert float(numpy(loss)) == 0 and not numpy(gradient).any()
    other, gradient = match(tensor(clips(seed=1), "float32"), x, rows)
    assert float(numpy(other)) > 0 and numpy(gradient).any()


def test_the_augmented_loss_is_that_of_augmented_clips():
    """Mirrored and moved by whole pixels: the gradient comes back by the way the clips went."""
    rows = moved({"mirror": -1.0}, {}, {"shift_y": 1 / SIZE})
    real, synthetic = clips(3), clips(seed=1)

    def there(x):
        x = x.copy()
        x[0], x[2, ..., 1:, :, :] = x[0, ..., ::-1, :], x[2, ..., :-1, :, :]
        x[2, ..., 0, :, :] = 0
        return x

    def back(x):
        x = x.copy()
        x[0], x[2, ..., :-1, :, :] = x[0, ..., ::-1, :], x[2, ..., 1:, :, :]
        x[2, ..., -1, :, :] = 0
        return x

    network, weights = linear()
    found = augmented(distribution_matching, network, weights, *tensor((real, synthetic, rows), "float32"))
    expected = distribution_matching(network, weights, *tensor((there(real), there(synthetic)), "float32"))
    assert float(numpy(found[0])) == pytest.approx(float(numpy(expected[0])), rel=1e-6)
    np.testing.assert_allclose(numpy(found[1]), back(numpy(expected[1])), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(numpy(augment(*tensor((synthetic, rows), "float32"))), there(synthetic))


def test_an_augmentation_that_changes_nothing_is_none(monkeypatch):
    found = []
    for more in ((), (ALL_AUGMENTED,)):
        _, objective, condenser = make("dm", "static-dynamic", *more)
        objective.network, weights = linear()
        with monkeypatch.context() as patch:
            patch.setattr(class_matching, "draw", lambda rng, count, strategies: identity(count))
            batch = {**objective.make_batch(0), "network": tuple(map(numpy, weights))}
        assert ("augment" in batch) == bool(more)
        evaluate = jit(gradient_function(objective, condenser, batch))
        found.append(tree.map_structure(numpy, evaluate(tensor(learned_values(condenser), "float32"))))
    for off, on in zip(*map(tree.flatten, found), strict=True):
        assert np.linalg.norm(on - off) < 1e-6 * np.linalg.norm(off)


def test_one_augmentation_is_drawn_for_each_class_and_iteration():
    _, objective, condenser = make("dm", "static-dynamic", *TWO, ALL_AUGMENTED)
    rows = np.concatenate([objective.make_batch(iteration)["augment"] for iteration in range(10)])
    assert rows.shape == (10 * CLASSES, len(COLUMNS)) and len({row.tobytes() for row in rows}) > 15
    given = with_tensors(objective.make_batch(0), condenser)
    assert tuple(given["augment"].shape) == (CLASSES, len(COLUMNS))


@pytest.mark.parametrize("loss", LOSSES)
def test_augmentation_under_fit(loss, tmp_path):
    settings = (
        ALL_AUGMENTED,
        "dynamic.iterations=2",
        "dynamic.learning_rates.video=10",
    )
    run = learn(tmp_path, loss, "full-video", *settings)
    assert run.facts == {} and run.arrays["video"].shape == (CLASSES, 1, FRAMES, SIZE, SIZE, 3)
    still = learn(tmp_path / "still", loss, "full-video", *settings, "dynamic.learning_rates.video=0")
    assert np.isfinite(run.arrays["video"]).all()
    assert all((a != b).any() for a, b in zip(run.arrays["video"], still.arrays["video"]))
