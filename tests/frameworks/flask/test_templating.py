"""Templates: what they see, and what is escaped."""

import os

import jinja2
import pytest
from jinja2 import TemplateNotFound, TemplatesNotFound, Undefined
from markupsafe import Markup


@pytest.fixture
def write(tmp_path):
    """Writes a template below the app's folder."""

    def write(name, text):
        path = tmp_path / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def app(flask, tmp_path):
    made = flask.Flask("templated", root_path=str(tmp_path))
    made.config.update(TESTING=True, SECRET_KEY="a key for tests")
    return made


@pytest.fixture
def show(app, flask):
    """Renders a string in a request for "/here?x=1"."""

    def render(source, **context):
        with app.test_request_context("/here?x=1"):
            return flask.render_template_string(source, **context)

    return render


# Rendering.


def test_a_template_is_rendered_with_its_context(app, client, flask, write):
    write("hello.html", "<h1>Hello {{ name }} \u2603</h1>")

    @app.get("/<name>")
    def hello(name):
        return flask.render_template("hello.html", name=name)

    response = client.get("/ada")
    assert response.text == "<h1>Hello ada \u2603</h1>"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_string_is_rendered_with_its_context(show):
    assert show("{{ a + b }}{# no #}{% if c %}c{% endif %}", a=1, b=2) == "3"


def test_an_app_context_is_enough(app, flask, write):
    write("a.txt", "{{ config.TESTING }} {{ g.user }}")
    with app.app_context():
        flask.g.user = "ada"
        assert flask.render_template("a.txt") == "True ada"


@pytest.mark.parametrize(
    "call",
    [
        lambda flask: flask.render_template("a.txt"),
        lambda flask: flask.render_template_string("a"),
    ],
)
def test_without_a_context_nothing_is_rendered(flask, call):
    with pytest.raises(RuntimeError):
        call(flask)


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a.html", True),
        ("a.htm", True),
        ("a.xml", True),
        ("a.xhtml", True),
        ("a.svg", True),
        ("a.txt", False),
        ("a.js", False),
        ("a.html.txt", False),
        ("a.HTML", False),
        ("html", False),
    ],
)
def test_the_extension_decides_what_is_escaped(app, flask, write, name, escaped):
    write(name, "{{ text }}")
    with app.app_context():
        text = flask.render_template(name, text="<a href='x'>&\"")
    plain = "<a href='x'>&\""
    assert text == ("&lt;a href=&#39;x&#39;&gt;&amp;&#34;" if escaped else plain)


def test_strings_are_escaped(show):
    assert show("{{ text }}", text="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    "source",
    [
        "{{ markup }}",
        "{{ text|safe }}",
        "{% autoescape false %}{{ text }}{% endautoescape %}",
    ],
)
def test_what_is_marked_safe_is_not_escaped(show, source):
    assert show(source, text="<b>", markup=Markup("<b>")) == "<b>"


def test_the_first_template_of_a_list_that_exists(app, flask, write):
    write("b.txt", "b")
    write("c.txt", "c")
    with app.app_context():
        assert flask.render_template(["a.txt", "b.txt", "c.txt"]) == "b"
        with pytest.raises(TemplatesNotFound):
            flask.render_template(["a.txt", "d.txt"])


def test_a_template_object_can_be_rendered(app, flask):
    with app.app_context():
        template = app.jinja_env.from_string("{{ a }}")
        assert flask.render_template(template, a=1) == "1"


@pytest.mark.parametrize("name", ["absent.html", "../a.txt", "", "sub"])
def test_a_missing_template_is_an_error(app, flask, tmp_path, name):
    (tmp_path / "a.txt").write_text("outside")
    with app.app_context(), pytest.raises(TemplateNotFound):
        flask.render_template(name)


