"""What the wizard saved: for every model, which hotkey or expression stands for which feeling."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from spark_vtuber.avatar.vts_answers import LONGEST
from spark_vtuber.avatar.vts_tokens import FOLDER, replace_file
from spark_vtuber.core.personas import EXPRESSIONS

MOST: Final = 200
"""Models that are remembered; the one that was mapped longest ago is forgotten first."""


class SavedFaces:
    """Mappings by model id, in one file of the data directory. A file that cannot be read is as none."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / FOLDER / "faces.json"

    @property
    def file(self) -> Path:
        """Where they are."""
        return self._file

    def of(self, model: str) -> dict[str, str]:
        """The mapping of a model: feeling to a hotkey's id or an expression's file, "-" for none."""
        found = self._all().get(model, {})
        return found if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()) else {}

    def save(self, model: str, mapping: Mapping[str, str]) -> None:
        """Keep the mapping of a model.

        Raises:
            OSError: the file cannot be written.
        """
        everything = self._all()
        everything.pop(model, None)
        known = {feeling: wish[:LONGEST] for feeling, wish in mapping.items() if feeling in EXPRESSIONS}
        newest = dict([*everything.items(), (model, known)][-MOST:])
        replace_file(self._file, json.dumps(newest, indent=1, ensure_ascii=False))

    def _all(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
