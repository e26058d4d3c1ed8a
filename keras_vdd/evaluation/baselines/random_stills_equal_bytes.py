"""Random real stills, shown as unmoving videos: as many as fit into the bytes of the set as stored."""

from keras_vdd.evaluation.baselines.real_row import RealRow

BASELINE = RealRow("stills", equal="bytes")
