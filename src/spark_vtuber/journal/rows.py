"""From notes to rows: which table tells of what, and what is counted."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite
from typing import Any, Final

from spark_vtuber.core.ids import SessionId
from spark_vtuber.core.turns import Mark, TurnRecord
from spark_vtuber.journal.notes import ActNote, EventNote, Note, TurnNote, as_json, masked, whole

HOUR_MS: Final = 3_600_000

UNKEPT: Final = frozenset({"turn.ended", "turn.held", "heard", "log", "machine", "gap"})
"""Events that are kept elsewhere or tell of a moment only: a turn is kept as its record, a held answer was not said."""

URGENT: Final = frozenset({"panic", "resume"})
"""Events that are written at once."""

_LINE: Final = """INSERT INTO lines (session, at, line, source, kind, author, text, amount, currency, state, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)
    ON CONFLICT (session, source, line) DO UPDATE
        SET state = 'waiting', text = excluded.text, reason = excluded.reason"""
_LINE_IS_CHOSEN: Final = "UPDATE lines SET state = 'chosen', turn = ? WHERE session = ? AND line = ?"
_LINE_IS_DROPPED: Final = "UPDATE lines SET state = 'dropped', reason = ? WHERE session = ? AND source = ? AND line = ?"
_LINE_IS_ANSWERED: Final = """UPDATE lines SET state = 'answered', turn = ?
    WHERE session = ? AND source = ? AND line = ?"""
_LINE_IS_TAKEN_BACK: Final = "UPDATE lines SET text = '' WHERE session = ? AND source = ? AND line = ?"
_ERASED_LINES: Final = """UPDATE lines SET text = ''
    WHERE session = ? AND line IN (SELECT value FROM json_each(?))"""
_ERASED_TURNS: Final = """UPDATE turns SET text = ''
    WHERE session = ? AND line IN (SELECT value FROM json_each(?))"""
_ERASED_RATINGS: Final = """DELETE FROM ratings WHERE session = ?1 AND turn IN
    (SELECT turn FROM turns WHERE session = ?1 AND line IN (SELECT value FROM json_each(?2)))"""
_ERASED_BEFORE: Final = """UPDATE turns SET text = '' WHERE session = ? AND turn = ?
    AND (SELECT text FROM lines WHERE session = ? AND source = ? AND line = ?) = ''"""
_CUE: Final = """INSERT INTO cues (session, at, line, turn, persona, among, scores, reasons)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_VERDICT: Final = """INSERT INTO verdicts (session, at, direction, subject, decision, rule, reason, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_RULING: Final = """INSERT INTO rulings (n, session, at, direction, position, decision, category, rule, reason, score,
    digest, length, spans, language, source, viewer, turn)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_RATING: Final = """INSERT INTO ratings (session, turn, at, persona, author, asked, said, thumb, better)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, turn) DO UPDATE
        SET at = excluded.at, thumb = excluded.thumb, better = excluded.better"""
_RATING_IS_TAKEN_BACK: Final = "DELETE FROM ratings WHERE session = ? AND turn = ?"
_HEALTH: Final = """INSERT INTO health (session, at, component, kind, state, detail, fix)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_EVENT: Final = "INSERT INTO events (session, at, kind, turn, data) VALUES (?, ?, ?, ?, ?)"
_TURN: Final = """INSERT INTO turns (session, turn, at, ended, persona, cue, cue_kind, source, line, author, text, said,
    heard, outcome, reason, error, engine, is_degraded, is_estimated, blocked)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_THIS_TURN: Final = "SELECT n FROM turns WHERE session = ? AND turn = ?"
_MARK: Final = f"INSERT OR REPLACE INTO marks (n, mark, ms) VALUES (({_THIS_TURN}), ?, ?)"
_FIGURE: Final = f"INSERT OR REPLACE INTO figures (n, name, value) VALUES (({_THIS_TURN}), ?, ?)"
_ACT: Final = "INSERT INTO audit (session, at, actor, act, target, old, new) VALUES (?, ?, ?, ?, ?, ?, ?)"
_COUNT: Final = """INSERT INTO counts (session, hour, name, count) VALUES (?, ?, ?, ?)
    ON CONFLICT (session, hour, name) DO UPDATE SET count = count + excluded.count"""

