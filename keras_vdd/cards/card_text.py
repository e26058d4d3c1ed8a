"""Text of others inside a card's Markdown: names, code and what is folded."""

import re

from keras_vdd.cards.card_front import in_one_line

# An underscore inside a word is none to Markdown.
_MARKS = re.compile(r"([\\`*{}\[\]<>#|~$&]|(?<![^\W_])_|_(?![^\W_]))")


def plain(value):
    """Return a value as Markdown that shows it as it is, in one line."""
    return _MARKS.sub(r"\\\1", in_one_line(value))


def source_in_words(source):
    """Return what a sentence calls the source set, which `data.set` names."""
    return "a folder of videos" if source == "folder" else str(source or "a video set")


def code(text, language):
    """Return a block of code, in a fence that the text does not end."""
    fence = "```"
    while fence in text:
        fence += "`"
    newline = "" if text.endswith("\n") else "\n"
    return f"{fence}{language}\n{text}{newline}{fence}"


def details(summary, text):
    """Return text that is folded under a summary, both Markdown; the summary has no marks."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"
