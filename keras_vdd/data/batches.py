"""Batches numbered by iteration, so that a resumed `fit` goes on where it stopped, and prefetched by threads."""

import collections
import concurrent.futures
import threading

import keras


class IterationBatches(keras.utils.PyDataset):
    """Item `k` is `make_batch(start + k)`; there are `stop - start` of them. Pass `shuffle=False` to `fit`.

    While one batch is trained on, `workers` threads make the next `workers` batches, and no more: a batch of
    real clips may take a gigabyte. What a batch holds must depend on its iteration alone: then the number of
    workers changes nothing but the time.

    Args:
        start, stop: int, the first iteration and the one after the last.
        make_batch: function of an iteration that returns what `fit` takes as a batch, a tuple (x,), (x, y) or
            (x, y, weights); called by several threads at once if `workers` is above 1.
        workers: int, threads, and batches made ahead; 0 makes each when it is asked for.
    """

    def __init__(self, start, stop, make_batch, workers=1):
        # Keras' own prefetching would hold up to ten batches, so it is left off: 1 means none.
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
            # Keras first asks for a batch out of order, to see its shapes: drop what is not among the next.
            for other in [k for k in self._waiting if k not in wanted]:
                self._waiting.pop(other).cancel()
            for following in wanted:
                if following not in self._waiting:
                    self._waiting[following] = self._begin(following)
        return batch.result()

    def _begin(self, index):
        if self._threads is None:
            # Never shut down: its threads end with this object, once the batches under way are made.
            self._threads = concurrent.futures.ThreadPoolExecutor(self.ahead, "batches")
        return self._threads.submit(self.make_batch, self.start + index)
