"""FRePo as stage 2 minimises it: its pool at work, and kernels that are nearly singular."""

import json

import keras
import numpy as np
import pytest
from derivatives import numpy, tensor
from keras import ops
from tiny_stage import (
    CLASSES,
    FRAMES,
    SIZE,
    Store,
    gradient_function,
    learn,
    learned_values,
    make,
)

from keras_vdd import models
from keras_vdd.data.normalise import normalise
from keras_vdd.errors import VddError
from keras_vdd.learning.checkpoint import load_arrays
from keras_vdd.matching import ridge

TWO = ("memory.videos_per_class=2", "memory.statics_per_class=2", "memory.dynamics_per_class=2")


class StillPool:
    """One network that never learns; `seen` has what it was to be trained on."""

    def __init__(self, weights):
        self._weights, self.seen = weights, []

    def weights(self, member):
        return self._weights

    def update(self, member, videos, labels):
        self.seen.append((member, numpy(videos), numpy(labels)))

    def state(self):
        return {}


def drawn_labels(values, seed=0):
    noise = np.random.default_rng(seed).standard_normal(values["labels"].shape)
    return values["labels"] + 0.1 * noise


def features_of(objective, videos):
    return numpy(
        models.apply(objective.network, objective.pool.weights(0), tensor(videos, "float32"), method="embed")
    )


@pytest.mark.parametrize("chunk", [2, 64])
def test_its_loss_is_the_error_of_a_regression_and_the_margin_of_the_labels(chunk):
    recipe, objective, condenser = make(
        "frepo", "full-video", *TWO, f"dynamic.chunk={chunk}", "dynamic.regulariser=0.1"
    )
    objective.pool = StillPool(objective.pool.weights(1))
    values, batch = learned_values(condenser), objective.make_batch(0)
    values["labels"] = drawn_labels(values)
    loss, _ = gradient_function(objective, condenser, batch)(tensor(values, "float32"))

    videos, labels = (
        values["memory"][0].reshape(-1, FRAMES, SIZE, SIZE, 3),
        values["labels"].reshape(-1, CLASSES),
    )
    real = normalise(batch["real"], recipe.data.mean, recipe.data.std)
    known, asked = features_of(objective, videos).astype("float64"), features_of(objective, real)
    kernel = known @ known.T
    solution = np.linalg.solve(kernel + 0.1 * np.trace(kernel) / 6 * np.eye(6), labels)
    error = np.mean(np.sum((asked @ known.T @ solution - batch["target"]) ** 2, axis=1))
    ordered = np.sort(labels, axis=1)
    margin = np.mean(np.minimum(ordered[:, -1] - ordered[:, -2], 1 / CLASSES))
    assert float(numpy(loss)) == pytest.approx(error - margin, rel=1e-4)
    # The pool's network is shown the set as the iteration found it.
    ((member, shown, told),) = objective.pool.seen
    assert member == batch["member"][0]
    np.testing.assert_array_equal(shown, videos)
    np.testing.assert_array_equal(told, labels.astype("float32"))


def test_labels_begin_as_the_method_says():
    labels = ridge.centred_labels(5, 2)
    assert labels.shape == (5, 2, 5) and labels.dtype == np.float32
    expected = (np.eye(5) - 1 / 5) / np.sqrt(5 / 10)
    np.testing.assert_allclose(labels, np.repeat(expected[:, None], 2, axis=1), rtol=1e-6)


def test_batches_are_real_clips_with_centred_labels_through_every_network_of_the_pool():
    _, objective, _ = make("frepo", "static-dynamic", "dynamic.pool=4", "dynamic.real_clips=5")
    batches = [objective.make_batch(iteration) for iteration in range(60)]
    assert {int(batch["member"][0]) for batch in batches} == {0, 1, 2, 3}
    frames = {Store().frames(row)[time].tobytes(): row for row in range(len(Store())) for time in range(7)}
    seen = set()
    for batch in batches[:20]:
        assert batch["real"].shape == (5, FRAMES, SIZE, SIZE, 3) and batch["real"].dtype == np.uint8
        rows = [frames[clip[0].tobytes()] for clip in batch["real"]]
        assert len(set(rows)) == 5
        np.testing.assert_allclose(
            batch["target"], np.eye(CLASSES)[Store.labels[rows]] - 1 / CLASSES, rtol=1e-6
        )
        seen |= set(rows)
    assert seen == set(range(len(Store())))


