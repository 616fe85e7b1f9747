"""Words of strangers as JSON strings that cannot pass for anything else in a prompt.

The beginnings of chat-template tokens (`<|im_start|>`, `</s>`, `[INST]` …) are escaped too, because some servers read
such tokens inside a message.
"""

import json
import re
from typing import Final

TEMPLATE_TOKEN: Final = re.compile(r"<(?=[|/!A-Za-z_\uff5c])|\[(?=/?[A-Z_]{2,}\])|[\x7f-\x9f\u2028\u2029]")
"""Where a token of a chat template begins, or something that a server could take for the end of a line."""


def quoted(text: str) -> str:
    """`text` as a JSON string on one line, in which no chat-template token begins."""
    return TEMPLATE_TOKEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
