"""How a character looks: a puppet of ours by name, or a model that somebody put into the data directory."""

import re
from typing import Final

MODELS: Final = "models"
"""The folder of the data directory that holds models."""

VRM: Final = "vrm:"
"""How a look begins that names a model: `vrm:NAME` is the file `NAME.vrm`."""

LONGEST_LOOK: Final = 100

_NAME: Final = re.compile(r"[^\W_](?:[\w .-]{0,62}[\w-])?")


def is_model_name(name: str) -> bool:
    """Whether a file of models may be called so: letters, digits, space, dot, dash and underscore, no path."""
    return _NAME.fullmatch(name) is not None


def model_in(look: str) -> str | None:
    """The name of the model that a look means; None where it is a puppet."""
    return look.removeprefix(VRM) if look.startswith(VRM) else None


def checked_look(look: str) -> str:
    """The look itself. Raises `ValueError` where it names a model in a way that no file can be called."""
    name = model_in(look)
    if name is not None and not is_model_name(name):
        raise ValueError('a model is named by letters, digits, space, dot, dash and underscore, as "vrm:NAME"')
    if len(look) > LONGEST_LOOK:
        raise ValueError(f"a look has {LONGEST_LOOK} characters at most")
    return look
