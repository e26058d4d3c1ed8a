"""Random real stills, shown as unmoving videos: as many of each class as the set has videos."""

from keras_vdd.evaluation.baselines.real_row import RealRow

BASELINE = RealRow("stills", equal="count")
