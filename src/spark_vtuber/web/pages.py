"""The two pages that the server writes itself: no bundle, and no key."""

import base64
import hashlib
from typing import Final

_FRAME: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Spark VTuber</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;background:#15121c;color:#f2eef8;display:grid;place-items:center;"
    "min-height:100vh;margin:0}main{max-width:34rem;padding:2rem}code{background:#2a2436;padding:.1em .4em;"
    "border-radius:4px}label,input,button{display:block;font:inherit;width:100%;box-sizing:border-box;"
    "margin:.5rem 0}input,button{padding:.6rem;border-radius:6px;border:1px solid #6b6080}"
)

_MISSING_BODY: Final = """<h1>The page is not built</h1>
<p>The show runs and its interface under <code>/api</code> answers, but the front end is missing.</p>
<p>Build it with <code>make run</code>, or by installing the package again: <code>pip install -e .</code>,
then start the show again.</p>"""

_LOGIN_BODY: Final = """<h1>Who is there?</h1>
<form>
<label for="token">Token of the desk</label>
<input id="token" type="password" autocomplete="current-password" required autofocus>
<button>Open</button>
<p id="answer" role="alert"></p>
</form>
<script>{script}</script>"""

_LOGIN_SCRIPT: Final = """
document.forms[0].addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = document.getElementById("token").value;
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/api/login", { method: "POST", headers, body: JSON.stringify({ token }) });
  if (answer.ok) location.reload();
  else document.getElementById("answer").textContent = (await answer.json()).error.message;
});
"""

MISSING: Final = _FRAME.format(style=_STYLE, body=_MISSING_BODY).encode()
"""Shown for the front end where it was never built."""

LOGIN: Final = _FRAME.format(style=_STYLE, body=_LOGIN_BODY.format(script=_LOGIN_SCRIPT)).encode()
"""Shown to a person who has no key."""


def source_hash(text: str) -> str:
    """The source expression that lets an inline script or style with this text pass (CSP level 3, 2.3.1)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def content_policy(*, scripts: tuple[str, ...] = (), styles: tuple[str, ...] = ()) -> str:
    """The `Content-Security-Policy` of a page of ours: nothing from elsewhere, inline only `scripts` and `styles`.

    Style attributes are allowed: the front end's page frame and its animated styles are attributes, and they
    cannot load or run anything.
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *map(source_hash, scripts))),
            " ".join(("style-src 'self'", *map(source_hash, styles))),
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


OWN_POLICY: Final = content_policy(scripts=(_LOGIN_SCRIPT,), styles=(_STYLE,))
"""The policy of both pages."""
