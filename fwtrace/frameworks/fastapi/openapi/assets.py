"""The scripts and styles of the documentation pages, when they are installed here.

``drf-spectacular-sidecar`` ships the builds of Swagger UI and ReDoc, renewed each
month. It is never imported, because its ``__init__`` wants Django: only its files are
of use. Without it the pages load the same files from a CDN.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["INSTALL", "Assets", "find_assets", "require_assets"]

PACKAGE = "drf_spectacular_sidecar"
INSTALL = "pip install 'fwtrace[docs]'"

SWAGGER_JS = "swagger-ui-dist/swagger-ui-bundle.js"
SWAGGER_CSS = "swagger-ui-dist/swagger-ui.css"
SWAGGER_FAVICON = "swagger-ui-dist/favicon-32x32.png"
REDOC_JS = "redoc/bundles/redoc.standalone.js"


@dataclass(frozen=True, slots=True)
class Assets:
    """A directory to mount with ``StaticFiles``, and what its files are for."""

    directory: Path

    def swagger_urls(self, prefix: str) -> dict[str, str]:
        """Arguments of ``get_swagger_ui_html``, for files mounted at the prefix."""
        return {
            "swagger_js_url": f"{prefix}/{SWAGGER_JS}",
            "swagger_css_url": f"{prefix}/{SWAGGER_CSS}",
            "swagger_favicon_url": f"{prefix}/{SWAGGER_FAVICON}",
        }

    def redoc_urls(self, prefix: str) -> dict[str, str]:
        """Arguments of ``get_redoc_html``, for files mounted at the prefix."""
        return {
            "redoc_js_url": f"{prefix}/{REDOC_JS}",
            "redoc_favicon_url": f"{prefix}/{SWAGGER_FAVICON}",
        }


@cache
def find_assets() -> Assets | None:
    """The installed files, or None: then the pages need the internet."""
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        directory = Path(location) / "static" / PACKAGE
        needed = (SWAGGER_JS, SWAGGER_CSS, SWAGGER_FAVICON, REDOC_JS)
        if all((directory / name).is_file() for name in needed):
            return Assets(directory)
    return None


def require_assets() -> Assets:
    """The installed files; RuntimeError that says how to get them."""
    found = find_assets()
    if found is None:
        raise RuntimeError(
            "The files of Swagger UI and ReDoc are not installed, so the pages would "
            f"load them from the internet. To have them here, run: {INSTALL}"
        )
    return found
