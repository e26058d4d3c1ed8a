"""The names of the package's recipes: which there are, what their parts mean, and what is wrong with another.

A name is `<method>-<set>[-<size>][-naive]`, or that of a whole file such as `quickstart`. `dm-ucf101-5-naive`
is the method `dm-naive` on the set `ucf101` with 5 videos per class; a name without a number has 1.
"""

import re
from functools import cache
from typing import NamedTuple

from keras_vdd.recipe import layers
from keras_vdd.recipe.about import AboutMethod, AboutSet
from keras_vdd.registry import nearest

NAIVE = "-naive"


class Parts(NamedTuple):
    """What a composed name is made of."""

    method: str
    """Name of a file in `recipes/methods/`, such as `dm-naive`."""
    set: str
    """Name of a file in `recipes/sets/`."""
    size: int
    """Videos per class."""

    def __str__(self) -> str:
        naive = NAIVE if self.method.endswith(NAIVE) else ""
        number = "" if self.size == 1 else f"-{self.size}"
        return f"{self.method.removesuffix(NAIVE)}-{self.set}{number}{naive}"


def sizes(about: AboutMethod | AboutSet) -> list[int]:
    """Return the sizes that a method or a set has recipes for."""
    known = sorted(int(name) for name in layers.names_in("sizes"))
    return [size for size in known if about.sizes is None or size in about.sizes]


@cache
def known() -> dict[str, Parts | None]:
    """Return {name: `Parts`, or None for a whole recipe} of every recipe, in the order of the names."""
    found = dict.fromkeys(layers.names_in())
    for data in layers.names_in("sets"):
        about = layers.about_set(data)
        for method in layers.names_in("methods"):
            if about.methods is not None and method not in about.methods:
                continue
            of_method = sizes(layers.about_method(method))
            made = [Parts(method, data, size) for size in sizes(about) if size in of_method]
            found |= {str(parts): parts for parts in made if str(parts) not in about.instead}
    return dict(sorted(found.items()))


def unknown(name: str) -> str:
    """Return the sentence for a name that no recipe has: what of it is not there, else the nearest name."""
    why = _missing(name)
    if why is None:
        close = nearest(name, known())
        why = f"; did you mean {close[0]}?" if close else ""
    return f"unknown recipe {name}{why} (see `vdd recipes list`; a file ends in .yaml)"


def _missing(name):
    """What there is in place of a name whose method and set are known; None where they are not."""
    methods, sets = layers.names_in("methods"), layers.names_in("sets")
    plain = sorted({method.removesuffix(NAIVE) for method in methods}, key=len, reverse=True)
    found = re.fullmatch(rf"({'|'.join(plain)})-({'|'.join(sets)})(?:-(\d+))?({NAIVE})?", name)
    if found is None:
        return None
    method, data, number, naive = found.groups()
    method += naive or ""
    if method not in methods:
        return f": {found[1]} has no {NAIVE}"
    of_set = layers.about_set(data)
    if name in of_set.instead:
        return f": it is called {of_set.instead[name]}"
    if of_set.methods is not None and method not in of_set.methods:
        return f": {data} has {', '.join(of_set.methods)} alone"
    size = int(number or 1)
    for owner, about in ((data, of_set), (found[1], layers.about_method(method))):
        if size not in sizes(about):
            there = " and ".join(str(s) for s in sizes(about))
            return f": {owner} has no -{number}, only {there} per class (1 has no number)"
    return f": it is called {Parts(method, data, size)}"
