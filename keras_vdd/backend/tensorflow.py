"""TensorFlow: nested gradient tapes; no XLA, which costs time and memory on these convolutions."""

import tensorflow as tf

DATA_FORMAT = "channels_last"
JIT_COMPILE = False
WIDEST_FLOAT = "float64"
FAULTY_ON_CPU = ()


def jit(fn):
    # A trace for each shape: generalised to unknown sizes, a trace could not count classes.
    return tf.function(fn)


def value_and_grad(fn, has_aux=False):
    def wrapped(inputs, *args):
        inputs = tf.nest.map_structure(lambda x: tf.identity(tf.convert_to_tensor(x)), inputs)
        leaves = tf.nest.flatten(inputs)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            out = fn(inputs, *args)
            value = out[0] if has_aux else out
        grads = tape.gradient(value, leaves)
        if any(g is None for g in grads):
            raise ValueError("value_and_grad: the value does not depend on every input")
        return out, tf.nest.pack_sequence_as(inputs, grads)

    return wrapped


def scan(step, state, xs):
    # Written out: so few steps are traced in seconds, and a graph without a loop has second derivatives in any mode.
    outputs = []
    for x in tf.unstack(xs):
        state, output = step(state, x)
        outputs.append(output)
    return tf.stack(outputs)


def convolution(x, kernel, bias, strides, padding, data_format):
    if data_format != "channels_last":
        raise ValueError("TensorFlow computes these convolutions with channels last only")
    if any(padding):
        x = tf.pad(x, [(0, 0), *((p, p) for p in padding), (0, 0)])
    conv = tf.nn.conv2d if len(strides) == 2 else tf.nn.conv3d
    return conv(x, kernel, strides=[1, *strides, 1], padding="VALID") + bias


def native_layout(weights):
    return list(weights)


def second_order_copies():
    return 1.4
