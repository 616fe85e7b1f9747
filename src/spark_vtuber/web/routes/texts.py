"""Texts as the routes take them."""

from typing import Annotated

from pydantic import AfterValidator, Field


def _whole(text: str) -> str:
    """JSON can escape half of a surrogate pair; such a text can be neither spoken nor written anywhere."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    return text


Text = Annotated[str, AfterValidator(_whole)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
