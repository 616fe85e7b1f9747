"""The shape of a language model: how many weights it has, reads for a token, and keeps of each token in its cache."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts: of `count` feed-forward blocks, each `width` wide, `active` are asked for a token."""

    count: int
    active: int
    width: int


@dataclass(frozen=True, slots=True)
class Window:
    """Layers that look back only so many tokens; the other layers look back to the beginning."""

    tokens: int
    layers: int


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder as published in its configuration, in elements.

    `ffn` is the width of the feed-forward block of a layer without experts. `is_tied`: the embedding is also the
    output layer. `max_context` is the longest context the model was made for, 0 where nobody said.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocabulary: int
    is_tied: bool = False
    max_context: int = 0
    experts: Experts | None = None
    window: Window | None = None

    @property
    def embedding_parameters(self) -> int:
        """Weights of the table that turns tokens into vectors."""
        return self.vocabulary * self.hidden

    @property
    def attention_parameters(self) -> int:
        """Weights of the four projections of one layer."""
        queries = self.heads * self.head_dim
        keys = self.kv_heads * self.head_dim
        return self.hidden * (2 * queries + 2 * keys)

    @property
    def block_parameters(self) -> int:
        """Weights of the layers, without norms and biases (together below 0.1 %)."""
        return self.layers * (self.attention_parameters + self._ffn_parameters(is_active=False))

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.block_parameters + self.embedding_parameters * (1 if self.is_tied else 2)

    @property
    def active_block_parameters(self) -> int:
        """Weights of the layers that are read for one token."""
        return self.layers * (self.attention_parameters + self._ffn_parameters(is_active=True))

    @property
    def active_parameters(self) -> int:
        """Weights that are read for one token: the layers and the output, of the embedding a single row."""
        return self.active_block_parameters + self.embedding_parameters

    def kv_bytes_per_token(self, bits: float = 16.0) -> int:
        """Bytes that one token takes in the cache of keys and values while every layer keeps it."""
        return ceil(2 * self.layers * self.kv_heads * self.head_dim * bits / 8)

    def kv_bytes(self, tokens: int, bits: float = 16.0) -> int:
        """Bytes of the cache of one sequence of `tokens`; layers with a window keep no more than that."""
        per_layer = 2 * self.kv_heads * self.head_dim * bits / 8
        windowed = self.window.layers if self.window else 0
        kept = min(tokens, self.window.tokens) if self.window else 0
        return ceil(per_layer * ((self.layers - windowed) * tokens + windowed * kept))

    def adapter_bytes(self, rank: int, bits: float = 16.0) -> int:
        """Bytes of a LoRA adapter of that rank on all seven projections of every layer.

        An adapter adds A (rank by inputs) and B (outputs by rank) to a projection (Hu et al. 2021, "LoRA"). Experts
        are left alone, as the servers do.
        """
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        sides = 2 * (self.hidden + queries) + 2 * (self.hidden + keys)
        if self.experts is None:
            sides += 3 * (self.hidden + self.ffn)
        return ceil(self.layers * rank * sides * bits / 8)

    def _ffn_parameters(self, *, is_active: bool) -> int:
        """Weights of the gated feed-forward part of one layer: three matrices a block, and the router."""
        if self.experts is None:
            return 3 * self.hidden * self.ffn
        blocks = self.experts.active if is_active else self.experts.count
        return blocks * 3 * self.hidden * self.experts.width + self.hidden * self.experts.count
