"""One layer of settings over another: a recipe over what it extends, and the command line over both."""

import copy

from keras_vdd.memory import MEMORIES
from keras_vdd.methods import METHODS


def merged(below, above):
    """Return `below` with `above` laid over it: sections join, everything else is replaced.

    Where `above` chooses a loss for stage 2 or a kind of memory, what `below` says of the two and the choice
    has no use for is left behind: settings that only the others have, rates of what is not learned.
    """
    result = _with_use(below, above)
    for key, value in above.items():
        both = isinstance(result.get(key), dict) and isinstance(value, dict)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def _with_use(below, above):
    losses, kinds = {method.name: method for method in METHODS}, {memory.kind: memory for memory in MEMORIES}
    loss, kind = _choice(above, "dynamic", "loss", losses), _choice(above, "memory", "kind", kinds)
    result = dict(below)
    if kind and isinstance(below.get("memory"), dict):
        result["memory"] = _without(below["memory"], _fields(kinds), kind)
    stage = below.get("dynamic")
    if not isinstance(stage, dict) or not (loss or kind):
        return result
    if loss:
        stage = _without(stage, _fields(losses), loss)
    if isinstance(rates := stage.get("learning_rates"), dict):
        for chosen, records in ((loss, losses), (kind, kinds)):
            if chosen:
                rates = _without(rates, {name: record.learns for name, record in records.items()}, chosen)
        stage = {**stage, "learning_rates": rates}
    return {**result, "dynamic": stage}


def _fields(records):
    return {name: record.settings.model_fields for name, record in records.items()}


def _choice(values, section, name, known):
    section = values.get(section)
    chosen = section.get(name) if isinstance(section, dict) else None
    return chosen if isinstance(chosen, str) and chosen in known else None


def _without(settings, by_choice, chosen):
    """`settings` without those that other choices have and the chosen one does not."""
    others = {name for names in by_choice.values() for name in names} - {*by_choice[chosen]}
    return {name: value for name, value in settings.items() if name not in others}
