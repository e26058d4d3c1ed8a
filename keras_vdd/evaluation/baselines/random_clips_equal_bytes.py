"""Random real clips: as many as fit into the bytes of the set as stored."""

from keras_vdd.evaluation.baselines.real_row import RealRow

BASELINE = RealRow("clips", equal="bytes")
