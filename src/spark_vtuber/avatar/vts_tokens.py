"""The tokens that VTube Studio gave us: one file a place, readable by its owner only."""

import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "vtube-studio"
LONGEST: Final = 64
"""Characters of a token, as the API says."""


class TokenStore:
    """Tokens by place (`host:port`) in a folder of the data directory.

    Small files, written when somebody pressed Allow: no thread is worth it. A file that cannot be read is as none.
    `found` is told every token, so that it can be kept out of what is shown.
    """

    def __init__(self, data_dir: Path, found: Callable[[str], object] = lambda _: None) -> None:
        self._folder = data_dir / FOLDER
        self._found = found

    def read(self, place: str) -> str:
        """The token for a place; empty where there is none."""
        try:
            content: Any = json.loads(self._file(place).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        token = content.get("token") if isinstance(content, dict) else None
        if not isinstance(token, str) or not 0 < len(token) <= LONGEST or not token.isascii():
            return ""
        self._found(token)
        return token

    def write(self, place: str, token: str) -> None:
        """Keep a token, in one step: who reads meets the old file or the new one.

        Raises:
            OSError: the folder cannot be written.
        """
        self._found(token)
        replace_file(self._file(place), json.dumps({"place": place, "token": token}))

    def _file(self, place: str) -> Path:
        return self._folder / f"token-{re.sub(r'[^A-Za-z0-9.-]', '_', place)}.json"


def replace_file(path: Path, text: str) -> None:
    """Write a private file (0600 where modes exist) in one step.

    Raises:
        OSError: it cannot be written; then the old one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
