"""PyTorch: gradients by `torch.autograd.grad`, native padding, and channels first by name.

On a processor channels lie last in memory all the same: convolutions and pools follow the strides.
"""

from contextvars import ContextVar

import torch
from keras import ops, tree

DATA_FORMAT = "channels_first"
JIT_COMPILE = False
WIDEST_FLOAT = "float64"
# oneDNN may leave blocks of a 3-D convolution's weight gradient unwritten, whatever lay in memory before.
FAULTY_ON_CPU = ("bfloat16",)

# How many value_and_grad calls enclose this one: only the outermost may free its graph.
_depth = ContextVar("depth", default=0)


def jit(fn):
    return fn


def value_and_grad(fn, has_aux=False):
    def wrapped(inputs, *args):
        depth = _depth.get()
        token = _depth.set(depth + 1)
        try:
            with torch.enable_grad():
                inputs = tree.map_structure(_leaf, inputs)
                out = fn(inputs, *args)
                value = out[0] if has_aux else out
                leaves = tree.flatten(inputs)
                try:
                    grads = torch.autograd.grad(value, leaves, create_graph=depth > 0)
                except RuntimeError as error:
                    if "appears to not have been used" in str(error):
                        raise ValueError(
                            "value_and_grad: the value does not depend on every input"
                        ) from error
                    raise
        finally:
            _depth.reset(token)
        if depth == 0:
            out = tree.map_structure(lambda x: x.detach() if torch.is_tensor(x) else x, out)
        return out, tree.pack_sequence_as(inputs, grads)

    return wrapped


def _leaf(x):
    x = ops.convert_to_tensor(x)
    # A tensor that an enclosing derivative tracks stays connected to it, under a name of its own.
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def scan(step, state, xs):
    outputs = []
    for x in xs.unbind():
        state, output = step(state, x)
        outputs.append(output)
    return torch.stack(outputs)


def convolution(x, kernel, bias, strides, padding, data_format):
    rank = len(strides)
    kernel = kernel.permute(rank + 1, rank, *range(rank))
    conv = torch.conv2d if rank == 2 else torch.conv3d
    if data_format == "channels_first":
        return conv(x.contiguous(memory_format=_memory_format(x)), kernel, bias, strides, padding)
    out = conv(x.movedim(-1, 1), kernel, bias, strides, padding)
    return out.movedim(1, -1)


def native_layout(weights):
    return [_outputs_first(ops.convert_to_tensor(w)) for w in weights]


def _outputs_first(w):
    if w.ndim < 4:
        return w
    rank = w.ndim - 2
    if _memory_format(w) is not torch.contiguous_format:
        # Outputs before all else: one transposition of a matrix, which takes a fifth of the time of other copies.
        return w.reshape(-1, w.shape[-1]).t().contiguous().t().view(w.shape)
    return w.permute(rank + 1, rank, *range(rank)).contiguous().permute(*range(2, rank + 2), 1, 0)


def _memory_format(x):
    """How a processor likes (samples, channels, ...) in memory: channels together; pools are 8 times as fast."""
    if x.device.type != "cpu":
        return torch.contiguous_format
    return torch.channels_last if x.ndim == 4 else torch.channels_last_3d


def second_order_copies():
    return 1.3
