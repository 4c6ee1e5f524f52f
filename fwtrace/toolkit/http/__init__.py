"""HTTP as the standards describe it: no WSGI and no ASGI in here."""
