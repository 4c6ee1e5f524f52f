"""Dependencies and parameters in words."""

import pytest

from fwtrace.render.stages import details, heading
from fwtrace.tracer.model import Span


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"fwtrace.dependency.value": "'ann'"}, "user → 'ann'"),
        ({"fwtrace.dependency.cached": True}, "user from the cache"),
        ({"fwtrace.dependency.half": "set-up"}, "user · set-up"),
        (
            {"fwtrace.dependency.called": False},
            "user was not called: its parameters are wrong",
        ),
    ],
)
def test_a_dependency_in_a_line(attributes, text):
    span = Span("dependency", "user", attributes=attributes)
    assert heading(span).plain == text


def test_a_parameter_in_a_line():
    attributes = {"fwtrace.parameter.raw": "'7'", "fwtrace.parameter.value": "7"}
    span = Span("validation", "path number", attributes=attributes)
    assert heading(span).plain == "path number '7' → 7"
    del attributes["fwtrace.parameter.raw"]
    assert heading(span).plain == "path number = 7 by default"


def test_what_is_wrong_and_what_was_waited_for():
    error = {"loc": ["path", "number"], "message": "not a number"}
    told = {
        "fwtrace.parameter.errors": [error],
        "fwtrace.thread.name": "worker",
        "fwtrace.thread.waited_ns": 2_000,
    }
    lines = [
        line.plain for line in details(Span("validation", "x", attributes=told), 80)
    ]
    assert lines == [
        "✗ path.number: not a number",
        "in thread worker, waited 2.0 µs for it",
    ]
