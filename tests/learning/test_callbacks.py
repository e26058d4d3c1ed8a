"""Keras' own callbacks on a toy stage: what they write, also after an interruption, under every backend's `fit`."""

import csv

import keras
import numpy as np
import pytest
from test_fit import EVERY, ITERATIONS, STOP, check_same, failing_at, learn

from keras_vdd.errors import VddError


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole")
    return learn(path), path


def rows(path):
    return [(int(row["epoch"]), float(row["loss"])) for row in csv.DictReader(path.read_text().splitlines())]


def expected_rows(losses):
    windows = [losses[start : start + EVERY] for start in range(0, len(losses), EVERY)]
    return [(number, float(np.mean(window))) for number, window in enumerate(windows)]


def test_a_csv_of_a_run_in_one_go(whole, tmp_path):
    log = tmp_path / "log.csv"
    found = learn(tmp_path, callbacks=[keras.callbacks.CSVLogger(log)])
    check_same(found, whole[0], tmp_path, whole[1])
    assert rows(log) == expected_rows(whole[0][1])


def test_a_csv_goes_on_after_an_error_with_the_same_lines(whole, tmp_path):
    log = tmp_path / "log.csv"

    before, after = (keras.callbacks.CSVLogger(log, append=True) for _ in range(2))
    with pytest.raises(RuntimeError):
        learn(tmp_path, batch=failing_at(STOP), callbacks=[before])
    # As the end of the process would.
    before.csv_file.close()
    assert len(rows(log)) == STOP // EVERY
    check_same(learn(tmp_path, callbacks=[after]), whole[0], tmp_path, whole[1])
    assert rows(log) == expected_rows(whole[0][1])


def test_an_early_stopping_is_an_interruption(whole, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    with pytest.raises(VddError, match=f"stage dynamic after iteration {2 * EVERY} of {ITERATIONS}"):
        learn(tmp_path, callbacks=[Stop()])
    check_same(learn(tmp_path), whole[0], tmp_path, whole[1])


def test_a_stop_with_the_last_iteration_stops_nothing(whole, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = logs["iteration"] == ITERATIONS

    check_same(learn(tmp_path, callbacks=[Stop()]), whole[0], tmp_path, whole[1])


def test_an_error_of_a_callback_comes_out_as_it_was(tmp_path):
    class Broken(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        learn(tmp_path, callbacks=[Broken()])


def test_tensorboard_has_every_iteration_and_every_window(tmp_path, whole):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tensorboard")
    board = keras.callbacks.TensorBoard(tmp_path / "board", update_freq="batch")
    check_same(learn(tmp_path, callbacks=[board]), whole[0], tmp_path, whole[1])
    found = {}
    for file in (tmp_path / "board" / "train").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append(float(tf.make_ndarray(value.tensor)))
    np.testing.assert_allclose(
        found["epoch_loss"], [loss for _, loss in expected_rows(whole[0][1])], rtol=1e-6
    )
    np.testing.assert_allclose(found["batch_loss"], whole[0][1], rtol=1e-6)
