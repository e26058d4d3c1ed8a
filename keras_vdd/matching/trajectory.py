"""MTT: match a stretch of an expert's training trajectory.

Cazenavette et al., "Dataset Distillation by Matching Training Trajectories" (CVPR 2022), as used in
"Dancing with Still Images" (CVPR 2024), section 4. From an expert's weights theta_0, N steps of gradient
descent on synthetic data, theta_{t+1} = theta_t - alpha g_t(theta_t, X), should arrive at the expert's
weights M epochs later: loss = ||theta_N - target||^2 / ||theta_0 - target||^2.

Two forms of the same gradient. `unrolled` keeps the graph of all N steps, so memory grows with N.
`adjoint` keeps only the theta_t and walks back, one vector-Jacobian product of the step a time:
lambda_N = dL/dtheta_N, then (lambda_t, dX_t, dalpha_t) = grad of <theta_t - alpha g_t, lambda_{t+1}>.

`tesla` is not that gradient: Cui et al., "Scaling Up Dataset Distillation to ImageNet-1K with Constant
Memory" (ICML 2023), walk back with lambda_N at every step, which leaves out how a step changes the
gradients of later ones. It spares the second derivative by the weights.

Each form takes `inner_loss` once and returns a function to call at every iteration, so that compiling
happens once:

    match(start, target, learned, steps) -> (loss, gradients)

    start: list of tensors, theta_0.
    target: list of tensors, the expert's later weights.
    learned: dict with `"data"`, any tree of tensors that `inner_loss` reads, and `"step_size"`, a scalar.
    steps: list of N trees of tensors, what else `inner_loss` reads at each step, such as the pairs of its
        batch and a seed of dropout; not differentiated.
    loss: scalar.
    gradients: a tree like `learned`.

`inner_loss(weights, data, step)` is the scalar training loss of one step.
"""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops, tree

from keras_vdd.backend import jit, value_and_grad
from keras_vdd.tensors import Tensor

Weights = list[Tensor]
InnerLoss = Callable[[Weights, Any, Any], Tensor]
Learned = dict[str, Any]
Match = Callable[[Weights, Weights, Learned, list[Any]], tuple[Tensor, Learned]]


def unrolled(inner_loss: InnerLoss) -> Match:
    """The gradient through the graph of all inner steps; memory grows with their number."""
    forward = _descent(inner_loss)

    def loss(learned: Learned, start: Weights, target: Weights, steps: list[Any]) -> Tensor:
        weights = start
        for step in steps:
            weights = forward(weights, learned, step)
        return relative_distance(weights, start, target)

    gradient = jit(value_and_grad(loss))
    return lambda start, target, learned, steps: gradient(learned, start, target, steps)


def adjoint(inner_loss: InnerLoss) -> Match:
    """The same gradient as `unrolled`, up to rounding, holding the graph of one step at a time."""
    forward = _descent(inner_loss)

    def projected(inputs: tuple[Weights, Learned], cotangent: Weights, step: Any) -> Tensor:
        weights, learned = inputs
        return _inner_product(forward(weights, learned, step), cotangent)

    return _walking_back(forward, value_and_grad(projected))


def tesla(inner_loss: InnerLoss) -> Match:
    """TESLA's approximation: lambda_N, the derivative at the last weights, stands for lambda_t at every step."""
    forward = _descent(inner_loss)

    def projected(learned: Learned, weights: Weights, cotangent: Weights, step: Any) -> Tensor:
        return _inner_product(forward(weights, learned, step), cotangent)

    gradient = value_and_grad(projected)

    def pull_back(inputs: tuple[Weights, Learned], cotangent: Weights, step: Any) -> tuple[Tensor, Any]:
        weights, learned = inputs
        value, learned_gradient = gradient(learned, weights, cotangent, step)
        return value, (cotangent, learned_gradient)  # the cotangent as it came: lambda_t = lambda_N

    return _walking_back(forward, pull_back)


FORMS = {"unrolled": unrolled, "adjoint": adjoint, "tesla": tesla}


def relative_distance(weights: Weights, start: Weights, target: Weights) -> Tensor:
    """||weights - target||^2 / ||start - target||^2 over lists of tensors."""
    return _squared_distance(weights, target) / _squared_distance(start, target)


def _descent(inner_loss: InnerLoss) -> Callable[[Weights, Learned, Any], Weights]:
    """One inner step: (theta_t, learned, step) -> theta_{t+1}."""
    step_gradient = value_and_grad(inner_loss)

    def forward(weights: Weights, learned: Learned, step: Any) -> Weights:
        _, gradient = step_gradient(weights, learned["data"], step)
        return [w - learned["step_size"] * g for w, g in zip(weights, gradient)]

    return forward


def _walking_back(forward: Callable[..., Weights], pull_back: Callable[..., tuple[Tensor, Any]]) -> Match:
    """The match of a `pull_back`: ((theta_t, learned), lambda_{t+1}, step) -> (unused, (lambda_t, dlearned))."""
    # Each step is compiled on its own: inside one graph every step's intermediates would live at once.
    forward, pull_back = jit(forward), jit(pull_back)
    end = jit(value_and_grad(relative_distance))
    add = jit(lambda a, b: tree.map_structure(lambda x, y: x + y, a, b))

    def match(start: Weights, target: Weights, learned: Learned, steps: list[Any]) -> tuple[Tensor, Learned]:
        # Detached: torch would tie the weights of every step to what is learned, and so keep every step's gradient.
        learned = tree.map_structure(ops.stop_gradient, learned)
        path = [start]
        for step in steps:
            path.append(forward(path[-1], learned, step))
        loss, cotangent = end(path.pop(), start, target)
        total: Any = None
        for step in reversed(steps):
            _, (cotangent, gradient) = pull_back((path.pop(), learned), cotangent, step)
            total = gradient if total is None else add(total, gradient)
        return loss, total

    return match


def _inner_product(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    return sum(ops.sum(x * y) for x, y in zip(a, b))


def _squared_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    return sum(ops.sum(ops.square(x - y)) for x, y in zip(a, b))