def test_templates_inherit_include_and_import(app, flask, write):
    write(
        "base.html",
        "<{% block title %}base{% endblock %}>{% block body %}{% endblock %}",
    )
    write("macros.html", "{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}")
    write("parts/foot.html", "foot {{ name }}")
    write(
        "page.html",
        "{% extends 'base.html' %}{% from 'macros.html' import bold %}"
        "{% block title %}{{ super() }} page{% endblock %}"
        "{% block body %}{{ bold(name) }}{% include 'parts/foot.html' %}{% endblock %}",
    )
    with app.app_context():
        text = flask.render_template("page.html", name="&")
    assert text == "<base page><b>&amp;</b>foot &amp;"


def test_the_template_folder_can_be_another(flask, tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.txt").write_text("from pages")
    for name in ("pages", str(folder), folder):
        app = flask.Flask("a", root_path=str(tmp_path), template_folder=name)
        with app.app_context():
            assert flask.render_template("a.txt") == "from pages"


# What a template sees.


def test_the_globals_of_a_request(app, client, flask):
    @app.get("/here")
    def here():
        flask.session["user"] = "ada"
        flask.g.number = 3
        flask.flash("note")
        return flask.render_template_string(
            "{{ request.path }} {{ request.args.x }} {{ session.user }} {{ g.number }} "
            "{{ config.SECRET_KEY }} {{ url_for('here', y=2) }} "
            "{{ get_flashed_messages()|join }}"
        )

    expected = "/here 1 ada 3 a key for tests /here?y=2 note"
    assert client.get("/here?x=1").text == expected


def test_without_a_request_the_proxies_are_there_but_false(app, flask):
    source = "{{ request is defined }} {{ 1 if request else 0 }} {{ 1 if g else 0 }}"
    with app.app_context():
        assert flask.render_template_string(source) == "True 0 1"
    with app.test_request_context():
        assert flask.render_template_string(source) == "True 1 1"


def test_url_for_in_a_template_is_escaped(app, show):
    app.add_url_rule("/a", "a", lambda: "")
    assert show("{{ url_for('a', x=1, y=2) }}") == "/a?x=1&amp;y=2"


def test_a_session_read_by_a_template_makes_the_response_vary(app, client, flask):
    app.add_url_rule(
        "/a", "a", lambda: flask.render_template_string("{{ session.get('x') }}")
    )
    app.add_url_rule("/b", "b", lambda: flask.render_template_string("static"))
    assert client.get("/a").headers["Vary"] == "Cookie"
    assert "Vary" not in client.get("/b").headers


def test_context_processors_add_names(app, show):
    @app.context_processor
    def numbers():
        return {"one": 1, "double": lambda x: x * 2}

    assert show("{{ one }} {{ double(4) }}") == "1 8"


def test_a_later_context_processor_wins_and_the_call_wins_over_all(app, show):
    app.context_processor(lambda: {"a": "first", "b": "first", "c": "first"})
    app.context_processor(lambda: {"b": "second", "c": "second"})
    assert show("{{ a }} {{ b }} {{ c }}", c="call") == "first second call"


def test_a_context_processor_goes_before_the_globals(app, show):
    app.context_processor(lambda: {"g": "processed", "request": "processed"})
    app.jinja_env.globals["word"] = "global"
    assert show("{{ g }} {{ request }} {{ word }}") == "processed processed global"
    assert show("{{ g }} {{ word }}", g="call", word="call") == "call call"


def test_update_template_context_keeps_what_is_there(app, flask):
    app.context_processor(lambda: {"a": 1, "b": 1})
    context = {"a": "mine"}
    with app.test_request_context():
        app.update_template_context(context)
        assert context["a"] == "mine"
        assert context["b"] == 1
        assert context["g"] == flask.g


def test_imported_templates_see_the_globals_but_not_the_processors(app, flask, write):
    app.context_processor(lambda: {"processed": "seen"})
    write(
        "m.txt", "{% macro m() %}[{{ processed }}][{{ config.TESTING }}]{% endmacro %}"
    )
    with app.app_context():
        for how, seen in (("", "[][True]"), (" with context", "[seen][True]")):
            source = "{% from 'm.txt' import m" + how + " %}{{ m() }}"
            assert flask.render_template_string(source) == seen


# Filters, tests, globals.


def test_a_filter_is_named_like_its_function_or_otherwise(app, show):
    @app.template_filter()
    def shout(text):
        return text.upper()

    @app.template_filter("back")
    def turned_round(text):
        return text[::-1]

    app.add_template_filter(len)
    app.add_template_filter(len, "size")
    assert shout("a") == "A"
    source = "{{ 'ab'|shout }} {{ 'ab'|back }} {{ 'ab'|len }} {{ 'ab'|size }}"
    assert show(source) == "AB ba 2 2"
    assert app.jinja_env.filters["back"] is turned_round
    assert "turned_round" not in app.jinja_env.filters


def test_a_test_is_named_like_its_function_or_otherwise(app, show):
    @app.template_test()
    def small(number):
        return number < 3

    @app.template_test("big")
    def is_big(number):
        return number > 9

    app.add_template_test(lambda value: value == 5, "five")
    source = "{{ 1 is small }} {{ 1 is big }} {{ 5 is five }} {{ 5 is not five }}"
    assert show(source) == "True False True False"


def test_a_global_is_named_like_its_function_or_otherwise(app, show):
    @app.template_global()
    def double(number):
        return number * 2

    @app.template_global("half")
    def divide(number):
        return number // 2

    app.add_template_global(max, "largest")
    assert show("{{ double(4) }} {{ half(4) }} {{ largest(1, 7) }}") == "8 2 7"


@pytest.mark.parametrize("kind", ["filter", "test", "global"])
def test_after_the_first_request_nothing_is_added(app, client, kind):
    client.get("/")
    with pytest.raises(AssertionError):
        getattr(app, f"add_template_{kind}")(len, "late")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True]}, '{"a": [1, null, true]}'),
        ("</script>", '"\\u003c/script\\u003e"'),
        ("a & b", '"a \\u0026 b"'),
        ("it's", '"it\\u0027s"'),
        ({"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        ("\u00e4", '"\\u00e4"'),
    ],
)
def test_tojson_is_safe_in_html(show, value, text):
    assert show("{{ value|tojson }}", value=value) == text


