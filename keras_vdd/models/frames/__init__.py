"""Networks that look at frames, one a file; see `keras_vdd.models.registry`."""
