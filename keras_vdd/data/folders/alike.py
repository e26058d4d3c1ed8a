"""Class names that people take for one: they differ in case, in outer spaces, or in how an accent is written."""

from collections.abc import Collection, Iterable

from keras_vdd.data.folders.listing import shorten
from keras_vdd.errors import VddError
from keras_vdd.text import printable, same_text, same_to_people


def refuse_alike(train_folder: str, train: Collection[str], test_folder: str, test: Collection[str]) -> None:
    """Refuse a class of one split whose name is that of a class of the other but for what people do not see.

    Args:
        train_folder, test_folder: names of the splits, for the error.
        train, test: their class names.

    Raises:
        VddError: there is one.
    """
    known = {same_to_people(name): name for name in train if name not in test}
    for name in test:
        other = known.get(same_to_people(name))
        if other is not None and name not in train:
            raise VddError(
                f"Class '{printable(other)}' of '{train_folder}' and class '{printable(name)}' of '{test_folder}' "
                f"differ in {_difference(other, name)} alone: give both folders one name."
            )


def alike_notes(names: Iterable[str]) -> list[str]:
    """Return notes on class names that are easily taken for others, each of which counts as a class of its own."""
    seen: dict[str, str] = {}
    notes = []
    for name in names:
        other = seen.setdefault(same_to_people(name), name)
        if other != name:
            notes.append(
                f"The classes '{printable(other)}' and '{printable(name)}' differ in {_difference(other, name)} alone "
                "and count as two."
            )
    spaced = [f"'{name}'" for name in names if name != name.strip()]
    if spaced:
        notes.append(f"Names of classes that begin or end with a space: {shorten(spaced)}.")
    return notes


def _difference(one, other):
    """Say in what two names differ that are the same to people."""
    if same_text(one) == same_text(other):
        return "how their accents are written (Unicode forms NFC and NFD)"
    if one.split() == other.split():
        return "spaces"
    if one.casefold() == other.casefold():
        return "case"
    return "case, spaces and forms of letters"
