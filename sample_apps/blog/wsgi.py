"""The blog as a server imports it: ``gunicorn sample_apps.blog.wsgi:app``."""

from __future__ import annotations

from sample_apps.blog import create_app

__all__ = ["app"]

app = create_app()
