"""The front matter of a card: what the Hub and `datasets` read of it."""

import logging
import re

from keras_vdd.data.sources import SOURCES
from keras_vdd.published import schema as vdd
from keras_vdd.recipe.yaml_text import as_yaml

LICENSE_TEXT = "license_details"
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
TAGS = ("keras", "keras-vdd", "video", "datasets", "dataset-distillation", "dataset-compression")
LICENSES = frozenset(
    """
    afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m bigscience-bloom-rail-1.0
    bigscience-openrail-m bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5
    cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
    cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 epl-1.0 epl-2.0
    etalab-2.0 eupl-1.1 eupl-1.2 gemma gfdl gpl gpl-2.0 gpl-3.0 h-research intel-research isc lgpl lgpl-2.1
    lgpl-3.0 lgpl-lr llama2 llama3 llama3.1 llama3.2 llama3.3 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by
    ofl-1.1 openrail openrail++ osl-3.0 pddl postgresql unknown unlicense wtfpl zlib other
    """.split()
)
"""The identifiers that the Hub takes as `license`; other terms are `other`, with their words beside it."""
_LOG = logging.getLogger(__name__)
_LINK = re.compile(r"https?://\S+")


def front_matter(distilled, title, content, license):
    """Return the YAML between the card's first two lines of dashes.

    Args:
        distilled: `DistilledSet`.
        title: str.
        content: str, hash of the data files.
        license: str or None, an identifier of the Hub or words.
    """
    videos = len(distilled.pairs())
    size = next((label for limit, label in SIZES if videos < limit), "n>1M")
    values = {
        "pretty_name": in_one_line(title),
        **licensed(license),
        "task_categories": ["video-classification"],
        "size_categories": [size],
        "source_datasets": [source_dataset(distilled.provenance.get("source"))],
        "tags": [*TAGS, f"ipc-{distilled.videos_per_class}"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": vdd.data_glob(content)}],
            }
        ],
    }
    return as_yaml(values).rstrip("\n")


def licensed(license):
    """Return the keys that state the terms of the source videos; {} where they are not stated."""
    if not license:
        return {}
    text = in_one_line(license)
    identifier = text.lower().replace(" ", "-")
    if identifier in LICENSES:
        return {"license": identifier}
    if " " not in text:
        _LOG.warning(
            '%s is no licence that the Hub knows by name: the card says "other", with %s as its words.',
            text,
            text,
        )
    # The Hub takes small letters, digits, dashes and points.
    name = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:64] or "terms-of-the-source-videos"
    link = _LINK.search(text)
    return {
        "license": "other",
        "license_name": name,
        **({"license_link": link[0].rstrip(".,;)")} if link else {}),
        LICENSE_TEXT: text,
    }


def source_dataset(source):
    """Return what the set was made of, as the Hub calls it: a repository, another set, or nothing published."""
    known = SOURCES.get(source) if isinstance(source, str) and source in SOURCES else None
    if known is not None and known.hub:
        return known.hub
    return "original" if known is None or known.made or not known.citation else f"extended|other-{source}"


def in_one_line(text):
    """Return text with every run of spaces and line ends as one space, and nothing that cannot be printed."""
    words = " ".join(str(text).split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
