"""A video transformer that recovers a clip from a few of its frames, as one function for NumPy and for Keras.

TimeSformer with divided space-time attention (Bertasius et al., "Is Space-Time Attention All You Need for Video
Understanding?", ICML 2021), which section 3.3 of "Dancing with Still Images" (CVPR 2024) trains as its parametric
interpolator. Frames are cut into patches, and each patch becomes a token, to which learned embeddings of its position
and of its frame are added. In each block a token attends to the same patch in all frames (temporal attention), then to
all patches of its frame (spatial attention), then goes through an MLP; all three are residual, with layer normalisation
of their input. A last layer turns each token into pixels, which are added to the clip that was given. Unlike the
paper's, it has no class token and no second projection after temporal attention.
"""

import math
from dataclasses import dataclass

import numpy as np

NORM_EPSILON = 1e-6
MOST_BYTES = 2**21
"""The most that weights may take: each data file of a published set has them, and each row in memory once more."""


@dataclass(frozen=True)
class Architecture:
    """Sizes that the weights depend on.

    Attributes:
        stored_frames: int, frames of a clip that are stored, from which the others are made; the weights' values depend
            on it, not their shapes.
        frames, size: int, of the clips that are made: (frames, size, size, 3).
        patch: int, side of a patch in pixels, which divides `size`.
        width: int, size of a token's embedding.
        depth: int, blocks.
        heads: int, attention heads; their number divides `width`.
        mlp_ratio: int, hidden size of an MLP, as a multiple of `width`.
    """

    stored_frames: int
    frames: int
    size: int
    patch: int
    width: int
    depth: int
    heads: int
    mlp_ratio: int

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    @property
    def nbytes(self) -> int:
        """Bytes of all weights, float32."""
        return 4 * self.parameters

    @property
    def patches(self) -> int:
        """Patches of a frame."""
        return (self.size // self.patch) ** 2

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each weight by name, in the order in which they are drawn and published."""
        wide, pixels, hidden = self.width, 3 * self.patch**2, self.mlp_ratio * self.width
        found: dict[str, tuple[int, ...]] = {"space": (self.patches, wide), "time": (self.frames, wide)}

        def dense(name: str, inputs: int, outputs: int) -> None:
            found.update({f"{name}.kernel": (inputs, outputs), f"{name}.bias": (outputs,)})

        def norm(name: str) -> None:
            found.update({f"{name}.scale": (wide,), f"{name}.offset": (wide,)})

        dense("embed", pixels, wide)
        for block in range(self.depth):
            for part, layers in (
                ("time", (("qkv", wide, 3 * wide), ("out", wide, wide))),
                ("space", (("qkv", wide, 3 * wide), ("out", wide, wide))),
                ("mlp", (("in", wide, hidden), ("out", hidden, wide))),
            ):
                norm(f"{block}.{part}.norm")
                for name, inputs, outputs in layers:
                    dense(f"{block}.{part}.{name}", inputs, outputs)
        norm("head.norm")
        dense("head", wide, pixels)
        return found

    def multiplications(self) -> int:
        """Multiplications of a forward pass over one clip, biases and norms left out."""
        tokens, wide = self.frames * self.patches, self.width
        # A token, a block: 4 w^2 for queries, keys, values and output of each attention, 2 r w^2 for the MLP, and
        # 2 w for each token attended to.
        block = wide * wide * (8 + 2 * self.mlp_ratio) + 2 * wide * (self.frames + self.patches)
        return tokens * (self.depth * block + 2 * wide * 3 * self.patch**2)

    def fresh_weights(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw float32 weights by name: Glorot-uniform kernels, embeddings from N(0, 0.02**2), a last layer of zeros.

        With zeros there, nothing is added: a network that is not trained yet returns the clip that it was given.
        """

        def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
            if name in ("space", "time"):
                return 0.02 * rng.standard_normal(shape)
            if name.endswith(".scale"):
                return np.ones(shape)
            if name.endswith(".kernel") and name != "head.kernel":
                bound = math.sqrt(6 / sum(shape))
                return rng.uniform(-bound, bound, shape)
            return np.zeros(shape)

        return {name: draw(name, shape).astype(np.float32) for name, shape in self.shapes().items()}


def recover(weights, clips, about, functions=np):
    """Return clips with all their frames recovered: a forward pass of the network.

    Args:
        weights: dict of arrays or tensors by name, as `Architecture.shapes` says, of the type of `clips`.
        clips: float (n, frames, size, size, 3), normalised.
        about: `Architecture`.
        functions: `numpy`, or `keras.ops` for tensors.

    Returns:
        the clips plus what the network adds to them, of the same shape.
    """
    reshape, transpose = functions.reshape, functions.transpose
    side, patch, wide = about.size // about.patch, about.patch, about.width
    # -1: a compiled fit does not know the number of clips.
    x = reshape(clips, (-1, about.frames * side, patch, side, patch, 3))
    x = reshape(transpose(x, (0, 1, 3, 2, 4, 5)), (-1, about.frames, about.patches, 3 * patch**2))
    x = _dense(x, weights, "embed", functions)
    x = x + weights["space"] + reshape(weights["time"], (about.frames, 1, wide))
    for block in range(about.depth):
        y = functions.swapaxes(_norm(x, weights, f"{block}.time.norm", functions), 1, 2)
        y = _attention(y, weights, f"{block}.time", about, functions)
        x = x + functions.swapaxes(y, 1, 2)
        y = _norm(x, weights, f"{block}.space.norm", functions)
        x = x + _attention(y, weights, f"{block}.space", about, functions)
        y = _dense(_norm(x, weights, f"{block}.mlp.norm", functions), weights, f"{block}.mlp.in", functions)
        x = x + _dense(_gelu(y, functions), weights, f"{block}.mlp.out", functions)
    x = _dense(_norm(x, weights, "head.norm", functions), weights, "head", functions)
    x = transpose(reshape(x, (-1, about.frames * side, side, patch, patch, 3)), (0, 1, 3, 2, 4, 5))
    return clips + reshape(x, (-1, about.frames, about.size, about.size, 3))


def _dense(x, weights, name, functions):
    return functions.matmul(x, weights[f"{name}.kernel"]) + weights[f"{name}.bias"]


def _norm(x, weights, name, functions):
    x = x - functions.mean(x, axis=-1, keepdims=True)
    variance = functions.mean(x * x, axis=-1, keepdims=True)
    return x / functions.sqrt(variance + NORM_EPSILON) * weights[f"{name}.scale"] + weights[f"{name}.offset"]


def _gelu(x, functions):
    # The approximation by tanh: the exact GELU takes erf, which NumPy does not have.
    return 0.5 * x * (1 + functions.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def _attention(x, weights, name, about, functions):
    """Multi-head self-attention among the tokens of each group; x (n, groups, tokens, width)."""
    groups, tokens, each = x.shape[1], x.shape[2], about.width // about.heads
    x = functions.reshape(
        _dense(x, weights, f"{name}.qkv", functions), (-1, groups, tokens, 3, about.heads, each)
    )
    queries, keys, values = (x[:, :, :, part] for part in range(3))
    queries, values = (functions.swapaxes(y, 2, 3) for y in (queries, values))
    scores = functions.matmul(queries, functions.transpose(keys, (0, 1, 3, 4, 2))) / math.sqrt(each)
    shares = functions.exp(scores - functions.max(scores, axis=-1, keepdims=True))
    shares = shares / functions.sum(shares, axis=-1, keepdims=True)
    x = functions.swapaxes(functions.matmul(shares, values), 2, 3)
    x = functions.reshape(x, (-1, groups, tokens, about.width))
    return _dense(x, weights, f"{name}.out", functions)
