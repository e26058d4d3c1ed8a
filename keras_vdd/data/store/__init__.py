"""Decoded stores: frames of a set's videos in memory-mapped files, made once and shared by recipes."""

from keras_vdd.data.store.location import store_folder
from keras_vdd.data.store.preparation import Prepared, free_bytes, prepare
from keras_vdd.data.store.reader import Store, open_store
from keras_vdd.data.store.size import expected_bytes

__all__ = ["Prepared", "Store", "expected_bytes", "free_bytes", "open_store", "prepare", "store_folder"]
