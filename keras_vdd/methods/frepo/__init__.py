"""FRePo: real labels predicted from the set by kernel ridge regression."""

from keras_vdd.methods.frepo.settings import RidgeSettings
from keras_vdd.methods.method import Method
from keras_vdd.registry import on_call

METHOD = Method(
    name="frepo",
    title="FRePo",
    settings=RidgeSettings,
    objective=on_call(f"{__name__}.objective:RidgeRegression"),
    cost=on_call(f"{__name__}.cost:cost"),
    learns={"labels": None},
    label_kind="regression",
    smaller=("chunk", "real_clips"),
)