_VALUES: Final = frozenset({"value", "old", "new"})
"""Fields of an event that hold the value of its `key`."""

_RETRACTED: Final = frozenset({"deleted", "banned", "doubtful"})


@dataclass(frozen=True, slots=True)
class Row:
    """One statement and its values."""

    statement: str
    values: tuple[Any, ...]


def digest(session: SessionId, text: str) -> str:
    """What is kept of a text that was blocked: enough to see that it came again in the same show, not what it was."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=12, key=session.encode()).hexdigest()


def rows(session: SessionId, note: Note) -> list[Row]:
    """The statements that keep a note. Raises `ValueError` or `KeyError` for an event that is not as announced."""
    match note:
        case TurnNote():
            return _turn_rows(session, note)
        case EventNote():
            at_ms, kind, turn, data = json.loads(note.text)
            make = _TABLES.get(kind, _event_rows)
            return make(session, _Event(int(at_ms), str(kind), turn, data))
        case ActNote():
            old, new = (as_json(masked(value, note.target)) for value in (note.old, note.new))
            values = (session, note.at_ms, *map(_text, (note.actor, note.act, note.target, old, new)))
            return [Row(_ACT, values), _count(session, note.at_ms, "acts")]


@dataclass(frozen=True, slots=True)
class _Event:
    at_ms: int
    kind: str
    turn: str | None
    data: Mapping[str, Any]

    def text(self, name: str) -> str:
        return _text(self.data.get(name) or "")


def _line_rows(session: SessionId, event: _Event) -> list[Row]:
    words = [event.text(name) for name in ("id", "source", "kind", "author", "text")]
    amount = float(event.data.get("amount") or 0.0)
    values = (session, event.at_ms, *words, amount, event.text("currency"), event.text("mended"))
    source = event.text("source")
    return [
        Row(_LINE, values),
        _count(session, event.at_ms, "lines"),
        _count(session, event.at_ms, f"lines.{source}"),
        *([_verdict(session, event, "in", event.text("id"), "rewrite")] if event.data.get("mended") else []),
    ]


def _chosen_rows(session: SessionId, event: _Event) -> list[Row]:
    line = event.text("id")
    among = event.data.get("among")
    cue = (
        session,
        event.at_ms,
        line,
        event.turn,
        event.text("persona"),
        among if isinstance(among, int) else 0,
        _text(as_json(event.data.get("scores") or {})),
        _text(as_json(event.data.get("reasons") or [])),
    )
    return [Row(_CUE, cue), Row(_LINE_IS_CHOSEN, (event.turn, session, line))]


def _dropped_rows(session: SessionId, event: _Event) -> list[Row]:
    reason, where = event.text("reason"), (session, event.text("source"), event.text("id"))
    kept = [Row(_LINE_IS_DROPPED, (reason, *where)), _count(session, event.at_ms, f"dropped.{reason}")]
    if reason in _RETRACTED:
        kept.append(Row(_LINE_IS_TAKEN_BACK, where))
    return kept


def _erased_rows(session: SessionId, event: _Event) -> list[Row]:
    ids = _text(json.dumps([str(line) for line in event.data["ids"]]))
    return [Row(statement, (session, ids)) for statement in (_ERASED_LINES, _ERASED_TURNS, _ERASED_RATINGS)]


def _blocked_line_rows(session: SessionId, event: _Event) -> list[Row]:
    return [
        _verdict(session, event, "in", event.text("id"), "block"),
        _count(session, event.at_ms, "blocked"),
        _count(session, event.at_ms, "dropped.blocked"),
    ]


def _blocked_clause_rows(session: SessionId, event: _Event) -> list[Row]:
    return [
        _verdict(session, event, "out", event.turn or "", "block"),
        _count(session, event.at_ms, "clauses_blocked"),
    ]


def _ruling_rows(session: SessionId, event: _Event) -> list[Row]:
    told = event.data
    where = [event.text(name) for name in ("direction", "position", "decision", "category", "rule", "reason")]
    who = [event.text(name) for name in ("language", "source", "viewer")]
    spans = json.dumps([[int(start), int(end)] for start, end in told["spans"]])
    what = (float(told["score"]), event.text("digest"), int(told["length"]), spans)
    return [Row(_RULING, (int(told["id"]), session, event.at_ms, *where, *what, *who, event.turn or ""))]


def _rating_rows(session: SessionId, event: _Event) -> list[Row]:
    thumb, better = event.text("thumb"), event.text("better")
    if not thumb and not better:
        return [Row(_RATING_IS_TAKEN_BACK, (session, event.turn))]
    about = [event.text(name) for name in ("persona", "author", "asked", "said")]
    return [Row(_RATING, (session, event.turn, event.at_ms, *about, thumb, better))]


def _health_rows(session: SessionId, event: _Event) -> list[Row]:
    component = event.data["component"]
    told = [_text(component.get(name) or "") for name in ("name", "kind", "state", "detail", "fix")]
    kept = [Row(_HEALTH, (session, event.at_ms, *told))]
    if told[2] in {"failed", "degraded"}:
        kept.append(_count(session, event.at_ms, f"health.{told[2]}"))
    return kept


def _event_rows(session: SessionId, event: _Event) -> list[Row]:
    if event.kind in UNKEPT:
        return []
    key = event.text("key")
    data = {name: masked(value, key if name in _VALUES else name) for name, value in event.data.items()}
    return [
        Row(_EVENT, (session, event.at_ms, _text(event.kind), event.turn, _text(as_json(data)))),
        _count(session, event.at_ms, event.kind),
    ]


_TABLES: Final[Mapping[str, Callable[[SessionId, _Event], list[Row]]]] = {
    "chat.received": _line_rows,
    "chat.chosen": _chosen_rows,
    "chat.dropped": _dropped_rows,
    "chat.blocked": _blocked_line_rows,
    "chat.erased": _erased_rows,
    "clause.blocked": _blocked_clause_rows,
    "guard": _ruling_rows,
    "health": _health_rows,
    "turn.rated": _rating_rows,
    "turn.started": lambda _session, _event: [],
}


def _turn_rows(session: SessionId, note: TurnNote) -> list[Row]:
    record = note.record
    cue, event = record.cue, record.cue.event
    marks = _marks_ms(record)
    first_s = min(record.marks.values(), default=note.now_s)
    at_ms = note.at_ms - round((note.now_s - first_s) * 1000)
    texts = (cue.author, cue.text, record.said, record.heard)
    ends = (record.outcome.value, record.reason, record.error, record.engine)
    values = (
        session,
        record.id,
        at_ms,
        note.at_ms,
        _text(record.persona),
        _text(cue.id),
        cue.kind.value,
        _text(event.source) if event else None,
        _text(event.id) if event else None,
        *map(_text, texts),
        *map(_text, ends),
        record.is_degraded,
        record.is_estimated,
        len(record.blocked),
    )
    figures = {**record.durations_ms, **record.counts}
    kept = [Row(_TURN, values)]
    kept += [Row(_MARK, (session, record.id, name, ms)) for name, ms in marks.items()]
    kept += [
        Row(_FIGURE, (session, record.id, _text(name), float(value)))
        for name, value in figures.items()
        if isfinite(value)
    ]
    if event is not None:
        where = (session, _text(event.source), _text(event.id))
        kept.append(Row(_ERASED_BEFORE, (session, record.id, *where)))
        kept.append(Row(_LINE_IS_ANSWERED, (record.id, *where)))
    kept.append(_count(session, note.at_ms, "turns"))
    kept.append(_count(session, note.at_ms, f"turns.{record.outcome.value}"))
    if record.is_degraded:
        kept.append(_count(session, note.at_ms, "turns.degraded"))
    return kept


def _marks_ms(record: TurnRecord) -> dict[str, float]:
    """The marks in their order, in milliseconds since the first of them."""
    present = [(mark, record.marks[mark]) for mark in Mark if mark in record.marks]
    return {mark.value: round((at_s - present[0][1]) * 1000, 3) for mark, at_s in present}


def _verdict(session: SessionId, event: _Event, direction: str, subject: str, decision: str) -> Row:
    reason = event.text("mended") or event.text("reason")
    values = (session, event.at_ms, direction, subject, decision, event.text("rule"), reason, event.text("digest"))
    return Row(_VERDICT, values)


def _count(session: SessionId, at_ms: int, name: str) -> Row:
    return Row(_COUNT, (session, at_ms // HOUR_MS * HOUR_MS, _text(name), 1))


def _text(value: object) -> str:
    return whole(str(value))
