"""Which lore a text names."""

import pytest

from spark_vtuber.core.personas import Lore
from spark_vtuber.llm.lore import LoreBook

BOOK = LoreBook(
    (
        Lore(("harbour",), "Closed at night.", secondary=("night", "after dark")),
        Lore(("harbour", "dock"), "Made of oak.", priority=2),
        Lore((), "Always so.", is_constant=True),
    )
)


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (("where is the harbour?",), ("Made of oak.",)),
        (("the HARBOUR at night",), ("Made of oak.", "Closed at night.")),
        (("the harbour", "what happens after dark?"), ("Made of oak.", "Closed at night.")),
        (("good night",), ()),
        (("the dock at night",), ("Made of oak.",)),
    ],
)
def test_an_entry_with_secondary_keys_wants_one_of_them_too(texts: tuple[str, ...], named: tuple[str, ...]) -> None:
    assert BOOK.named_in(texts) == named
    assert BOOK.constant == ("Always so.",)
