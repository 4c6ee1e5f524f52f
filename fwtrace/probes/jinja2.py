"""Jinja2: a template's rendering, its compilation, and what it includes and extends.

A compiled template keeps its parts as generator functions: ``root_render_func`` and
``blocks``. While attached, two properties on the class hand out wrapped ones; the
instances stay as they are.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from fwtrace.tracer.model import Location, Span
from fwtrace.tracer.recorder import CURRENT, Recorder
from fwtrace.tracer.seam import Probe, Seam, spanned

__all__ = ["JINJA2"]


def _name(template: Any) -> str:
    return template.name or "<string>"


def _render(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    template, *given = args
    _describe(span, template, "render")
    context = given[0] if given and isinstance(given[0], dict) else {}
    span.attributes["fwtrace.template.context"] = sorted(map(str, context))[
        : recorder.limits.items
    ]


def _describe(span: Span, template: Any, kind: str, name: str = "") -> None:
    span.name = name or _name(template)
    attributes = span.attributes
    attributes["fwtrace.template.kind"] = kind
    if template.filename:
        attributes["fwtrace.template.file"] = template.filename
        span.location = Location(template.filename, 1, span.name)
    loader = template.environment.loader
    if loader is not None:
        attributes["fwtrace.template.loader"] = type(loader).__name__


def _traced_render(render: Any) -> Any:
    """`Template.render`, noting the names of a context given as keywords too."""
    inner = spanned("template", before=_render)(
        lambda template, given: render(template, **given)
    )

    @functools.wraps(render)
    def traced(*args: Any, **kwargs: Any) -> Any:
        if CURRENT.get() is None:
            return render(*args, **kwargs)
        template, *given = args
        return inner(template, dict(*given, **kwargs))

    return traced


def _compiling(recorder: Recorder, span: Span, args: tuple[Any, ...]) -> None:
    span.name = str(args[2]) if len(args) > 2 and args[2] else "<string>"
    span.attributes["fwtrace.template.kind"] = "compile"


def _part(attribute: str, wrap: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A property that hands out the instance's own attribute, wrapped."""

    def make(_: Any) -> property:
        wrapped: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

        def get(template: Any) -> Any:
            original = template.__dict__[attribute]
            if CURRENT.get() is None:
                return original
            found = wrapped.get(template)
            if found is None:
                found = wrapped[template] = wrap(template, original)
            return found

        def put(template: Any, value: Any) -> None:
            template.__dict__[attribute] = value
            wrapped.pop(template, None)

        return property(get, put)

    return make


def _traced_root(template: Any, root: Any) -> Any:
    """The body of a template; the one being rendered is its own `render` span."""

    def describe(span: Span, context: Any) -> None:
        # What is included gets a context of its own, what is extended runs in that
        # of the template which extends it.
        kind = "include" if context.name == template.name else "extends"
        _describe(span, template, kind)

    return _traced_generator(root, describe, skip=_is_own_root(template))


def _is_own_root(template: Any) -> Callable[[Span], bool]:
    name = _name(template)
    return lambda parent: (
        parent.stage == "template"
        and parent.name == name
        and parent.attributes.get("fwtrace.template.kind") == "render"
    )


def _traced_blocks(template: Any, blocks: dict[str, Any]) -> dict[str, Any]:
    def traced_block(name: str, block: Any) -> Any:
        def describe(span: Span, context: Any) -> None:
            _describe(span, template, "block", name)

        return _traced_generator(block, describe)

    return {name: traced_block(name, block) for name, block in blocks.items()}


def _traced_generator(
    function: Any,
    describe: Callable[[Span, Any], None],
    skip: Callable[[Span], bool] = lambda parent: False,
) -> Any:
    """A generator function whose steps run inside a span of their own."""

    @functools.wraps(function)
    def traced(context: Any, *args: Any, **kwargs: Any) -> Iterator[str]:
        current = CURRENT.get()
        if current is None or skip(current[1]):
            yield from function(context, *args, **kwargs)
            return
        recorder, parent = current
        entered = recorder.clock()
        span = recorder.open("template", function.__name__, parent)
        if span is None:
            yield from function(context, *args, **kwargs)
            return
        try:
            describe(span, context)
        except Exception as fault:
            recorder.fault(span, fault)
        recorder.start(span, entered)
        generator = function(context, *args, **kwargs)
        try:
            while True:
                token = CURRENT.set((recorder, span))
                try:
                    piece = next(generator)
                except StopIteration:
                    return
                except BaseException as error:
                    recorder.fail(span, error)
                    raise
                finally:
                    CURRENT.reset(token)
                yield piece
        finally:
            generator.close()
            recorder.charge(recorder.stop(span))

    return traced


JINJA2 = Probe(
    "jinja2",
    ("jinja2",),
    (
        Seam("environment:Template.render", _traced_render),
        Seam(
            "environment:Template.root_render_func",
            _part("root_render_func", _traced_root),
        ),
        Seam("environment:Template.blocks", _part("blocks", _traced_blocks)),
        Seam("environment:Environment.compile", spanned("template", before=_compiling)),
    ),
)