def test_tojson_uses_the_provider_of_the_app(app, show):
    class Custom(type(app.json)):
        def default(self, o):
            return f"custom {type(o).__name__}"

    app.json = Custom(app)
    assert show("{{ value|tojson }}", value=object()) == '"custom object"'


def test_a_macro_can_be_called_from_python(app, flask, write):
    write("m.html", "{% macro hi(name) %}Hi {{ name }}{% endmacro %}{% set n = 5 %}")
    with app.app_context():
        hi = flask.get_template_attribute("m.html", "hi")
        assert hi("<b>") == "Hi &lt;b&gt;"
        assert flask.get_template_attribute("m.html", "n") == 5
        with pytest.raises(AttributeError):
            flask.get_template_attribute("m.html", "absent")


# Streams.


def test_a_template_can_be_streamed(app, client, flask, write):
    write("s.txt", "{% for i in numbers %}{{ i }},{% endfor %}{{ request.path }}")

    @app.get("/stream")
    def stream():
        parts = flask.stream_template("s.txt", numbers=range(3))
        assert iter(parts) is parts
        return parts

    response = client.get("/stream")
    assert response.text == "0,1,2,/stream"
    assert "Content-Length" not in response.headers


def test_a_string_can_be_streamed(app, client, flask):
    @app.get("/")
    def index():
        flask.session["user"] = "ada"
        return flask.stream_template_string("{{ session.user }} {{ a }}", a="<")

    assert client.get("/").text == "ada &lt;"


def test_a_stream_is_rendered_as_it_is_read(app, flask):
    made = []

    def numbers():
        for number in range(3):
            made.append(number)
            yield number

    with app.app_context():
        parts = flask.stream_template_string(
            "{% for i in numbers %}{{ i }}{% endfor %}", numbers=numbers()
        )
        assert made == []
        assert next(parts) == "0"
        assert len(made) < 3
        assert "".join(parts) == "12"


