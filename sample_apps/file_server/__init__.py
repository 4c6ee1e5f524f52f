"""A file server on the micro framework: config, routes, templates, files."""

from sample_apps.file_server.routes import app

__all__ = ["app"]