def test_all_rates_fall_together_under_adam():
    settings = (
        "dynamic.iterations=10",
        "dynamic.last_rate=0.2",
        "dynamic.learning_rates={dynamic: 0.3, integrator: 0.1}",
    )
    _, objective, _ = make("frepo", "static-dynamic", *settings)
    optimizer = objective.optimizer()
    assert isinstance(optimizer, keras.optimizers.Adam)
    shares = [float(numpy(optimizer._learning_rate(step))) for step in (0, 5, 10)]
    assert shares == pytest.approx([1, 0.6, 0.2])
    assert objective.rates == {"dynamic": 0.3, "integrator": 0.1, "labels": 0.01}


def test_networks_of_the_pool_are_trained_and_the_labels_are_the_results():
    _, objective, condenser = make("frepo", "full-video", *TWO)
    batch, before = objective.make_batch(0), objective.state()
    member = int(batch["member"][0])
    gradient_function(objective, condenser, batch)(tensor(learned_values(condenser), "float32"))
    changed = {name for name, array in objective.state().items() if not np.array_equal(array, before[name])}
    assert changed and all(name.startswith(f"pool/{member}/") for name in changed)
    assert f"pool/{member}/weights/0" in changed and f"pool/{member}/counts" in changed
    arrays, facts = objective.results(condenser)
    assert facts == {}
    np.testing.assert_array_equal(arrays["labels"], ridge.centred_labels(CLASSES, 2))


@pytest.mark.parametrize("asked, widest", [("3e-07", "float32"), ("1e-18", ridge.WIDEST_FLOAT)])
def test_a_kernel_too_near_to_singular_raises_the_ridge_and_says_so(
    asked, widest, tmp_path, monkeypatch, caplog
):
    """Two synthetic videos are one, with two labels."""
    monkeypatch.setattr(ridge, "WIDEST_FLOAT", widest)

    def twins(memory):
        videos = numpy(memory.video).copy()
        videos[1] = videos[0]
        memory.video.assign(videos)

    run = learn(
        tmp_path, "frepo", "full-video", "dynamic.iterations=3", f"dynamic.regulariser={asked}",
        "dynamic.learning_rates={video: 0, labels: 1e-3}", prepare=twins,
    )  # fmt: skip
    records = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    assert [record["iteration"] for record in records] == [1, 2, 3]
    assert all(float(asked) < record["regulariser"] < 1 for record in records)
    assert all(np.isfinite(record["loss"]) for record in records)
    said = [record.message for record in caplog.records if "too near to singular" in record.message]
    assert len(said) == 1 and f"dynamic.regulariser={asked}" in said[0]


def test_a_kernel_that_is_well_conditioned_says_nothing(tmp_path, caplog):
    run = learn(tmp_path, "frepo", "full-video", "dynamic.iterations=2", "dynamic.regulariser=0.01")
    assert "regulariser" not in (run.folder / "log.jsonl").read_text()
    assert not [record for record in caplog.records if record.name.startswith("keras_vdd")]


def test_features_that_are_all_zero_are_no_end():
    _, objective, condenser = make("frepo", "full-video")
    objective.pool = StillPool([ops.zeros_like(w) for w in objective.pool.weights(0)])
    values, batch = learned_values(condenser), objective.make_batch(0)
    loss, gradients = gradient_function(objective, condenser, batch)(tensor(values, "float32"))
    margin = np.mean(np.minimum(1 / CLASSES, 1 / np.sqrt(CLASSES / 10)))
    assert float(numpy(loss)) == pytest.approx(
        np.mean(np.sum(batch["target"] ** 2, axis=1)) - margin, rel=1e-5
    )
    assert not numpy(gradients["memory"][0]).any() and np.isfinite(numpy(gradients["labels"])).all()


@pytest.mark.parametrize(
    "setting, named",
    [
        (
            "dynamic.learning_rates={video: 1e30, labels: 1e-3}",
            "dynamic.learning_rates.video or dynamic.learning_rates.labels",
        ),
        ("dynamic.network_rate=1e30", "or dynamic.network_rate"),
    ],
)
def test_what_diverges_stops_with_the_settings_to_lower_and_the_last_good_checkpoint(
    setting, named, tmp_path
):
    settings = ("frepo", "full-video", "dynamic.iterations=30", "run.checkpoint_every=1", setting)
    with pytest.raises(VddError, match=r"Stage dynamic diverged at iteration \d+") as raised:
        learn(tmp_path, *settings)
    assert named in str(raised.value) and "the last good checkpoint is kept in" in str(raised.value)
    kept = tmp_path / "runs" / "quickstart" / "dynamic" / "checkpoint.safetensors"
    assert all(np.isfinite(array).all() for array in load_arrays(kept)[0].values())
