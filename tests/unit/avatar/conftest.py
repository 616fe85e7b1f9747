from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from spark_vtuber.testing.avatars import AvatarRig, avatar_rig


@pytest.fixture
def on_stage(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[AvatarRig]]:
    """An avatar on a fake stage before a fake VTube Studio, all on the virtual clock."""

    @asynccontextmanager
    async def open_rig(**options: Any) -> AsyncIterator[AvatarRig]:
        async with avatar_rig(tmp_path, **options) as rig:
            yield rig

    return open_rig
