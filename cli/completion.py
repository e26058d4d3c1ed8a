"""What the Tab key offers: names of recipes, keys of settings, files. Keras is not imported for it."""

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

# Those that a shell itself knows best.
FILE, FOLDER = "file", "dir"


class Bash(BashComplete):
    """click's completion, with the cursor right behind a key and its `=`, where the value goes."""

    source_template = BashComplete.source_template.replace(
        "    return 0\n", "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n    return 0\n", 1
    )


add_completion_class(Bash)


def recipes(ctx, parameter, begun):
    """The recipes of the package whose name begins so, else files."""
    from keras_vdd.recipe.names import known

    return [name for name in known() if name.startswith(begun)] or files(ctx, parameter, begun)


def keys(ctx, parameter, begun):
    """The settings whose dotted name begins so, each with the `=` that its value follows."""
    from keras_vdd.recipe.keys import known_keys

    kinds = known_keys().items()
    return [f"{key}=" for key, kind in kinds if kind != "section" and key.startswith(begun)]


def sets(ctx, parameter, begun):
    """The sets that there are recipes for."""
    from keras_vdd.recipe.layers import names_in

    return [name for name in names_in("sets") if name.startswith(begun)]


def files(ctx, parameter, begun):
    """Files and folders, as the shell completes them."""
    return [CompletionItem(begun, type=FILE)]


def folders(ctx, parameter, begun):
    """Folders, as the shell completes them."""
    return [CompletionItem(begun, type=FOLDER)]
