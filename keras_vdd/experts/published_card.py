"""The card of a repository of experts."""

import string

from keras_vdd.cards.card_front import licensed, source_dataset
from keras_vdd.experts.bank import DESCRIPTION
from keras_vdd.recipe.yaml_text import as_yaml
from keras_vdd.running_code import project_url
from keras_vdd.text import counted

TAGS = (
    "keras keras-vdd video dataset-distillation dataset-condensation trajectory-matching expert-trajectories"
).split()

_TEXT = """\
---
$front
---

# Experts on $source ($network)

$count networks trained on the real videos of $source, with the weights of each before training and after each of
$epochs epochs: the expert trajectories that dataset distillation by trajectory matching (MTT,
[arXiv:2203.11932](https://arxiv.org/abs/2203.11932)) reads. Training them is most of that method's cost, and it is
the same for every distilled set of these settings.

## Use

With $project, in place of training experts:

```bash
vdd distill --recipe RECIPE experts.source=hf://$repository experts.count=$count
```

They are checked against the recipe: network, frames, size, normalisation, classes and training settings are those
below, or it is refused in a sentence that names what differs.

Anywhere else, with numpy alone:

```python
from huggingface_hub import hf_hub_download
from safetensors.numpy import load_file

file = hf_hub_download("$repository", "expert-0000.safetensors", repo_type="dataset")
weights = load_file(file)  # "EPOCH/INDEX": float32, INDEX in the order of `shapes` of $description
last = weights["$epochs/0"]
```

Kernels are laid out as Keras has them: (time, height, width, channels in, channels out).

## What they are

| setting | value |
|---|---|
$rows

`$description` says the same for programs, with the shape of each weight, the SHA-256 of each file, and the videos'
checksum. Top-1 is on the middle clips of the test videos after the last epoch; nothing was chosen by it.

## Terms

The networks were trained on $source, whose terms ($license) apply to its videos.
"""


def card_of(told, bank, repository, license):
    """Return the text of `README.md`.

    Args:
        told: dict, what `experts.json` says.
        bank: `ExpertBank`.
        repository: str, `owner/name`.
        license: str, the terms of the source videos.
    """
    training, source = told["training"], told["set"]
    front = {
        "pretty_name": f"Experts on {source} ({training['network']})",
        **licensed(license),
        "source_datasets": [source_dataset(source)],
        "tags": TAGS,
        # There are no rows to show.
        "viewer": False,
    }
    top1 = bank.accuracies
    values = {
        "set": f"{source}, {len(told['classes'])} classes, {counted(told['videos']['train'], 'training video')}",
        "clips": f"{training['frames']} frames, {training['interval']} apart, {told['size']} x {told['size']} pixels",
        "normalisation": f"mean {training['mean']}, standard deviation {training['std']}",
        "network": f"{training['network']}, width {training['width']}, stem {training['stem']}",
        "training": f"SGD {training['learning_rate']:g}, batches of {training['batch_size']}, "
        f"{counted(training['epochs'], 'epoch')}, augmentation {', '.join(training['augment']) or 'none'}",
        "backend": f"{told['backend']}, {training['precision']}, seed {training['seed']}",
        "top-1": f"{sum(top1) / len(top1):.2f} % mean, {min(top1):.2f} to {max(top1):.2f}",
        "bytes": f"{bank.nbytes:,} in {counted(len(bank), 'file')}",
    }
    return string.Template(_TEXT).substitute(
        front=as_yaml(front).rstrip("\n"),
        project=f"[keras-vdd]({url})" if (url := project_url()) else "keras-vdd",
        source=source,
        network=training["network"],
        count=len(bank),
        epochs=training["epochs"],
        repository=repository,
        description=DESCRIPTION,
        license=license,
        rows="\n".join(f"| {name} | {value} |" for name, value in values.items()),
    )
