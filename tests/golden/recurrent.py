"""Golden values of recurrent layers and of the networks with a head over time: plain PyTorch's modules, in float64.

    PYTHONPATH=tests python -P -m golden.recurrent      # writes tests/golden/recurrent.json

Inputs and weights are not stored: `reference.draw` gives them by their names. Layouts are PyTorch's, but clips have
their channels last. Second derivatives are products of the Hessian with a drawn vector. A gradient to clips is stored
as its products with three drawn clips.
"""

import json
import pathlib

import numpy as np
from reference import draw

PATH = pathlib.Path(__file__).with_name("recurrent.json")
LAYERS = {"gru": 3, "lstm": 4, "rnn": 1}  # gates
HEADS = (*LAYERS, "mlp", "mean")
BATCH, TIME, INPUTS, UNITS = 2, 4, 5, 3
# Frames larger than the crop of 64 pixels, and odd.
CLASSES, FRAMES, SIZE, CROP, WIDTH = 3, 3, 69, 64, 2
FEATURES = WIDTH * (CROP // 8) ** 2


def layer_inputs(kind):
    """{name: array} of a layer's input and its weights."""
    wide = LAYERS[kind] * UNITS
    shapes = {
        "x": (BATCH, TIME, INPUTS),
        "weight_ih": (wide, INPUTS),
        "weight_hh": (wide, UNITS),
        "bias_ih": (wide,),
        "bias_hh": (wide,),
    }
    return {name: wide_draw(f"{kind}/{name}", shape) for name, shape in shapes.items()}


def layer_target():
    """The loss is the sum of the outputs, each times its number here."""
    return wide_draw("target", (BATCH, TIME, UNITS))


def direction(kind, name, shape):
    """The vector's part that the Hessian is multiplied with."""
    return wide_draw(f"direction/{kind}/{name}", shape)


def network_weights(kind):
    """{name: array} of a network's weights, by the names that PyTorch's modules give them."""
    weights, inputs = {}, 3
    for i in range(3):
        weights |= linear(f"features.{4 * i}", (WIDTH, inputs, 3, 3))
        weights[f"features.{4 * i + 1}.weight"] = wide_draw(f"norm{i}/weight", (WIDTH,), 0.2, 1.0)
        weights[f"features.{4 * i + 1}.bias"] = wide_draw(f"norm{i}/bias", (WIDTH,), 0.2)
        inputs = WIDTH
    hidden = FEATURES // 8 if kind in ("gru", "rnn") else FEATURES
    if kind in LAYERS:
        wide = LAYERS[kind] * hidden
        shapes = {"weight_ih": (wide, FEATURES), "weight_hh": (wide, hidden)}
        shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (wide,))
        for name, shape in shapes.items():
            weights[f"temporal.{name}_l0"] = wide_draw(f"temporal/{kind}/{name}", shape, hidden**-0.5)
    if kind == "mlp":
        weights["temporal.weight"] = wide_draw("temporal/mlp/weight", (FEATURES, FRAMES))
        weights["temporal.bias"] = wide_draw("temporal/mlp/bias", (FEATURES,))
    return weights | linear("classifier", (CLASSES, hidden))


def linear(name, shape):
    """Weight and bias of a convolution or a linear layer."""
    scale = np.prod(shape[1:]) ** -0.5
    weight, bias = wide_draw(f"{name}/{shape}", shape, scale), wide_draw(f"{name}/bias", shape[:1], 0.3)
    return {f"{name}.weight": weight, f"{name}.bias": bias}


def clips(name, per_class):
    """Clips (classes, n, frames, size, size, 3)."""
    return wide_draw(f"clips/{name}", (CLASSES, per_class, FRAMES, SIZE, SIZE, 3))


def probes(gradient):
    """Products of an array with three drawn ones, relative to their length."""
    return [float(np.sum(gradient * wide_draw(f"probe{i}", gradient.shape))) for i in range(3)]


def wide_draw(name, shape, scale=1.0, shift=0.0):
    return draw(f"recurrent/{name}", shape, scale, shift).astype("float64")


