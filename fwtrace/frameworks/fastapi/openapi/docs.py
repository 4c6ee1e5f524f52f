"""The pages /docs and /redoc: HTML that has a script show the description."""

from __future__ import annotations

import json
from typing import Any

from fwtrace.frameworks.fastapi.encoders import jsonable_encoder
from fwtrace.toolkit.asgi.responses import HTMLResponse

__all__ = [
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "swagger_ui_default_parameters",
]

swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}

_CDN = "https://cdn.jsdelivr.net/npm"
_FAVICON = "https://fastapi.tiangolo.com/img/favicon.png"
_FONTS = (
    "https://fonts.googleapis.com/css?family=Montserrat:300,400,700|Roboto:300,400,700"
)


def _page(title: str, head: str, body: str) -> HTMLResponse:
    return HTMLResponse(f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body>
{body}
</body>
</html>
""")


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it is written into."""
    text = json.dumps(jsonable_encoder(value))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = f"{_CDN}/swagger-ui-dist@5/swagger-ui-bundle.js",
    swagger_css_url: str = f"{_CDN}/swagger-ui-dist@5/swagger-ui.css",
    swagger_favicon_url: str = _FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """The page where a reader tries out the API.

    ``swagger_ui_parameters`` are options of Swagger UI, added to the default ones;
    ``init_oauth`` are those of its method ``initOAuth``.
    """
    options = swagger_ui_default_parameters | (swagger_ui_parameters or {})
    lines = [f"url: '{openapi_url}',"]
    lines += [
        f"{_script_json(name)}: {_script_json(value)},"
        for name, value in options.items()
    ]
    if oauth2_redirect_url:
        lines.append(
            f"oauth2RedirectUrl: window.location.origin + '{oauth2_redirect_url}',"
        )
    settings = "\n    ".join(lines)
    init = f"ui.initOAuth({_script_json(init_oauth)})" if init_oauth else ""
    head = f"""<link rel="stylesheet" href="{swagger_css_url}">
<link rel="shortcut icon" href="{swagger_favicon_url}">"""
    body = f"""<div id="swagger-ui"></div>
<script src="{swagger_js_url}"></script>
<script>
const presets = SwaggerUIBundle.presets
const ui = SwaggerUIBundle({{
    {settings}
    presets: [presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
}})
{init}
</script>"""
    return _page(title, head, body)


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = f"{_CDN}/redoc@2/bundles/redoc.standalone.js",
    redoc_favicon_url: str = _FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """The page where a reader reads about the API."""
    fonts = f'<link rel="stylesheet" href="{_FONTS}">' if with_google_fonts else ""
    head = f"""{fonts}
<link rel="shortcut icon" href="{redoc_favicon_url}">
<style>body {{ margin: 0; padding: 0; }}</style>"""
    body = f"""<noscript>This page needs JavaScript to show the API.</noscript>
<redoc spec-url="{openapi_url}"></redoc>
<script src="{redoc_js_url}"></script>"""
    return _page(title, head, body)


# Swagger UI opens it in a window of its own, where the provider sends the user back.
# What it calls and sets on ``opener.swaggerUIRedirectOauth2`` is Swagger UI's contract.
_REDIRECT = """<script>
"use strict"
function finish() {
  const oauth2 = window.opener.swaggerUIRedirectOauth2
  const inHash = /code|token|error/.test(window.location.hash)
  const sent = (inHash ? window.location.hash : window.location.search).substring(1)
  const answer = Object.fromEntries(new URLSearchParams(sent.replace(/^[?]/, "")))
  const isValid = answer.state === oauth2.state
  const redirectUrl = oauth2.redirectUrl
  const flows = ["accessCode", "authorizationCode", "authorization_code"]
  const report = (level, message) =>
    oauth2.errCb({ authId: oauth2.auth.name, source: "auth", level, message })

  if (oauth2.auth.code || !flows.includes(oauth2.auth.schema.get("flow"))) {
    oauth2.callback({ auth: oauth2.auth, token: answer, isValid, redirectUrl })
  } else {
    if (!isValid) {
      report("warning", "The state that came back is not the one that was sent.")
    }
    if (answer.code) {
      delete oauth2.state
      oauth2.auth.code = answer.code
      oauth2.callback({ auth: oauth2.auth, redirectUrl })
    } else {
      const { error, error_description: why, error_uri: more } = answer
      const parts = [error && `[${error}]`, why, more && `More: ${more}`]
      report("error", parts.filter(Boolean).join(" ") || "No code came back.")
    }
  }
  window.close()
}
if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", finish)
} else {
  finish()
}
</script>"""


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """The page that hands the answer of an OAuth2 provider to Swagger UI."""
    return _page("Swagger UI: OAuth2 Redirect", "", _REDIRECT)
