"""Arguments of a tool, as a model wrote them, against the tool's schema; what is obviously meant is mended.

Of JSON Schema this knows what tools need: an object with properties that are strings, integers, numbers, booleans or
arrays of these, `required`, `enum`, `minLength`, `maxLength`, `minimum`, `maximum` and `maxItems`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.tools import Tool

LONGEST_TEXT: Final = 4_000
MOST_ITEMS: Final = 50

_TRUTH: Final = {"true": True, "false": False}


class ArgumentsError(SparkError):
    """A call cannot be done as it was written; the message tells the model what to write instead."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bad_arguments")


def arguments_of(tool: Tool, text: str) -> dict[str, Any]:
    """The arguments in `text`, each of its type; keys that the tool does not have are left out.

    Mended are: words around the object, a number or truth value written as a string, another case of an `enum`.

    Raises:
        ArgumentsError: anything else is wrong.
    """
    value = _object_in(text)
    properties: Mapping[str, Any] = tool.parameters.get("properties", {})
    if missing := [name for name in tool.parameters.get("required", ()) if value.get(name) is None]:
        raise ArgumentsError(f"it needs {', '.join(missing)}")
    return {
        name: _fitted(name, schema, value[name]) for name, schema in properties.items() if value.get(name) is not None
    }


def _object_in(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_TEXT:
        raise ArgumentsError(f"the arguments are longer than {LONGEST_TEXT} characters")
    for candidate in (text.strip() or "{}", text[text.find("{") : text.rfind("}") + 1]):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise ArgumentsError("the arguments are no JSON object")


def _fitted(name: str, schema: Mapping[str, Any], value: Any) -> Any:
    match schema.get("type"):
        case "string":
            return _chosen(name, schema, _text(name, schema, value))
        case "integer":
            return _bounded(name, schema, _integer(name, value))
        case "number":
            return _bounded(name, schema, _number(name, value))
        case "boolean":
            truth = _TRUTH.get(value.strip().lower()) if isinstance(value, str) else value
            if not isinstance(truth, bool):
                raise ArgumentsError(f"{name} is true or false")
            return truth
        case "array":
            most = schema.get("maxItems", MOST_ITEMS)
            if not isinstance(value, list) or len(value) > most:
                raise ArgumentsError(f"{name} is a list of {most} at most")
            return [_fitted(name, schema["items"], one) for one in value]
        case other:
            raise ArgumentsError(f"{name} cannot be of the type {other}")


def _text(name: str, schema: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, bool | int | float):
        value = json.dumps(value)
    longest = schema.get("maxLength", LONGEST_TEXT)
    shortest = schema.get("minLength", 0)
    if not isinstance(value, str) or not shortest <= len(value.strip()) <= longest:
        raise ArgumentsError(f"{name} is a text of {shortest} to {longest} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ArgumentsError(f"{name} holds half a character") from None
    return value.strip()


def _chosen(name: str, schema: Mapping[str, Any], value: str) -> str:
    choices = schema.get("enum")
    if choices is None:
        return value
    if value in choices:
        return value
    alike = [one for one in choices if one.casefold() == value.casefold()]
    if len(alike) != 1:
        raise ArgumentsError(f"{name} is one of {', '.join(choices)}")
    return str(alike[0])


def _integer(name: str, value: Any) -> int:
    number = _number(name, value)
    if number != int(number):
        raise ArgumentsError(f"{name} is a whole number")
    return int(number)


def _number(name: str, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentsError(f"{name} is a number")
    return number


def _bounded(name: str, schema: Mapping[str, Any], value: float) -> float:
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if not least <= value <= most:
        raise ArgumentsError(f"{name} is between {least:g} and {most:g}")
    return value
