"""How many frames OBS lost lately. Does no I/O."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from spark_vtuber.core.obs import ObsStats

WINDOW_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Count:
    """Frames since a start: how many there should be, and how many were lost."""

    lost: int
    total: int


class FrameMeter:
    """Shares of lost frames within the last minute.

    OBS counts from its start, and its stream from the stream's start, so that an average of hours would hide what goes
    wrong now.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, tuple[_Count, ...]]] = deque()

    def read(self, now_s: float, stats: Mapping[str, Any], stream: Mapping[str, Any]) -> ObsStats:
        """Take the answers of GetStats and GetStreamStatus."""
        counts = (
            _count(stats, "renderSkippedFrames", "renderTotalFrames"),
            _count(stats, "outputSkippedFrames", "outputTotalFrames"),
            _count(stream, "outputSkippedFrames", "outputTotalFrames"),
        )
        if self._samples and any(
            new.total < old.total or new.lost < old.lost for new, old in zip(counts, self._samples[-1][1], strict=True)
        ):
            self._samples.clear()
        self._samples.append((now_s, counts))
        while len(self._samples) > 2 and self._samples[1][0] <= now_s - WINDOW_S:
            self._samples.popleft()
        oldest = self._samples[0][1]
        return ObsStats(
            fps=round(_number(stats, "activeFps"), 2),
            dropped_frames=sum(count.lost for count in counts),
            dropped_percent=round(max(map(_share, counts, oldest)), 2),
            render_lag_ms=round(_number(stats, "averageFrameRenderTime"), 2),
            cpu_percent=round(_number(stats, "cpuUsage"), 1),
            memory_mb=round(_number(stats, "memoryUsage"), 1),
        )


def _share(new: _Count, old: _Count) -> float:
    frames = new.total - old.total
    return min(100.0, 100.0 * (new.lost - old.lost) / frames) if frames > 0 else 0.0


def _count(data: Mapping[str, Any], lost: str, total: str) -> _Count:
    return _Count(int(_number(data, lost)), int(_number(data, total)))


def _number(data: Mapping[str, Any], name: str) -> float:
    """A number of an answer; 0 where it is missing, no number, or not finite."""
    value = data.get(name)
    is_number = isinstance(value, int | float) and abs(value) < 1e15
    return float(value) if is_number and value is not None else 0.0
