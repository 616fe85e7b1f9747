"""Texts as the routes take them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from spark_vtuber.text.clean import whole

Text = Annotated[str, AfterValidator(whole)]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
