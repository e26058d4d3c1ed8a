"""Batches numbered by iteration, so that a resumed `fit` goes on where it stopped."""

import keras


class IterationBatches(keras.utils.PyDataset):
    """Item `k` is `make_batch(start + k)`; there are `stop - start` of them. Pass `shuffle=False` to `fit`.

    Args:
        start, stop: int, the first iteration and the one after the last.
        make_batch: function of an iteration that returns what `fit` takes as a batch.
        workers: int, threads that prepare batches ahead if above 1; order is kept.
    """

    def __init__(self, start, stop, make_batch, workers=1):
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=4)
        self.start, self.stop, self.make_batch = start, stop, make_batch

    def __len__(self):
        return self.stop - self.start

    def __getitem__(self, index):
        return self.make_batch(self.start + index)
