"""What can go wrong before a request reaches the app.

HostError
 ├─ AppNotFound      no app goes by that name
 ├─ AppImportFailed  the app's own code failed while it was loaded (see ``__cause__``)
 └─ AppStartFailed   its start-up failed (``__cause__``, if it raised)
"""

__all__ = ["AppImportFailed", "AppNotFound", "AppStartFailed", "HostError"]


class HostError(Exception):
    """An app that cannot be hosted; the message is one sentence for the user."""


class AppNotFound(HostError):
    """No app goes by that name; the message names the nearest ones."""


class AppImportFailed(HostError):
    """The app's module raised while it was imported: ``__cause__`` is its exception."""


class AppStartFailed(HostError):
    """The ASGI app's start-up failed or did not end: ``__cause__``, if it raised."""
