"""Whether files, each right in itself, are of one set and all of it."""

from dataclasses import replace

from keras_vdd.errors import VddError
from keras_vdd.published.damage import REMEDY, Damage
from keras_vdd.text import counted


class WholeSet:
    """What is known of a set from the `Rows` of its files that were read so far."""

    def __init__(self):
        self.first = None
        self.weights = {}
        self.places = {}

    def add(self, rows, shard):
        """Remember the `Rows` of one more `Shard`; one that was read before may come again.

        Raises:
            Damage: they are not of the set that the first file is of.
        """
        if self.first is None:
            self.first = _described(rows)
        if _described(rows) != self.first:
            raise Damage("it is of another set than the files before it")
        for config, row in zip(rows.configs, rows.heads["integrator"].to_pylist(), strict=True):
            if self.weights.setdefault(config.integrator, row["weights"]) != row["weights"]:
                raise Damage(
                    f"it has other weights of integrator {config.integrator} than the rows before it"
                )
        for place in rows.places:
            if self.places.setdefault(place, shard.place) != shard.place:
                raise Damage(f"it has row {place} of the set, which another file has too")

    def finish(self, where):
        """Refuse a set of which rows or integrators are missing.

        Args:
            where: what holds it, for errors.
        """
        config = self.first[0]
        total = config.classes * config.videos_per_class
        if len(self.places) != total:
            raise VddError(
                f"{where} is damaged: it has {counted(len(self.places), 'row')} of {total}; {REMEDY}."
            )
        if len(self.weights) != max(1, config.integrators):
            raise VddError(
                f"{where} is damaged: it lacks one of its {config.integrators} integrators; {REMEDY}."
            )


def _described(rows):
    return replace(rows.config, integrator=0), rows.class_names, rows.rows_a_file, sorted(rows.numbers)