def layer_values(kind):
    """Outputs, gradient and Hessian times vector of one of PyTorch's modules."""
    import torch

    module = getattr(torch.nn, kind.upper())(INPUTS, UNITS, batch_first=True).double()
    arrays = layer_inputs(kind)
    x = torch.tensor(arrays.pop("x"), requires_grad=True)
    with torch.no_grad():
        for name, value in arrays.items():
            getattr(module, f"{name}_l0").copy_(torch.tensor(value))
    named = {"x": x} | {name: getattr(module, f"{name}_l0") for name in arrays}
    outputs, _ = module(x)
    loss = (outputs * torch.tensor(layer_target())).sum()
    gradient = torch.autograd.grad(loss, [*named.values()], create_graph=True)
    along = sum((g * torch.tensor(direction(kind, name, g.shape))).sum() for name, g in zip(named, gradient))
    second = torch.autograd.grad(along, [*named.values()])
    return {
        "outputs": outputs.tolist(),
        "gradient": {name: g.tolist() for name, g in zip(named, gradient)},
        "second": {name: g.tolist() for name, g in zip(named, second)},
    }


def network_values(kind):
    """Features and logits of a network, and DC's loss of it with the gradient to the synthetic clips."""
    import torch
    from torch import nn

    def blocks():
        inputs = 3
        for _ in range(3):
            yield from (nn.Conv2d(inputs, WIDTH, 3, padding=1), nn.GroupNorm(WIDTH, WIDTH), nn.ReLU())
            yield nn.AvgPool2d(2)
            inputs = WIDTH

    hidden = FEATURES // 8 if kind in ("gru", "rnn") else FEATURES
    network = nn.Module()
    network.features = nn.Sequential(*blocks())
    network.classifier = nn.Linear(hidden, CLASSES)
    if kind in LAYERS:
        network.temporal = getattr(nn, kind.upper())(FEATURES, hidden, batch_first=True)
    if kind == "mlp":
        network.temporal = nn.Module()
        network.temporal.weight = nn.Parameter(torch.empty(FEATURES, FRAMES))
        network.temporal.bias = nn.Parameter(torch.empty(FEATURES))
    network.double()
    weights = {name: torch.tensor(value) for name, value in network_weights(kind).items()}
    network.load_state_dict(weights)

    def embed(x):
        start = (SIZE - CROP) // 2
        x = x[:, :, start : start + CROP, start : start + CROP]
        x = network.features(x.flatten(0, 1).permute(0, 3, 1, 2)).reshape(len(x), FRAMES, -1)
        if kind == "mlp":
            return torch.einsum("ntf,ft->nf", x, network.temporal.weight) + network.temporal.bias
        return (network.temporal(x)[0] if kind in LAYERS else x).mean(1)

    parameters = [p for p in network.parameters() if p.ndim > 1]

    def gradient_of(x, label, graph):
        loss = nn.functional.cross_entropy(network.classifier(embed(x)), torch.full((len(x),), label))
        return torch.autograd.grad(loss, parameters, create_graph=graph)

    def distance(synthetic, real):
        a, b = synthetic.flatten(1), real.flatten(1)
        return (1 - (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-6)).sum()

    real, synthetic = torch.tensor(clips("real", 2)), torch.tensor(clips("synthetic", 1), requires_grad=True)
    loss = sum(
        distance(s, r)
        for label in range(CLASSES)
        for s, r in zip(
            gradient_of(synthetic[label], label, True), gradient_of(real[label], label, False), strict=True
        )
    )
    (gradient,) = torch.autograd.grad(loss, [synthetic])
    seen = embed(real[:, 0]).detach()
    return {
        "features": seen.numpy().tolist() if hidden < FEATURES else probes(seen.numpy()),
        "logits": network.classifier(seen).tolist(),
        "dc_loss": loss.item(),
        "dc_gradient": probes(gradient.numpy()),
    }


def values():
    """All golden values of this file."""
    return {
        "layers": {kind: layer_values(kind) for kind in LAYERS},
        "networks": {kind: network_values(kind) for kind in HEADS},
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(values(), indent=1) + "\n", encoding="utf-8")
