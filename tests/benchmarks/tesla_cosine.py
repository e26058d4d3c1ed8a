"""How near TESLA's approximation comes to MTT's gradient: `python tests/benchmarks/tesla_cosine.py`.

Takes the objective of a recipe at the start of its dynamic stage, with the recipe's own experts (trained
where they are missing) and its first batches, and prints the cosine of the two gradients to each part that
is learned, mean and least over the batches.

    python tests/benchmarks/tesla_cosine.py --recipe mtt-shapes --batches 10 dynamic.inner_steps=10
"""

import argparse

import numpy as np
from keras import ops

from keras_vdd import pipeline
from keras_vdd.experts.engine import learn_experts
from keras_vdd.learning.rates import part_of
from keras_vdd.recipe.load import load_recipe
from keras_vdd.stages.dynamic import start_memory
from keras_vdd.stages.learn import objective_of
from keras_vdd.stages.static import random_stills


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe", default="mtt-shapes")
    parser.add_argument("--batches", type=int, default=10)
    parser.add_argument("overrides", nargs="*")
    asked = parser.parse_args()
    recipe = load_recipe(asked.recipe, asked.overrides)
    stores = pipeline.prepare_stores(pipeline.find_videos(recipe.data), recipe.data)
    bank = learn_experts(recipe, stores)
    static = None if recipe.memory.kind == "full-video" else random_stills(recipe, stores["train"])
    memory = start_memory(recipe, stores["train"], static)
    gradients = {}
    for form in ("adjoint", "tesla"):
        settings = recipe.dynamic.model_copy(update={"gradient": form})
        changed = recipe.model_copy(update={"dynamic": settings})
        objective = objective_of(changed, "dynamic", stores["train"], memory, bank)
        condenser = objective.condenser()
        values = [v.value for v in condenser.trainable_variables]
        others = [v.value for v in condenser.non_trainable_variables]
        parts = [part_of(v) for v in condenser.trainable_variables]
        batches = [_tensors(objective.make_batch(k)) for k in range(asked.batches)]
        gradients[form] = [condenser.meta_gradient(values, others, batch)[1] for batch in batches]
    for part in dict.fromkeys(parts):
        cosines = []
        for exact, near in zip(gradients["adjoint"], gradients["tesla"]):
            a, b = (
                np.concatenate([ops.convert_to_numpy(g).ravel() for g, p in zip(gs, parts) if p == part])
                for gs in (exact, near)
            )
            cosines.append(float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b))))
        print(f"{part:<12} cosine {np.mean(cosines):.3f}, least {min(cosines):.3f}")


def _tensors(value):
    if isinstance(value, dict):
        return {key: _tensors(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_tensors(item) for item in value)
    return ops.convert_to_tensor(value)


if __name__ == "__main__":
    main()
