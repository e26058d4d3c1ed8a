"""MTT: match a stretch of an expert's training trajectory.

Cazenavette et al., "Dataset Distillation by Matching Training Trajectories" (CVPR 2022), as used in
"Dancing with Still Images" (CVPR 2024), section 4. From an expert's weights theta_0, N steps of gradient
descent on synthetic data, theta_{t+1} = theta_t - alpha g_t(theta_t, X), should arrive at the expert's
weights M epochs later: loss = ||theta_N - target||^2 / ||theta_0 - target||^2.

Two forms of the same gradient. `unrolled` keeps the graph of all N steps, so memory grows with N.
`adjoint` keeps only the theta_t and walks back, one vector-Jacobian product of the step a time:
lambda_N = dL/dtheta_N, then (lambda_t, dX_t, dalpha_t) = grad of <theta_t - alpha g_t, lambda_{t+1}>.
"""

from keras import ops, tree

from keras_vdd.autodiff import jit, value_and_grad


def unrolled(inner_loss, start, target, learned, steps):
    """Trajectory-matching loss and gradients, through the graph of all inner steps.

    Args:
        inner_loss: function (weights, data, t) -> scalar, the training loss of inner step t.
        start: list of tensors, theta_0.
        target: list of tensors, the expert's later weights.
        learned: dict with `"data"`, any tree of tensors that `inner_loss` reads, and `"step_size"`.
        steps: int, N.

    Returns:
        (loss, gradients): a scalar and a tree like `learned`.
    """
    step_gradient = value_and_grad(inner_loss)

    def loss(learned):
        weights = start
        for t in range(steps):
            _, gradient = step_gradient(weights, learned["data"], t)
            weights = _step(weights, gradient, learned["step_size"])
        return _relative_distance(weights, start, target)

    return value_and_grad(loss)(learned)


def adjoint(inner_loss, start, target, learned, steps):
    """Trajectory-matching loss and gradients in memory that does not grow with the graph of N steps.

    Equal to `unrolled` up to rounding. Arguments and results are the same.
    """
    step_gradient = value_and_grad(inner_loss)

    def forward(weights, learned, t):
        _, gradient = step_gradient(weights, learned["data"], t)
        return _step(weights, gradient, learned["step_size"])

    def projected_step(inputs, cotangent, t):
        weights, learned = inputs
        return sum(ops.sum(a * b) for a, b in zip(forward(weights, learned, t), cotangent))

    # Each step is compiled on its own: inside one graph every step's intermediates would live at once.
    forward = jit(forward)
    pull_back = jit(value_and_grad(projected_step))

    path = [start]
    times = [ops.convert_to_tensor(t, dtype="int32") for t in range(steps)]
    for t in times:
        path.append(forward(path[-1], learned, t))
    loss, cotangent = value_and_grad(lambda w: _relative_distance(w, start, target))(path.pop())
    total = None
    for t in reversed(times):
        _, (cotangent, gradient) = pull_back((path.pop(), learned), cotangent, t)
        total = gradient if total is None else _add(total, gradient)
    return loss, total


def _step(weights, gradient, step_size):
    return [w - step_size * g for w, g in zip(weights, gradient)]


def _relative_distance(weights, start, target):
    return _squared_distance(weights, target) / _squared_distance(start, target)


def _squared_distance(a, b):
    return sum(ops.sum(ops.square(x - y)) for x, y in zip(a, b))


def _add(a, b):
    return tree.map_structure(lambda x, y: x + y, a, b)
