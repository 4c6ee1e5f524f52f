"""Errors that are answers."""

import pytest

from fwtrace.toolkit.http import errors


def test_each_error_knows_its_status_and_phrase():
    error = errors.NotFound("no such user")
    assert (error.status, error.phrase) == (404, "Not Found")
    assert str(error) == "404 Not Found: no such user"


def test_405_lists_the_allowed_methods():
    error = errors.MethodNotAllowed(["POST", "GET"])
    assert error.headers == [("Allow", "GET, POST")]


def test_abort_raises_the_status():
    with pytest.raises(errors.HTTPError) as caught:
        errors.abort(418, "short and stout")
    assert caught.value.status == 418
