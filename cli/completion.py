"""What the Tab key offers: names of recipes, keys and words of settings, files. Keras is not imported for it.

click's own classes and scripts are mended where they lose what stands before an `=`.
"""

import os

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

# Those that a shell itself knows best.
FILE, FOLDER = "file", "dir"


def _with(template, changes):
    for before, after in changes.items():
        template = template.replace(before, after, 1)
    return template


class _WholeWords(ShellComplete):
    """Offers words as they will stand there, with the option and `=` that a value was begun behind."""

    def get_completions(self, args, incomplete):
        found = super().get_completions(args, incomplete)
        name, sign, _ = incomplete.partition("=")
        if sign and name.startswith("-"):
            for item in found:
                item.value = f"{name}={item.value}"
        return found


class Bash(_WholeWords, BashComplete):
    """click's completion by the line itself, since bash takes an `=` for the end of a word.

    The cursor stays right behind a key and its `=`, where the value goes.
    """

    source_template = _with(
        BashComplete.source_template,
        {
            'COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD': (
                'COMP_WORDS="${COMP_LINE:0:$COMP_POINT}" COMP_CWORD="${COMP_WORDS[COMP_CWORD]}"'
            ),
            "    return 0\n": "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n    return 0\n",
        },
    )

    def get_completion_args(self):
        # The word at the cursor may be empty or have an open quote: with a letter more it is always the last.
        *args, incomplete = split_arg_string(os.environ["COMP_WORDS"] + "_")[1:]
        return args, incomplete[:-1]

    def get_completions(self, args, incomplete):
        found = super().get_completions(args, incomplete)
        if "=" in incomplete and os.environ.get("COMP_CWORD") != incomplete:
            for item in found:  # bash puts it behind the `=`
                item.value = item.value.partition("=")[2]
        return found


class Zsh(_WholeWords, ZshComplete):
    """click's completion, with no space behind a key and its `=`, and files for what follows one."""

    source_template = _with(
        ZshComplete.source_template,
        {
            'if [[ "$descr" == "_" ]]; then': (
                'if [[ "$key" == *= ]]; then\n'
                '                compadd -U -S "" -V unsorted -- "$key"\n'
                '            elif [[ "$descr" == "_" ]]; then'
            ),
            "            _path_files -/": "            compset -P '[a-z0-9_.-]##='; _path_files -/",
            "            _path_files -f": "            compset -P '[a-z0-9_.-]##='; _path_files -f",
        },
    )


class Fish(_WholeWords, FishComplete):
    """click's completion, with files as fish completes them everywhere else."""

    source_template = _with(
        FishComplete.source_template,
        {
            "__fish_complete_directories $metadata[2]": "__fish_complete_directories (commandline -ct)",
            "__fish_complete_path $metadata[2]": "complete -C \"'' \"(commandline -ct)",
        },
    )


for each in (Bash, Zsh, Fish):
    add_completion_class(each)


def recipes(ctx, parameter, begun):
    """The recipes of the package whose name begins so, else files."""
    from keras_vdd.recipe.names import known

    return [name for name in known() if name.startswith(begun)] or files(ctx, parameter, begun)


def keys(ctx, parameter, begun):
    """The settings whose dotted name begins so, each with the `=` that its value follows; then words, or files."""
    from keras_vdd.recipe.keys import known_keys, words_of
    from keras_vdd.recipe.places import PLACES

    key, sign, value = begun.partition("=")
    if sign and key in PLACES:
        return files(ctx, parameter, begun)
    if sign:
        return [f"{key}={word}" for word in words_of(key) if word.startswith(value)]
    kinds = known_keys().items()
    return [f"{key}=" for key, kind in kinds if kind != "section" and key.startswith(begun)]


def file_or_keys(ctx, parameter, begun):
    """The settings where some begin so, else files: where a file may be left out before them."""
    return (keys(ctx, parameter, begun) if begun else []) or files(ctx, parameter, begun)


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
