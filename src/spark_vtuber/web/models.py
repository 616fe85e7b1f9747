"""Models that lie in the data directory, as the stage gets them: looked at when they are asked for, read in a thread.

Whoever can drop a file there is not believed: it must be named well, lie in that folder itself and not where a link
leads, be no larger than a model, and begin like one.
"""

import os
import stat
from dataclasses import dataclass
from os import stat_result
from pathlib import Path
from typing import Final

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.looks import is_model_name
from spark_vtuber.stage.vrm_file import HEAD_BYTES, VrmError, VrmMeta, json_size, read_meta
from spark_vtuber.web.problems import problem

MAX_BYTES: Final = 200 * 1024 * 1024
SUFFIX: Final = ".vrm"
GLB: Final = "model/gltf-binary"

MISSING: Final = "model_missing"
TOO_LARGE: Final = "model_too_large"

_STATUS: Final = {MISSING: 404, TOO_LARGE: 413}


@dataclass(frozen=True, slots=True)
class Model:
    """A file that may be shown; its description has `json_bytes`."""

    path: Path
    stat: stat_result
    json_bytes: int


def find(folder: Path, name: str) -> Model:
    """The model `name` of a folder, by its first bytes. Blocks on the disk.

    Raises:
        SparkError: `model_missing` (also for what no file may be called, and for links that lead elsewhere),
            `model_too_large` or `model_broken`.
    """
    if not is_model_name(name):
        raise SparkError("no model can be called so", code=MISSING, fix="use letters, digits, dots and dashes")
    path = folder / f"{name}{SUFFIX}"
    try:
        # Of the two, only this one raises an `OSError` for links that run in a circle on every Python.
        real = Path(os.path.realpath(path, strict=True))
        status = real.stat()
        if real.parent != folder.resolve() or not stat.S_ISREG(status.st_mode):
            raise SparkError(
                f"{path.name} is no file of its folder", code=MISSING, fix=f"put the file itself at {path}"
            )
        if status.st_size > MAX_BYTES:
            text = f"{path.name} is larger than {MAX_BYTES // 1024 // 1024} MB"
            raise SparkError(text, code=TOO_LARGE, fix="export it with smaller textures")
        with real.open("rb") as file:
            return Model(real, status, json_size(file.read(HEAD_BYTES)))
    except OSError as error:
        raise SparkError(f"there is no {path.name}", code=MISSING, fix=f"put it into {folder}") from error


def meta(model: Model) -> VrmMeta:
    """What a model says of itself. Blocks on the disk, and on a long description. Raises `VrmError`."""
    try:
        with model.path.open("rb") as file:
            file.seek(HEAD_BYTES)
            return read_meta(file.read(model.json_bytes))
    except OSError as error:
        raise VrmError("the file cannot be read") from error


def router(folder: Path) -> APIRouter:
    """`GET /stage/models/NAME.vrm`, whole or in part."""
    routes = APIRouter()

    @routes.get("/stage/models/{file}")
    @routes.head("/stage/models/{file}", include_in_schema=False)
    async def model(request: Request, file: str) -> Response:
        name = file.removesuffix(SUFFIX) if file.endswith(SUFFIX) else ""
        try:
            found = await anyio.to_thread.run_sync(find, folder, name, abandon_on_cancel=True)
        except SparkError as error:
            # The page is told what is wrong; where the folder lies is for the streamer.
            return problem(_STATUS.get(error.code, 422), error.code, error.message, "see spark-vtuber doctor")
        etag = f'"{found.stat.st_mtime_ns:x}-{found.stat.st_size:x}"'
        headers = {"etag": etag, "cache-control": "private, no-cache"}
        if etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return FileResponse(found.path, headers=headers, media_type=GLB, stat_result=found.stat)

    return routes
