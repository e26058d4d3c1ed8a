"""Features of a set of `datasets` that decode its videos a batch at a time."""

from datasets import Features

from keras_vdd.datasets_hook.clip import Clip
from keras_vdd.published.decoding import make_videos


def decode_in_batches(ds):
    """Return a `Dataset` or `IterableDataset` with its features as `VideoFeatures`.

    What selects, orders, formats or saves rows keeps them so; `map` and `cast` make plain `Features` of them again,
    which decode the same videos cell by cell.
    """
    ds.info.features = VideoFeatures(ds.info.features)
    return ds


class VideoFeatures(Features):
    """Features whose columns of videos are decoded a batch at a time; `Features` itself decodes cell by cell."""

    def decode_column(self, column, column_name, token_per_repo_id=None):
        if isinstance(self[column_name], Clip):
            return make_videos(column)
        return super().decode_column(column, column_name, token_per_repo_id)

    def decode_batch(self, batch, token_per_repo_id=None):
        return {name: self.decode_column(column, name, token_per_repo_id) for name, column in batch.items()}

    def reorder_fields_as(self, other):
        return VideoFeatures(super().reorder_fields_as(other))

    def __reduce__(self):
        return VideoFeatures, (dict(self),)
