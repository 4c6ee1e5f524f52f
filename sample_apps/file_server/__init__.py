"""A file server on the micro framework: config, routes, templates, files."""

from sample_apps.file_server import routes as routes
from sample_apps.file_server.app import app

__all__ = ["app", "routes"]
