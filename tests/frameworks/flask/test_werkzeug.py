"""Applications mix Flask with Werkzeug: what that raises counts as the clone's own."""

import pytest

from fwtrace.frameworks import flask
from fwtrace.frameworks.flask import exceptions
from fwtrace.toolkit.http import errors as toolkit

werkzeug = pytest.importorskip("werkzeug.exceptions")


@pytest.fixture
def app():
    made = flask.Flask("mixed", root_path=".")
    made.config["PROPAGATE_EXCEPTIONS"] = True
    return made


def answer(app):
    return app.test_client().get("/")


def raising(app, error):
    @app.get("/")
    def index():
        raise error


def test_an_error_of_werkzeugs_is_answered(app):
    raising(app, werkzeug.NotFound("not here"))
    found = answer(app)
    assert (found.status_code, "not here" in found.text) == (404, True)


def test_it_finds_the_handler_of_the_clones_class(app):
    raising(app, werkzeug.NotFound("not here"))

    @app.errorhandler(exceptions.NotFound)
    def missing(error):
        assert isinstance(error, exceptions.NotFound)
        return error.description, 404

    assert answer(app).text == "not here"


@pytest.mark.parametrize("kind", [werkzeug.NotFound, werkzeug.HTTPException, 404])
def test_a_handler_of_werkzeugs_class_hears_of_the_clones_errors(app, kind):
    app.register_error_handler(kind, lambda error: (error.name, error.code))
    found = answer(app)
    assert (found.status_code, found.text) == (404, "Not Found")


def test_a_class_of_the_applications_own_keeps_its_handler(app):
    class Empty(werkzeug.NotFound):
        pass

    raising(app, Empty())
    app.register_error_handler(Empty, lambda error: ("empty", 404))
    app.register_error_handler(404, lambda error: ("any", 404))
    assert answer(app).text == "empty"


def test_a_handler_of_the_code_goes_before_one_of_all_exceptions(app):
    raising(app, werkzeug.NotFound())
    app.register_error_handler(Exception, lambda error: ("any", 500))
    app.register_error_handler(404, lambda error: ("missing", 404))
    assert answer(app).text == "missing"


def test_headers_of_werkzeugs_error_are_kept(app):
    raising(app, werkzeug.MethodNotAllowed(["PUT"]))
    found = answer(app)
    assert found.headers["Allow"] == "PUT"


def test_a_response_of_werkzeugs_is_taken_from_a_view(app):
    from werkzeug.wrappers import Response

    app.add_url_rule("/", "index", lambda: Response("theirs", 201, {"X-A": "1"}))
    found = answer(app)
    assert (found.status_code, found.text, found.headers["X-A"]) == (201, "theirs", "1")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (toolkit.NotFound("not here"), 404),
        (toolkit.ContentTooLarge(), 413),
        (toolkit.MethodNotAllowed(["PUT"]), 405),
    ],
)
def test_an_error_of_the_toolkits_is_answered(app, error, status):
    raising(app, error)
    found = answer(app)
    assert found.status_code == status
    if status == 405:
        assert found.headers["Allow"] == "PUT"


def test_a_file_of_werkzeugs_password_hashes_can_be_checked():
    security = pytest.importorskip("werkzeug.security")
    from fwtrace.frameworks.flask.security import (
        check_password_hash,
        generate_password_hash,
    )

    for method in ("scrypt:1024:8:1", "pbkdf2:sha256:1000"):
        theirs = security.generate_password_hash("secret", method)
        assert check_password_hash(theirs, "secret")
        assert not check_password_hash(theirs, "other")
        ours = generate_password_hash("secret", method)
        assert security.check_password_hash(ours, "secret")
    assert not check_password_hash("nonsense", "secret")
    with pytest.raises(ValueError, match="md5"):
        generate_password_hash("secret", "md5")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "My house.jpg",
        "a\\b",
        "ü.png",
        "...",
        "CON.txt",
        "a/../b",
        "",
    ],
)
def test_a_file_name_is_made_safe_as_werkzeug_does(name):
    utils = pytest.importorskip("werkzeug.utils")
    from fwtrace.frameworks.flask.utils import secure_filename

    expected = utils.secure_filename(name)
    # Werkzeug minds device names on Windows only.
    assert secure_filename(name) in (expected, f"_{expected}")
