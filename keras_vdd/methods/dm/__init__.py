"""DM: the mean features of each class should be those of its real clips."""

from keras_vdd.methods.dm.settings import DistributionSettings
from keras_vdd.methods.method import Method
from keras_vdd.registry import on_call

METHOD = Method(
    name="dm",
    title="DM",
    settings=DistributionSettings,
    objective=on_call(f"{__name__}.objective:objective"),
    cost=on_call(f"{__name__}.cost:cost"),
    smaller=("chunk", "real_per_class"),
)
