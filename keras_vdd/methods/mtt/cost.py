"""Cost of MTT: second derivatives of every inner step."""

from typing import Any

from keras_vdd.methods.cost import SECOND_ORDER, Cost
from keras_vdd.models.footprint import trajectory_bytes, trajectory_form

# Passes of a clip in an inner step. Step by step, it is taken once more on the way back.
INNER_STEP = {"unrolled": SECOND_ORDER, "adjoint": 1 + SECOND_ORDER, "tesla": 3.5}


def cost(settings: Any, network: Any, classes: int, videos: int, sample: int) -> Cost:
    """The `Cost` of an iteration; arguments as `Method.cost` says."""
    batch, steps = min(settings.batch_size or videos, videos), settings.inner_steps
    form = trajectory_form(settings.gradient, network, batch, steps)
    facts = {"gradient": form, "inner steps": steps, "videos of an inner step": batch}
    return Cost(steps * batch * INNER_STEP[form], trajectory_bytes(form, network, batch, steps), facts)
