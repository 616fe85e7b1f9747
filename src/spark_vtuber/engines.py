"""Engines by name: built-in ones come in by the same door as plugins, the entry points."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.errors import SparkError

MEASURING = "spark_vtuber.testing."
"""Where the engines live that benchmarks use and nobody else should."""

API = 1
"""The version of `EngineSpec` this show understands."""


def names(port: str) -> tuple[str, ...]:
    """The names that `use =` may say for a port ("llm", "tts" …), sorted; engines for measuring are left out."""
    return tuple(sorted(name for name, point in _found(port).items() if not point.value.startswith(MEASURING)))


def spec(port: str, name: str) -> EngineSpec:
    """The engine `name` of a port.

    Raises:
        SparkError: no such engine (`unknown_engine`), or what stands behind the name is no engine of this
            version (`bad_engine`).
    """
    found = _found(port).get(name)
    if found is None:
        known = ", ".join(names(port)) or "none"
        raise SparkError(
            f'there is no {port} engine called "{name}"', code="unknown_engine", fix=f"installed are: {known}"
        )
    try:
        engine = found.load()
    except Exception as error:
        raise SparkError(
            f'the {port} engine "{name}" cannot be loaded: {error}',
            code="bad_engine",
            fix=f"update or remove the package that provides {found.value}",
        ) from error
    if not isinstance(engine, EngineSpec) or engine.api != API:
        raise SparkError(
            f'the {port} engine "{name}" was made for another version of Spark VTuber',
            code="bad_engine",
            fix=f"update the package that provides {found.value}",
        )
    return engine


@cache
def _found(port: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"spark_vtuber.{port}")}
