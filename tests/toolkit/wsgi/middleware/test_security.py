import pytest

from fwtrace.toolkit.wsgi.client import Client
from fwtrace.toolkit.wsgi.middleware.security import SecurityHeadersMiddleware


def saying(*headers):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [b"hello"]

    return app


def test_security_headers_are_added():
    headers = Client(SecurityHeadersMiddleware(saying())).get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_security_asks_for_https_over_https():
    app = SecurityHeadersMiddleware(saying())
    headers = Client(app, "https://localhost").get("/").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    off = SecurityHeadersMiddleware(saying(), hsts=0)
    headers = Client(off, "https://localhost").get("/").headers
    assert "Strict-Transport-Security" not in headers


def test_security_leaves_what_the_app_said():
    app = SecurityHeadersMiddleware(saying(("x-frame-options", "SAMEORIGIN")))
    headers = Client(app).get("/").headers
    assert headers.getlist("X-Frame-Options") == ["SAMEORIGIN"]
    assert headers["Referrer-Policy"] == "same-origin"


def test_security_refuses_a_value_that_breaks_the_header():
    with pytest.raises(ValueError, match="holds CR, LF or NUL"):
        SecurityHeadersMiddleware(saying(), frame="DENY\r\nX: y")
