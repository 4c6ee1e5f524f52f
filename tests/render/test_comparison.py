"""The picture of a comparison: in every width, and as a page."""

import io
import re
import shutil
import subprocess

import pytest
from rich.console import Console

from fwtrace.compare import compare
from fwtrace.render.comparison import render
from fwtrace.render.comparison_html import page
from fwtrace.render.wrap import wrap


def hostile(environ, start_response):
    start_response("200 OK", [("X-Hostile", "<script>alert(1)</script>\x1b[31m")])
    return [b"<script>alert(1)</script>"]


def plain(environ, start_response):
    start_response("200 OK", [])
    return [b"plain"]


@pytest.fixture(scope="module")
def comparison():
    return compare(["flask", "micro", "wsgi"], "GET", "/users/1", repeat=3)


def drawn(picture, width, **options):
    file = io.StringIO()
    Console(file=file, width=width, color_system=None, **options).print(picture)
    return file.getvalue()


NAMES = ("RequestIdMiddleware", "before_request give_request_id", "flask", "micro")


@pytest.mark.parametrize("shape", ["table", "tree"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200])
def test_nothing_is_cut_in_any_width(comparison, width, shape):
    text = drawn(render(comparison, shape), width)
    assert max(map(len, text.splitlines())) <= width
    joined = re.sub(r"\W+", "", text)
    for name in NAMES:
        for word in re.findall(r"[A-Z]?[a-z]+", name):
            assert word in joined
    assert "…" not in text


def test_apps_stand_side_by_side_where_there_is_room(comparison):
    wide = drawn(render(comparison), 160)
    assert re.search(r"flask\s+micro\s+wsgi", wide)
    narrow = drawn(render(comparison), 60)
    assert not re.search(r"flask\s+micro\s+wsgi", narrow)


def test_gaps_ratios_and_a_summary_are_shown(comparison):
    text = drawn(render(comparison), 160)
    assert "–" in text
    assert re.search(r"\d\.\d\d×", text)
    assert "In short" in text
    assert "was fastest" in text
    assert "lines" in text


def test_what_an_app_sends_is_shown_and_not_obeyed():
    found = compare([hostile, plain])
    text = drawn(render(found), 100)
    assert "\x1b" not in text
    html = page(found)
    assert "<script>alert(1)</script>" not in html
    assert "&lt;script&gt;" in html


def test_the_page_needs_nothing_else(comparison):
    html = page(comparison)
    assert html.lower().startswith("<!doctype html>")
    assert not re.search(r"<script|https?://|@import|url\(", html)
    assert 'class="bar"' in html
    assert "&lt;span" not in html
    for name in ("flask", "micro", "wsgi", "RequestIdMiddleware"):
        assert name in html


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_the_page_is_drawn_by_a_browser(comparison, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(page(comparison))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        + [f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.count("<table") >= 2
    assert "RequestIdMiddleware" in done.stdout


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("middleware shop.Session", 20, ["middleware", "shop.Session"]),
        ("shop.layers.Session", 12, ["shop.layers.", "Session"]),
        ("SecurityHeadersMiddleware", 20, ["SecurityHeaders", "Middleware"]),
        ("", 5, [""]),
        ("abcdef", 2, ["ab", "cd", "ef"]),
    ],
)
def test_names_are_broken_where_a_reader_would(text, width, lines):
    assert wrap(text, width) == lines
