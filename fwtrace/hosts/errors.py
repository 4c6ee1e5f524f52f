"""What can go wrong before a request reaches the app.

HostError
 ├─ AppNotFound      no app goes by that name
 └─ AppImportFailed  the app's own code failed while it was loaded (see ``__cause__``)
"""

__all__ = ["AppImportFailed", "AppNotFound", "HostError"]


class HostError(Exception):
    """An app that cannot be hosted; the message is one sentence for the user."""


class AppNotFound(HostError):
    """No app goes by that name; the message names the nearest ones."""


class AppImportFailed(HostError):
    """The app's module raised while it was imported: ``__cause__`` is its exception."""
