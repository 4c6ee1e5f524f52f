"""Views as classes: ``app.add_url_rule("/", view_func=Index.as_view("index"))``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from fwtrace.frameworks.flask.globals import current_app, request

__all__ = ["MethodView", "View"]

_METHODS = frozenset(
    ("get", "post", "head", "options", "delete", "put", "trace", "patch")
)


class View:
    """A view whose :meth:`dispatch_request` answers.

    ``methods``            it takes; None for GET
    ``decorators``         put around the view function, the first innermost
    ``init_every_request`` whether each request has an instance of its own
    """

    methods: ClassVar[Collection[str] | None] = None
    provide_automatic_options: ClassVar[bool | None] = None
    decorators: ClassVar[Any] = ()
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self, **kwargs: Any) -> Any:
        """What the view returns for the values of the URL."""
        raise NotImplementedError

    @classmethod
    def as_view(
        cls, name: str, *class_args: Any, **class_kwargs: Any
    ) -> Callable[..., Any]:
        """A view function of this name; the arguments are the class's."""
        if cls.init_every_request:

            def view(**kwargs: Any) -> Any:
                made = view.view_class(*class_args, **class_kwargs)  # type: ignore[attr-defined]
                return current_app.ensure_sync(made.dispatch_request)(**kwargs)

        else:
            made = cls(*class_args, **class_kwargs)

            def view(**kwargs: Any) -> Any:
                return current_app.ensure_sync(made.dispatch_request)(**kwargs)

        function: Any = view
        for decorator in cls.decorators or ():
            function.__name__ = name
            function.__module__ = cls.__module__
            function = decorator(function)
        # Found on the view function by add_url_rule, and by whoever asks what it is.
        for each in {id(view): view, id(function): function}.values():
            each.view_class = cls
        function.__name__ = name
        function.__doc__ = cls.__doc__
        function.__module__ = cls.__module__
        function.methods = cls.methods
        function.provide_automatic_options = cls.provide_automatic_options
        return function  # type: ignore[no-any-return]


class MethodView(View):
    """A view with a method for each HTTP method: ``get``, ``post``, ..."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in cls.__dict__:
            methods = {
                m
                for base in cls.__bases__
                for m in getattr(base, "methods", None) or ()
            }
            methods |= {name.upper() for name in _METHODS if hasattr(cls, name)}
            if methods:
                cls.methods = methods

    def dispatch_request(self, **kwargs: Any) -> Any:
        method = getattr(self, request.method.lower(), None)
        # HEAD is answered as GET is, without the body.
        if method is None and request.method == "HEAD":
            method = getattr(self, "get", None)
        if method is None:
            raise AssertionError(f"Unimplemented method {request.method!r}")
        return current_app.ensure_sync(method)(**kwargs)
