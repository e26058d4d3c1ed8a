"""Golden values, and derivatives of layers, on the device: relative errors in each arithmetic.

`main(report, size)`, for torch and JAX. "Golden" rows are the largest errors of each method's outputs, loss and
gradients, against what the paper's own implementation computes, and how many are within the tests' tolerances.
Rows of layers are against float64 on the processor: the value, the gradient, and the gradient of a weighted squared
gradient norm, as DC takes it. The last row is pytest's count of the tests of second derivatives in float64.
"""

import contextlib
import pathlib
from unittest.mock import patch

import keras
import numpy as np
import pytest
import reference
from derivatives import numpy, wide
from keras import ops

from keras_vdd import models
from keras_vdd.backend import DATA_FORMAT, jit, value_and_grad
from keras_vdd.layers import Conv2D, Conv3D, InstanceNorm, Integrator, MaxPool3D

TESTS = pathlib.Path(__file__).resolve().parents[2]
MODES = ("float32", "TF32", "bfloat16")
# Widths as in the networks, few samples: layer, and the shapes of its inputs with channels last.
LAYERS = {
    "conv2d": (Conv2D, {"filters": 32, "kernel_size": (3, 3), "padding": (1, 1)}, [(2, 14, 14, 32)]),
    "conv3d": (
        Conv3D,
        {"filters": 32, "kernel_size": (3, 7, 7), "strides": (1, 2, 2), "padding": (1, 3, 3)},
        [(2, 4, 14, 14, 32)],
    ),
    "norm": (InstanceNorm, {}, [(2, 14, 14, 32)]),
    "pool": (MaxPool3D, {"pool_size": (2, 2, 2)}, [(2, 4, 14, 14, 32)]),
    "integrator": (Integrator, {}, [(2, 16, 16, 3), (2, 4, 16, 16, 1)]),
}


def main(report, size):
    for name in LAYERS:
        with report.attempt(name):
            layer_errors(report, name)
    if size == "tiny" and keras.config.backend() == "jax":
        return  # on a processor it compiles the rest for minutes, as the tests do
    for mode in MODES:
        # A processor knows no TF32.
        if mode != "TF32" or size != "tiny":
            with report.attempt(f"golden, {mode}"), arithmetic(mode):
                golden(report, mode)
    with report.attempt("tests of second derivatives"):
        report.row("tests of second derivatives", **second_derivative_tests())


@contextlib.contextmanager
def arithmetic(mode):
    """float32 as the device can, or with factors rounded to TF32; bfloat16 is the layers' own matter."""
    if keras.config.backend() == "jax":
        import jax

        with jax.default_matmul_precision("highest" if mode == "float32" else "tensorfloat32"):
            yield
        return
    from gpu_parts.device import tf32

    with tf32(mode != "float32"):
        yield


class Recorder:
    """A plugin of pytest that takes the place of `assert_golden`: reports the error of each golden value."""

    def __init__(self, report, name):
        self._report, self._name = report, name
        self.errors, self._within = {}, 0

    def pytest_collection_modifyitems(self, items):
        for item in items:
            item.module.assert_golden = self

    def __call__(self, name, value, tolerance):
        self.errors[name] = error = float(max(reference.golden_errors(name, value).values()))
        self._within += error < tolerance
        worst = {}
        for output, one in self.errors.items():
            method = output.split("/")[0]
            worst[method] = max(one, worst.get(method, 0.0))
        self._report.row(
            self._name, **worst, within=f"{self._within} of {len(self.errors)}", errors=self.errors
        )


def golden(report, mode):
    """Report what `tests/matching/test_golden.py` compares."""
    recorder = Recorder(report, f"golden, {mode}")
    with contextlib.ExitStack() as stack:
        for name in ("MiniC3D", "ConvNetD4") if mode == "bfloat16" else ():
            stack.enter_context(patch.object(models, name, _narrow(getattr(models, name))))
        counts = run_tests(["matching/test_golden.py"], plugins=[recorder])
    if counts["failed"]:
        raise RuntimeError(
            f"{counts['failed']} tests of golden values did not end: {', '.join(counts['which'])}"
        )


def _narrow(network):
    def make(*arguments, **options):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            return network(*arguments, **options)
        finally:
            keras.config.set_dtype_policy(before)

    return make


def layer_errors(report, name):
    with keras.device("cpu"), wide():
        expected = derivatives(name, "float64")
    for mode in MODES:
        with report.attempt(f"{name}, {mode}"), arithmetic(mode):
            found = derivatives(name, "mixed_bfloat16" if mode == "bfloat16" else "float32")
            errors = {part: float(reference.relative_error(found[part], expected[part])) for part in expected}
            report.row(f"{name}, {mode}", **errors)


def derivatives(name, policy):
    """Arrays by name: the value, gradient and second derivative of a layer, in a dtype policy."""
    kind, options, shapes = LAYERS[name]
    dtype = "float64" if policy == "float64" else "float32"
    rng = np.random.default_rng(0)
    if kind is not Integrator:
        options = {**options, "data_format": DATA_FORMAT}
    layer = kind(dtype=policy, **options)
    inputs = [rng.standard_normal(shape) for shape in shapes]
    if kind is not Integrator and DATA_FORMAT == "channels_first":
        inputs = [np.moveaxis(x, -1, 1) for x in inputs]
    layer.build(*[x.shape for x in inputs])
    weights = [
        rng.uniform(-1, 1, v.shape) / np.sqrt(max(1, np.prod(v.shape[:-1])))
        for v in layer.trainable_variables
    ]
    values = [ops.convert_to_tensor(a.astype(dtype), dtype) for a in (*inputs, *weights)]
    shares = [
        ops.convert_to_tensor(1 + rng.standard_normal(v.shape).astype(dtype) ** 2, dtype) for v in values
    ]

    def output(values):
        inputs, weights = values[: len(shapes)], values[len(shapes) :]
        with keras.StatelessScope(state_mapping=list(zip(layer.trainable_variables, weights))):
            return ops.cast(layer(*inputs), dtype)

    target = rng.standard_normal(tuple(numpy(output(values)).shape)).astype(dtype)
    target = ops.convert_to_tensor(target, dtype)

    def loss(values):
        return ops.sum(ops.tanh(output(values)) * target)

    def norm(values):
        gradients = value_and_grad(loss)(values)[1]
        return sum(ops.sum(s * ops.square(g)) for s, g in zip(shares, gradients, strict=True))

    def flat(gradients):
        return np.concatenate([numpy(g).ravel().astype("float64") for g in gradients])

    return {
        "value": numpy(jit(output)(values)).ravel(),
        "gradient": flat(jit(value_and_grad(loss))(values)[1]),
        "second": flat(jit(value_and_grad(norm))(values)[1]),
    }


def second_derivative_tests():
    return run_tests(
        ["layers/test_layers.py", "matching/test_matching_gradients.py"], "second or gradient or traject"
    )


class _Counter:
    def __init__(self):
        self.passed, self.failed = [], []

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.append(report.nodeid)


def run_tests(files, words="", plugins=()):
    """Run test files in this process; return how many passed and failed, and which failed."""
    counter = _Counter()
    paths = [str(TESTS / file) for file in files]
    selected = ["-k", words] if words else []
    pytest.main(["-p", "no:cacheprovider", "--tb=short", *selected, *paths], plugins=[counter, *plugins])
    if not counter.passed and not counter.failed:
        raise RuntimeError(f"pytest ran no test of {', '.join(files)}")
    return {"passed": len(counter.passed), "failed": len(counter.failed), "which": counter.failed}
