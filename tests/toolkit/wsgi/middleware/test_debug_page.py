import linecache
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace.toolkit.wsgi.client import build_environ
from fwtrace.toolkit.wsgi.middleware import debug_page
from fwtrace.toolkit.wsgi.middleware.debug_page import message, render

SECRET = "correct-horse"


class ShelfError(Exception):
    pass


def caught(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("it did not raise")


def look_up(name):
    return {"a": 1}[name]  # this line is marked


def translate(name):
    try:
        look_up(name)
    except KeyError as error:
        raise ShelfError(f"no shelf {name}") from error


def page(error, target="/", headers=()):
    return render(build_environ("GET", target, headers=headers), error)


def text_of(html):
    return re.sub(r"<[^>]*>", "", html)


def test_page_shows_the_line_and_the_part_that_ran():
    html = page(caught(look_up, "z"))
    marked = re.findall(r"<span class=here>.*?</span>", html)
    assert len(marked) == 2  # look_up's, and the one that called it
    assert "<u>{<b class=s>&quot;a&quot;</b>: <b class=n>1</b>}[name]</u>" in marked[0]
    assert "<b class=c># this line is marked</b>" in marked[0]


def test_page_opens_the_users_frames_and_folds_those_of_libraries():
    html = page(caught(re.compile, "("))
    opened = re.findall(r"<details open><summary><code>(\w+)", html)
    folded = re.findall(r"<details class=library><summary>(\d+) calls", html)
    assert opened == ["caught"]
    assert int(folded[0]) >= 3
    assert html.index("in libraries") < html.index("<code>caught")


def test_page_opens_a_frame_even_if_all_are_of_libraries(monkeypatch):
    monkeypatch.setattr(debug_page, "_is_users", lambda call: False)
    html = page(caught(look_up, "z"))
    assert re.findall(r"<details open><summary><code>(\w+)", html) == ["look_up"]


def test_page_tells_what_led_to_the_error():
    html = page(caught(translate, "z"))
    names = re.findall(r"<h1>(.*?)</h1>", html)
    assert [name.rpartition(".")[2] for name in names] == ["ShelfError", "KeyError"]


def test_page_ends_on_errors_that_lead_to_each_other():
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    assert page(first).count("<h1>ValueError</h1>") == 2


def test_page_keeps_secrets_out():
    html = page(
        caught(look_up, "z"),
        f"/?password={SECRET}&api_key={SECRET}&page=2",
        [
            ("Cookie", f"session_id={SECRET}"),
            ("Authorization", f"Bearer {SECRET}"),
            ("X-CSRF-Token", SECRET),
            ("Referer", f"https://a.org/?token={SECRET}&page=3"),
            ("User-Agent", "curl/8"),
        ],
    )
    assert SECRET not in html
    text = text_of(html)
    assert "curl/8" in text
    assert "token=[redacted]&amp;page=3" in text
    assert "page2" in text  # name and value of the query's one open field


def test_page_shows_names_of_locals_without_values():
    def view():
        pin = SECRET[::-1]
        raise ValueError(len(pin))

    html = page(caught(view))
    assert "local names: pin" in html
    assert SECRET[::-1] not in html


def test_page_shows_the_parameters_of_the_route():
    environ = build_environ("GET", "/users/7")
    environ["wsgiorg.routing_args"] = ((), {"id": 7, "token": SECRET, "x": object()})
    text = text_of(render(environ, caught(look_up, "z")))
    assert "Parameters of the routeid7token[redacted]xobject" in text


def test_page_hides_what_asks_for_it():
    def hidden():
        __traceback_hide__ = True
        look_up("z")

    html = page(caught(hidden))
    assert "<code>look_up</code>" in html
    assert "hidden</code>" not in html


def test_page_survives_an_error_that_cannot_be_shown():
    class Rude(Exception):
        def __str__(self):
            raise RuntimeError

    error = Rude()
    assert "cannot be shown" in message(error)
    assert "cannot be shown" in page(error)


def test_page_shows_notes_and_groups():
    error = ExceptionGroup("two", [ValueError("one"), KeyError("other")])
    error.add_note("while counting")
    text = text_of(page(error))
    assert "while counting" in text
    assert "• ValueError: one\n• KeyError: &#x27;other&#x27;" in text


def test_page_is_bounded():
    def deep(depth):
        return deep(depth + 1)

    html = page(caught(deep, 0))
    assert len(html) < 500_000
    assert html.count("<details open>") == debug_page.OPEN_FRAMES
    assert len(page(ValueError("x" * 1_000_000))) < 50_000


def test_page_shows_frames_that_have_no_source():
    code = compile("1 / 0", "<made up>", "exec")
    html = page(caught(exec, code))
    assert "&lt;made up&gt;:1" in html


def test_page_shows_a_source_that_is_no_longer_python(tmp_path):
    path = tmp_path / "gone.py"
    code = compile("x = 1\n1 / 0", str(path), "exec")
    path.write_text("'''\n1 / 0 <b>&\n")
    assert "1 / 0 &lt;b&gt;&amp;" in text_of(page(caught(exec, code)))
    linecache.checkcache()


class Outline(HTMLParser):
    """The tags and what they fetch or run."""

    def __init__(self):
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loads += [f"{k}={v}" for k, v in attrs if k in ("src", "href", "onerror")]


nasty = st.text(max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=y>', "</pre></style>", "]]>"]
)


@settings(max_examples=50, deadline=None)
@given(text=nasty, name=nasty, value=nasty)
def test_page_escapes_everything(text, name, value):
    environ = build_environ("GET", "/")
    environ["PATH_INFO"] = text
    environ["QUERY_STRING"] = f"{name}={value}"
    environ["HTTP_X_TEXT"] = value
    environ["wsgiorg.routing_args"] = ((), {name: value})
    outline = Outline()
    html = render(environ, caught(look_up, text))
    outline.feed(html)
    assert outline.loads == []
    assert not outline.tags & {"script", "img", "link", "a", "iframe"}


@pytest.mark.parametrize("scheme", ["light dark", "prefers-color-scheme: dark"])
def test_page_is_for_light_and_dark(scheme):
    assert scheme in page(ValueError("x"))
