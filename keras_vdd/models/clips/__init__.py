"""Networks that look at clips, one a file; see `keras_vdd.models.registry`."""
