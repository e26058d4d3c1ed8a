"""Batches numbered by iteration, so that a resumed `fit` goes on where it stopped, and made ahead of time."""

import collections
import concurrent.futures
import threading

import keras


class IterationBatches(keras.utils.PyDataset):
    """Item `k` is `make_batch(start + k)`; there are `stop - start` of them. Pass `shuffle=False` to `fit`.

    While one batch is trained on, `workers` threads make those that follow. No more than that wait at a
    time, for a batch of real clips may take a gigabyte. What a batch holds must depend on its iteration
    alone: then the number of workers changes nothing but the time.

    Args:
        start, stop: int, the first iteration and the one after the last.
        make_batch: function of an iteration that returns what `fit` takes as a batch; called by several
            threads at once if `workers` is above 1.
        workers: int, batches made ahead; 0 makes each when it is asked for.
    """

    def __init__(self, start, stop, make_batch, workers=1):
        # Keras' own workers would hold up to ten batches, so to Keras there are none.
        super().__init__(workers=1, use_multiprocessing=False)
        self.start, self.stop, self.make_batch, self.ahead = start, stop, make_batch, workers
        self._threads, self._lock = None, threading.Lock()
        self._waiting = collections.OrderedDict()

    def __len__(self):
        return self.stop - self.start

    def __getitem__(self, index):
        if not self.ahead:
            return self.make_batch(self.start + index)
        with self._lock:
            batch = self._waiting.pop(index, None) or self._begin(index)
            wanted = range(index + 1, min(index + 1 + self.ahead, len(self)))
            # Asked for out of order, as Keras does at first to see a batch: what will not be next is dropped.
            for other in [k for k in self._waiting if k not in wanted]:
                self._waiting.pop(other).cancel()
            for following in wanted:
                if following not in self._waiting:
                    self._waiting[following] = self._begin(following)
        return batch.result()

    def _begin(self, index):
        if self._threads is None:
            # Its threads end when this object is forgotten, at the latest after the batches they are at.
            self._threads = concurrent.futures.ThreadPoolExecutor(self.ahead, "batches")
        return self._threads.submit(self.make_batch, self.start + index)
