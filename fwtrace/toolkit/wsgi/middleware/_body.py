"""What a middleware puts in place of an app's body, so that it can work on it.

PEP 3333, "Middleware": the chunks go on one by one as they come, and the app's own
``close()`` is called when the server closes ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["Body"]


class Body:
    """The app's body, passed on as it is; a subclass overrides ``__iter__``."""

    __slots__ = ("body", "closed")

    def __init__(self, body: Iterable[bytes]) -> None:
        self.body = body
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)

    def close(self) -> None:
        """Close the app's body, once however often it is called."""
        if not self.closed:
            self.closed = True
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
