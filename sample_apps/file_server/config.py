"""Where the server listens, and the folders it knows."""

import os
from pathlib import Path

__all__ = ["FILE_DIR", "HOST", "PORT", "TEMPLATE_DIR"]

HERE = Path(__file__).parent

HOST = "127.0.0.1"
PORT = 9999
FILE_DIR = Path(os.environ.get("FILE_DIR") or HERE / "files")
TEMPLATE_DIR = HERE / "templates"
