"""A model that a server may be given: its shape, how it is stored, and how large it is."""

from dataclasses import dataclass
from pathlib import Path

from spark_vtuber.serving.quantisation import Quantisation
from spark_vtuber.serving.shape import Shape


@dataclass(frozen=True, slots=True)
class Model:
    """A model. `measured_bytes` is the size of its weights as its files say, None for one that is not on the disk."""

    name: str
    shape: Shape
    quantisation: Quantisation
    measured_bytes: int | None = None
    path: Path | None = None

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weights."""
        return self.measured_bytes or self._computed_bytes

    @property
    def active_bytes(self) -> float:
        """Bytes of weights that are read for one token: the layers with the experts that are asked, and the output."""
        shape = self.shape
        computed = self._bytes(shape.active_block_parameters, shape.embedding_parameters)
        return computed * self.weight_bytes / self._computed_bytes

    @property
    def _computed_bytes(self) -> int:
        shape = self.shape
        return round(self._bytes(shape.block_parameters, shape.parameters - shape.block_parameters))

    def _bytes(self, block_parameters: int, outer_parameters: int) -> float:
        """Bytes of weights of the layers, whose attention is always read whole, and of embedding and output."""
        stored, attention = self.quantisation, self.shape.layers * self.shape.attention_parameters
        bits = attention * stored.attention_bits + (block_parameters - attention) * stored.bits
        return (bits + outer_parameters * stored.outer_bits) / 8
