"""MTT: training on the set should go where an expert's training went."""

from keras_vdd.methods.method import Method
from keras_vdd.methods.mtt.settings import TrajectorySettings
from keras_vdd.registry import on_call

METHOD = Method(
    name="mtt",
    title="MTT",
    settings=TrajectorySettings,
    objective=on_call(f"{__name__}.objective:TrajectoryMatching"),
    cost=on_call(f"{__name__}.cost:cost"),
    learns={"step_size": None, "labels": "soft_labels"},
    label_kind="probabilities",
    expert_epochs=lambda settings: settings.epochs_read,
    fits=TrajectorySettings.fits,
    smaller=("batch_size", "inner_steps"),
)