def test_a_missing_template_is_noticed_before_streaming(app, flask):
    with app.app_context(), pytest.raises(TemplateNotFound):
        flask.stream_template("absent.html")


# The environment.


@pytest.mark.parametrize(
    ("setting", "debug", "reloads"),
    [
        (None, False, False),
        (None, True, True),
        (True, False, True),
        (False, True, False),
    ],
)
def test_auto_reload_follows_the_setting_or_debug(
    app, flask, write, setting, debug, reloads
):
    app.config["TEMPLATES_AUTO_RELOAD"] = setting
    app.debug = debug
    assert app.jinja_env.auto_reload is reloads


def test_debug_switched_on_later_still_reloads(app):
    assert app.jinja_env.auto_reload is False
    app.debug = True
    assert app.jinja_env.auto_reload is True


def test_a_changed_template_is_read_again(app, flask, write, tmp_path):
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    write("a.txt", "old")
    with app.app_context():
        assert flask.render_template("a.txt") == "old"
        write("a.txt", "new")
        os.utime(tmp_path / "templates" / "a.txt", (1, 1))
        assert flask.render_template("a.txt") == "new"


def test_jinja_options_make_the_environment(flask, tmp_path):
    class Trimmed(flask.Flask):
        jinja_options = {"trim_blocks": True, "variable_start_string": "<<"}

    app = Trimmed("trimmed", root_path=str(tmp_path))
    with app.app_context():
        assert flask.render_template_string("{% if 1 %}\n<< 1 }}{% endif %}") == "1"


def test_an_app_may_change_its_environment(app, flask, show):
    app.jinja_env.trim_blocks = True
    app.jinja_env.globals["answer"] = 42
    app.jinja_env.filters["inc"] = lambda number: number + 1
    assert show("{% if 1 %}\n{{ answer|inc }}{% endif %}") == "43"


def test_an_extension_can_be_added(app, show):
    app.jinja_env.add_extension("jinja2.ext.do")
    source = "{% set l = [] %}{% do l.append(1) %}{{ l }}"
    assert show(source) == "[1]"


@pytest.mark.parametrize("cls", ["StrictUndefined", "Undefined"])
def test_undefined_can_be_another_class(flask, tmp_path, cls):
    class Custom(flask.Flask):
        jinja_options = {"undefined": getattr(jinja2, cls)}

    app = Custom("custom", root_path=str(tmp_path))
    with app.app_context():
        if cls == "Undefined":
            assert flask.render_template_string("[{{ absent }}]") == "[]"
        else:
            with pytest.raises(jinja2.UndefinedError):
                flask.render_template_string("[{{ absent }}]")


def test_select_jinja_autoescape_can_be_overridden(flask, tmp_path):
    class Always(flask.Flask):
        def select_jinja_autoescape(self, filename):
            return filename is not None and filename.endswith(".txt")

    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.txt").write_text("{{ '<' }}")
    app = Always("always", root_path=str(tmp_path))
    with app.app_context():
        assert flask.render_template("a.txt") == "&lt;"
        assert flask.render_template_string("{{ '<' }}") == "<"


def test_the_environment_is_made_once_and_knows_its_app(app, write):
    write("a.txt", "")
    write("sub/b.txt", "")
    assert app.jinja_env is app.jinja_env
    assert app.jinja_env.app is app
    assert sorted(app.jinja_env.list_templates()) == ["a.txt", "sub/b.txt"]
    assert isinstance(app.jinja_env.undefined(), Undefined)


def test_explain_template_loading_does_not_disturb(app, flask, write, caplog):
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    write("a.txt", "a")
    with app.app_context(), caplog.at_level("INFO"):
        assert flask.render_template("a.txt") == "a"
        with pytest.raises(TemplateNotFound):
            flask.render_template("absent.txt")
    assert "a.txt" in caplog.text
    assert "absent.txt" in caplog.text
