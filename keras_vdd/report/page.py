"""One HTML page of a run, with its pictures inside: it can be mailed or put anywhere."""

import base64
import html
from pathlib import Path

from keras_vdd.errors import VddError
from keras_vdd.report.curves import loss_curve
from keras_vdd.report.files import write_bytes
from keras_vdd.text import printable, printable_document

_TYPES = {".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".jpg": "image/jpeg"}

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#141414;max-width:1180px;margin:2em auto;padding:0 1em}
h1{font-size:1.5em;margin-bottom:0}h2{font-size:1.15em;margin-top:2em}
p.title{color:#555;max-width:75em}
div.wide{overflow-x:auto}
table{border-collapse:collapse}
th,td{padding:.3em .8em;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}
th{border-bottom:2px solid #888}th.left,td.left{text-align:left;white-space:normal}
pre{background:#f5f5f5;padding:1em;overflow-x:auto;font-size:13px}
figure{margin:1em 0}figcaption{color:#555}img{max-width:100%;image-rendering:pixelated}
svg{width:100%;max-width:640px;font:12px system-ui,sans-serif;fill:#555}
svg .axis{fill:none;stroke:#888}svg .loss{fill:none;stroke:#0b63b5;stroke-width:1.5}
""".strip()


def write_page(path, name, table, pictures=(), losses=None, recipe="", facts=None):
    """Write the report of a run as one self-contained page.

    Args:
        path: where, such as `runs/x/report/index.html`.
        name: str, the run's or recipe's name.
        table: `Table` of results, or None where nothing is evaluated yet.
        pictures: list of (caption, path of a PNG, GIF or WebP file); the files are copied into the page.
        losses: dict of stage to sequence of (iteration, loss).
        recipe: str, the resolved recipe's text.
        facts: dict of what else a reader needs, such as versions; values are shown as text.

    Raises:
        VddError: a picture cannot be read, or the disk refuses.
    """
    parts = [f"<h1>{_shown(name)}</h1>"]
    if table is not None:
        parts += ["<h2>Results</h2>", _table(table)]
    if pictures:
        parts += ["<h2>Pictures</h2>", *(_picture(caption, file) for caption, file in pictures)]
    if losses:
        parts += ["<h2>Losses</h2>", *(loss_curve(points, stage) for stage, points in losses.items())]
    if facts:
        cells = "".join(
            f'<tr><td class="left">{_shown(k)}</td><td class="left">{_shown(v)}</td></tr>'
            for k, v in facts.items()
        )
        parts += ["<h2>Made with</h2>", f"<table>{cells}</table>"]
    if recipe:
        parts += ["<h2>Recipe</h2>", f"<pre>{html.escape(printable_document(recipe))}</pre>"]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{_shown(name)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(parts)
    page = f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'
    write_bytes(path, page)


def _shown(text):
    return html.escape(printable(text))


def _table(table):
    def line(cells, tag):
        sides = [' class="left"' if table.is_words(head) else "" for head in table.header]
        return "<tr>" + "".join(f"<{tag}{s}>{_shown(c)}</{tag}>" for c, s in zip(cells, sides)) + "</tr>"

    rows = "".join(line(row, "td") for row in table.rows)
    return (
        f'<p class="title">{_shown(table.title)}</p>'
        f'<div class="wide"><table>{line(table.header, "th")}{rows}</table></div>'
    )


def _picture(caption, path):
    path = Path(path)
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        raise VddError(f"Picture {path.name} is of no kind that a page can hold: use PNG, GIF, WebP or JPEG.")
    try:
        content = base64.b64encode(path.read_bytes()).decode()
    except OSError as error:
        raise VddError(f"Cannot read picture {path}: {error.strerror or error}; make it again.") from error
    text = _shown(caption)
    image = f'<img alt="{text}" src="data:{kind};base64,{content}">'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>"
