"""Flask, the clone and the original: contexts, matching, hooks, view, session.

Every function of the application goes through ``Flask.ensure_sync``; which step asked
for it says what the function is: a hook, the view, an error handler.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from fwtrace.probes.calls import describe_function, kwarg_texts
from fwtrace.probes.exceptions import handling
from fwtrace.probes.rules import describe_rule, explain, near_misses
from fwtrace.probes.signals import traced_receivers, traced_send
from fwtrace.tracer.frames import location_of
from fwtrace.tracer.model import Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.redaction import REDACTED, is_secret
from fwtrace.tracer.seam import Probe, Seam, spanned
from fwtrace.tracer.values import clip, function_name, show, show_named

__all__ = ["BLINKER", "FLASK"]

# What asks for functions at this moment: the name of a method of Flask.
_STEP: ContextVar[str | None] = ContextVar("fwtrace_flask_step", default=None)

_STAGES = {
    "preprocess_request": ("middleware", "before_request"),
    "dispatch_request": ("view", ""),
    "process_response": ("middleware", "after_request"),
    "handle_http_exception": ("call", "errorhandler"),
    "handle_user_exception": ("call", "errorhandler"),
    "handle_exception": ("call", "errorhandler"),
    "update_template_context": ("call", "context_processor"),
    "do_teardown_request": ("after", "teardown_request"),
    "do_teardown_appcontext": ("after", "teardown_appcontext"),
}


def _step(method: Any) -> Any:
    """The method, and while it runs its name in ``_STEP``."""
    if method is None:
        raise AttributeError("there is no such step to trace")
    name = method.__name__

    @functools.wraps(method)
    def traced(*args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        if CURRENT.get() is None:
            return method(*args, **kwargs)
        token = _STEP.set(name)
        try:
            return method(*args, **kwargs)
        finally:
            _STEP.reset(token)

    return traced


def _ensure_sync(ensure_sync: Any) -> Any:
    """``ensure_sync``, whose functions are spans of the step that asked for them."""

    @functools.wraps(ensure_sync)
    def traced(app: Any, func: Any) -> Any:
        found = ensure_sync(app, func)
        current = CURRENT.get()
        if current is None:
            return found
        entered = current[0].clock()
        stage = _STAGES.get(_STEP.get() or "")
        if stage is not None:
            # One that was made of a coroutine function is new at every call.
            make = _function if found is func else _function.__wrapped__
            found = make(found, func, *stage)
        current[0].charge(entered)
        return found

    return traced


@functools.lru_cache(maxsize=1024)
def _function(call: Any, function: Any, stage: str, hook: str) -> Any:
    """What stands in for a function of the application while a request is traced."""
    if getattr(function, "__name__", "") == "_default_template_ctx_processor":
        return call

    def before(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
        _, args, kwargs = args
        shown, arguments = _served(function), dict(kwargs)
        describe_function(span, shown, arguments)
        if hook:
            span.name = f"{hook} {span.name}"
            span.attributes["fwtrace.hook"] = hook
        if hook == "after_request" and args:
            _BEFORE.set(_head(args[0]))

    def after(
        recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any
    ) -> None:
        if hook == "after_request":
            _changed(recorder, span, _BEFORE.get(), _head(result))
        elif hook == "before_request" and result is not None:
            _answered(span, result)
        elif not hook or hook == "errorhandler":
            span.attributes["fwtrace.return_type"] = type(result).__qualname__

    inner = spanned(stage, hook or "view", before, after)(_call)

    @functools.wraps(call)
    def traced(*args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        # What the function itself asks for is no part of the step.
        token = _STEP.set(None)
        try:
            return inner(call, args, kwargs)
        finally:
            _STEP.reset(token)

    return traced


def _call(function: Any, args: Any, kwargs: Any) -> Any:
    __traceback_hide__ = True
    return function(*args, **kwargs)


def _served(function: Any) -> Any:
    """The method that serves, where the view is a class."""
    view = getattr(function, "view_class", None)
    current = CURRENT.get()
    if view is None or current is None:
        return function
    method = current[0].root.attributes.get("http.request.method", "GET").lower()
    for name in (method, "get" if method == "head" else "", "dispatch_request"):
        if name and name in dir(view):
            return getattr(view, name)
    return function


def _answered(span: Span, result: Any) -> None:
    kind = type(result).__qualname__
    span.attributes["fwtrace.return_type"] = kind
    span.attributes["fwtrace.answered"] = True
    span.attributes["fwtrace.answered.reason"] = f"returned {kind}, so the view is left"
    span.attributes["fwtrace.skipped"] = ["view"]


# What after_request functions change.

_Head = tuple[str, list[tuple[str, str]]]
_BEFORE: ContextVar[_Head | None] = ContextVar("fwtrace_flask_before", default=None)


def _head(response: Any) -> _Head | None:
    """Status and headers, as they are now."""
    status = getattr(response, "status", None)
    return None if status is None else (status, list(response.headers.items()))


def _changed(
    recorder: Recorder, span: Span, before: _Head | None, after: _Head | None
) -> None:
    if before is None or after is None or before == after:
        return
    changes = []
    if before[0] != after[0]:
        changes.append(_change("status", "changed", "status", after[0], before[0]))
    old, new = _grouped(before[1]), _grouped(after[1])
    for name in {**old, **new}:
        if name not in old:
            changes.append(_change("header", "added", name, new[name]))
        elif name not in new:
            changes.append(_change("header", "removed", name, None, old[name]))
        elif old[name] != new[name]:
            changes.append(_change("header", "changed", name, new[name], old[name]))
    span.attributes["fwtrace.changes"] = changes[: recorder.limits.items]


def _grouped(fields: list[tuple[str, str]]) -> dict[str, str]:
    grouped: dict[str, str] = {}
    for name, value in fields:
        name = name.title()
        grouped[name] = f"{grouped[name]}, {value}" if name in grouped else value
    return grouped


def _change(
    what: str, op: str, key: str, value: str | None, old: str | None = None
) -> dict[str, Any]:
    change: dict[str, Any] = {"half": "out", "what": what, "op": op, "key": key}
    for name, text in (("value", value), ("old", old)):
        if text is not None:
            change[name] = REDACTED if is_secret(key) else clip(text)
    return change


# Contexts, matching.


def _matched(
    recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any
) -> None:
    context = args[0]
    request, app = context.request, context.app
    method, path = request.environ["REQUEST_METHOD"], request.path
    rules = list(app.url_map.iter_rules())
    attributes = span.attributes
    limit = recorder.limits.items
    rule, error = request.url_rule, request.routing_exception
    attributes["fwtrace.resolver.tried"] = list(explain(rules, method, path, rule))[
        :limit
    ]
    attributes["fwtrace.resolver.routes"] = len(rules)
    if rule is not None and error is None:
        view = app.view_functions.get(rule.endpoint)
        attributes.update(describe_rule(rule, view))
        attributes["fwtrace.route.kwargs"] = kwarg_texts(request.view_args or {})
        span.name = rule.rule
        span.location = location_of(_served(view))
        recorder.root.attributes["http.route"] = rule.rule
        return
    allowed = getattr(error, "valid_methods", None)
    if getattr(error, "new_url", None) is not None:
        span.name = f"redirect to {error.new_url}"
        attributes["fwtrace.resolver.redirect"] = error.new_url
    elif allowed:
        span.name = f"405 for {method} {path}"
        attributes["fwtrace.resolver.allowed"] = sorted(allowed)
    else:
        span.name = f"no route for {path}"
        attributes["fwtrace.resolver.near"] = near_misses(rules, path)


# Errors: which handler took it, and why.


def _handler_found(find: Any) -> Any:
    @functools.wraps(find)
    def traced(app: Any, error: Any, blueprints: Any) -> Any:
        handler = find(app, error, blueprints)
        current = CURRENT.get()
        if current is not None:
            recorder, span = current
            entered = recorder.clock()
            if span.stage == "exception":
                try:
                    _describe_handler(span, app, handler)
                except Exception as fault:
                    recorder.fault(span, fault)
            recorder.charge(entered)
        return handler

    return traced


def _describe_handler(span: Span, app: Any, handler: Any) -> None:
    attributes = span.attributes
    if handler is None:
        attributes["fwtrace.exception.handler"] = None
        attributes["fwtrace.exception.handler.reason"] = "nothing is registered for it"
        return
    attributes["fwtrace.exception.handler"] = function_name(handler)
    for scope, by_code in app.error_handler_spec.items():
        for code, by_class in by_code.items():
            for kind, function in by_class.items():
                if function is handler:
                    wanted = f"the status {code}" if code else kind.__qualname__
                    place = "the app" if scope is None else f"the blueprint {scope!r}"
                    reason = f"registered for {wanted} on {place}"
                    attributes["fwtrace.exception.handler.reason"] = reason
                    return


# The session: what was in it, and what the request did to it.

_OPENED: ContextVar[tuple[Recorder, dict[str, str]] | None] = ContextVar(
    "fwtrace_flask_session", default=None
)


def _snapshot(session: Any) -> dict[str, str]:
    return {str(key): show_named(str(key), session[key]) for key in list(session)}


def _opened(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    span.attributes["fwtrace.session.store"] = type(args[0]).__name__
    if result is None:
        span.attributes["fwtrace.session.keys"] = []
        return
    found = _quietly(result, _snapshot)
    _OPENED.set((recorder, found))
    span.attributes["fwtrace.session.keys"] = sorted(found)
    span.attributes["fwtrace.session.new"] = not found


def _quietly(session: Any, look: Callable[[Any], Any]) -> Any:
    """Look at a session without its noticing: what is accessed varies by cookie."""
    accessed = getattr(session, "accessed", None)
    try:
        return look(session)
    finally:
        if accessed is not None:
            session.accessed = accessed


def _saving(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    interface, _, session, *_ = args
    found = _quietly(session, _snapshot)
    attributes = span.attributes
    attributes["fwtrace.session.store"] = type(interface).__name__
    attributes["fwtrace.session.keys"] = sorted(found)
    opened = _OPENED.get()
    if opened is None or opened[0] is not recorder:
        return
    before = opened[1]
    changes = []
    for key in {**before, **found}:
        if before.get(key) == found.get(key):
            continue
        op = (
            "removed"
            if key not in found
            else "added"
            if key not in before
            else "changed"
        )
        change = {"half": "in", "what": "session", "op": op, "key": key}
        if op != "removed":
            change["value"] = found[key]
        changes.append(change)
    if changes:
        attributes["fwtrace.changes"] = changes[: recorder.limits.items]


# The body of the request.

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _parsing_form(load: Any) -> Any:
    """A span where a form is parsed: once, and for nothing but forms."""
    seen = spanned("request", "parse form", after=_form)(load)

    @functools.wraps(load)
    def traced(request: Any) -> Any:
        __traceback_hide__ = True
        state = vars(request)
        is_parsed = "form" in state or getattr(request, "_form", None) is not None
        if CURRENT.get() is None or is_parsed or request.mimetype not in _FORMS:
            return load(request)
        return seen(request)

    return traced


def _form(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    request = args[0]
    limit = recorder.limits.items
    fields = list(request.form.items())[:limit]
    span.attributes["fwtrace.request.fields"] = kwarg_texts(dict(fields))
    files = list(request.files.items())[:limit]
    if files:
        span.attributes["fwtrace.request.files"] = [
            {"name": name, "filename": file.filename, "size": _size(file.stream)}
            for name, file in files
        ]


def _size(stream: Any) -> int:
    at = stream.tell()
    end: int = stream.seek(0, 2)
    stream.seek(at)
    return end


def _parsing_json(get_json: Any) -> Any:
    seen = spanned("request", "parse JSON", after=_json)(get_json)

    @functools.wraps(get_json)
    def traced(request: Any, *args: Any, **kwargs: Any) -> Any:
        __traceback_hide__ = True
        kept = getattr(request, "_cached_json", (Ellipsis,))
        if CURRENT.get() is None or any(each is not Ellipsis for each in kept):
            return get_json(request, *args, **kwargs)
        return seen(request, *args, **kwargs)

    return traced


def _json(recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any) -> None:
    if isinstance(result, dict):
        found = {str(k): v for k, v in list(result.items())[:20]}
        span.attributes["fwtrace.request.fields"] = kwarg_texts(found)
    else:
        span.attributes["fwtrace.request.fields"] = {"": show(result)}


def _serialized(
    recorder: Recorder, span: Span, args: tuple[Any, ...], result: Any
) -> None:
    _, *values = args
    span.attributes["fwtrace.serializer.type"] = (
        type(values[0]).__qualname__ if len(values) == 1 else "dict"
    )
    span.attributes["fwtrace.serializer.size"] = result.content_length


FLASK = Probe(
    "flask",
    ("fwtrace.frameworks.flask", "flask"),
    (
        Seam("ctx:AppContext.push", spanned("context", "push app context")),
        Seam("ctx:AppContext.pop", spanned("context", "pop app context")),
        Seam("ctx:RequestContext.push", spanned("context", "push request context")),
        Seam("ctx:RequestContext.pop", spanned("context", "pop request context")),
        Seam(
            "ctx:RequestContext.match_request",
            spanned("resolver", "match", after=_matched),
        ),
        *(
            Seam(f"app:Flask.{name}", _step)
            for name in _STAGES
            if not name.endswith("_exception")
        ),
        Seam("app:Flask.ensure_sync", _ensure_sync),
        Seam(
            "app:Flask.handle_user_exception",
            lambda method: handling(_step(method)),
        ),
        Seam("app:Flask.handle_http_exception", _step),
        Seam("app:Flask.handle_exception", lambda method: handling(_step(method))),
        Seam("app:Flask._find_error_handler", _handler_found),
        Seam(
            "sessions:SecureCookieSessionInterface.open_session",
            spanned("session", "open", after=_opened),
        ),
        Seam(
            "sessions:SecureCookieSessionInterface.save_session",
            spanned("session", "save", before=_saving),
        ),
        Seam("wrappers:Request._load_form_data", _parsing_form),
        Seam("wrappers:Request.get_json", _parsing_json),
        Seam(
            "json.provider:DefaultJSONProvider.response",
            spanned("serializer", "JSON", after=_serialized),
        ),
        # The clone's signals; those of the original are blinker's.
        Seam("signals:NamedSignal.send", traced_send),
    ),
)

BLINKER = Probe(
    "blinker",
    ("blinker",),
    (
        Seam("base:Signal.send", traced_send),
        Seam("base:Signal.receivers_for", traced_receivers),
    ),
)
