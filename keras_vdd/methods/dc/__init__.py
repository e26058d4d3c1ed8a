"""DC: each class should give a network the gradients that its real clips, or stills, give."""

from keras_vdd.methods.dc.settings import GradientSettings
from keras_vdd.methods.method import Method
from keras_vdd.registry import on_call

METHOD = Method(
    name="dc",
    title="DC",
    settings=GradientSettings,
    objective=on_call(f"{__name__}.objective:objective"),
    cost=on_call(f"{__name__}.cost:cost"),
    smaller=("chunk", "real_per_class"),
)
