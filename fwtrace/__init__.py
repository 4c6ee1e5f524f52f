"""fwtrace: see what a web framework does with a request."""

__version__ = "0.1.0"
