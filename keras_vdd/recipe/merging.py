"""One layer of settings over another: a recipe over what it extends, and the command line over both."""

import copy

from keras_vdd.methods import METHODS
from keras_vdd.recipe.schema import PARTS


def merged(below, above):
    """Return `below` with `above` laid over it: sections join, everything else is replaced.

    Where `above` chooses a loss for stage 2 or a kind of memory, what `below` says of stage 2 and the choice
    has no use for is left behind: settings that only the other losses have, rates of what is not learned.
    """
    result = _with_use(below, above)
    for key, value in above.items():
        both = isinstance(result.get(key), dict) and isinstance(value, dict)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def _with_use(below, above):
    losses = {method.name: method for method in METHODS}
    loss = _choice(above, "dynamic", "loss", losses)
    kind = _choice(above, "memory", "kind", PARTS)
    stage = below.get("dynamic")
    if not isinstance(stage, dict) or not (loss or kind):
        return dict(below)
    if loss:
        stage = _without(stage, {name: method.settings.model_fields for name, method in losses.items()}, loss)
    if isinstance(rates := stage.get("learning_rates"), dict):
        rates = (
            _without(rates, {name: method.learns for name, method in losses.items()}, loss) if loss else rates
        )
        rates = _without(rates, PARTS, kind) if kind else rates
        stage = {**stage, "learning_rates": rates}
    return {**below, "dynamic": stage}


def _choice(values, section, name, known):
    section = values.get(section)
    chosen = section.get(name) if isinstance(section, dict) else None
    return chosen if isinstance(chosen, str) and chosen in known else None


def _without(settings, by_choice, chosen):
    """`settings` without those that other choices have and the chosen one does not."""
    others = {name for names in by_choice.values() for name in names} - {*by_choice[chosen]}
    return {name: value for name, value in settings.items() if name not in others}
