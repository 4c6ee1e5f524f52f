"""The app; importing ``routes`` enters its pages."""

from fwtrace.frameworks.micro import App
from sample_apps.file_server import config

__all__ = ["app"]

app = App(__name__, templates=config.TEMPLATE_DIR)
