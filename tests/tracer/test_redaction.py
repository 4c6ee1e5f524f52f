"""What stays out of a trace."""

import pytest

from fwtrace.tracer.redaction import REDACTED, is_secret, redact_text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "user[password]",
        "Authorization",
        "HTTP_COOKIE",
        "Set-Cookie",
        "X-API-Key",
        "csrf_token",
        "client_secret",
        "session_id",
        "auth",
        "X-Auth",
    ],
)
def test_secret_names_are_known(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", ["author", "authors__name", "name", "pinned", "Host"])
def test_other_names_are_left_alone(name):
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a=1&password=hunter2&b=2", f"a=1&password={REDACTED}&b=2"),
        ('{"password": "hun\\"ter2", "a": 1}', f'{{"password": "{REDACTED}", "a": 1}}'),
        ('{"token": 12345}', f'{{"token": "{REDACTED}"}}'),
        ('{"api_key": "cut off in the mid', f'{{"api_key": "{REDACTED}"'),
        ("{'password': 'hun\\'ter2', 'a': 1}", f"{{'password': '{REDACTED}', 'a': 1}}"),
        (
            '[{"loc": ["body", "password"], "msg": "short", "input": "hunter2"}]',
            f'[{{"loc": ["body", "password"], "msg": "short", "input": "{REDACTED}"}}]',
        ),
        (
            '[{"loc": ["body", "pass"], "msg": "no", "input": "ann"}, "password"]',
            '[{"loc": ["body", "pass"], "msg": "no", "input": "ann"}, "password"]',
        ),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_redact_text_hides_values_by_their_key(text, kept):
    assert redact_text(text) == kept
