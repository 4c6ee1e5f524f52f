"""Parts of an app that are written apart and registered together."""

import pytest


@pytest.fixture
def bp(flask):
    return flask.Blueprint("part", __name__)


@pytest.fixture
def make(flask):
    """``make("name", url_prefix=...)``: a blueprint whose "/" tells its endpoint."""

    def blueprint(name, **options):
        made = flask.Blueprint(name, __name__, **options)
        made.add_url_rule("/", "index", lambda: flask.request.endpoint)
        return made

    return blueprint


@pytest.fixture
def in_files(flask, tmp_path):
    """An app and a blueprint with files below ``tmp_path``."""
    texts = {
        "app/templates/both.txt": "app's",
        "app/static/file.txt": "app's file",
        "part/pages/both.txt": "part's",
        "part/pages/only.txt": "only {{ name }}",
        "part/files/file.txt": "part's file",
        "part/data/notes.txt": "notes",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    app = flask.Flask("app", root_path=str(tmp_path / "app"))
    app.config["TESTING"] = True
    bp = flask.Blueprint(
        "part",
        __name__,
        root_path=str(tmp_path / "part"),
        template_folder="pages",
        static_folder="files",
        url_prefix="/part",
    )
    return app, bp


# Rules and names.


@pytest.mark.parametrize(
    ("of_blueprint", "of_registration", "path"),
    [
        (None, None, "/page"),
        ("/a", None, "/a/page"),
        ("/a/", None, "/a/page"),
        (None, "/b", "/b/page"),
        ("/a", "/b", "/b/page"),
        ("/<int:n>", None, "/7/page"),
    ],
)
def test_a_prefix_is_put_before_every_rule(
    app, client, flask, of_blueprint, of_registration, path
):
    bp = flask.Blueprint("part", __name__, url_prefix=of_blueprint)
    bp.add_url_rule("/page", "page", lambda **args: "page")
    options = {"url_prefix": of_registration} if of_registration else {}
    app.register_blueprint(bp, **options)
    assert client.get(path).text == "page"


@pytest.mark.parametrize(("rule", "path"), [("/", "/a/"), ("", "/a")])
def test_an_empty_rule_is_the_prefix_itself(app, client, flask, rule, path):
    bp = flask.Blueprint("part", __name__, url_prefix="/a")
    bp.add_url_rule(rule, "index", lambda: "index")
    app.register_blueprint(bp)
    assert client.get(path).status_code == 200


def test_a_prefix_without_a_slash_gets_one_only_from_the_rule(app, client, bp):
    bp.add_url_rule("page", "page", lambda: "page")
    app.register_blueprint(bp, url_prefix="/a")
    assert client.get("/a/page").text == "page"


def test_endpoints_have_the_name_of_the_blueprint(app, client, flask, bp):
    @bp.get("/one")
    def one():
        return flask.request.endpoint

    @bp.route("/two", endpoint="second")
    def two():
        return flask.request.endpoint

    app.register_blueprint(bp)
    assert client.get("/one").text == "part.one"
    assert client.get("/two").text == "part.second"
    assert set(app.view_functions) >= {"part.one", "part.second"}
    assert app.blueprints == {"part": bp}
    assert list(app.iter_blueprints()) == [bp]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_blueprint_has_a_decorator_for_every_method(app, client, bp, method):
    getattr(bp, method)("/")(lambda: method)
    app.register_blueprint(bp)
    assert client.open("/", method=method.upper()).text == method


def test_endpoint_of_a_blueprint_takes_the_whole_name(app, client, bp):
    @bp.endpoint("part.late")
    def view():
        return "late"

    app.register_blueprint(bp)
    app.add_url_rule("/late", endpoint="part.late")
    assert client.get("/late").text == "late"


def test_url_for_with_a_leading_dot_stays_in_the_blueprint(app, client, flask, make):
    bp = make("part", url_prefix="/part")
    app.add_url_rule("/", "index", lambda: "")
    bp.add_url_rule(
        "/urls",
        "urls",
        lambda: [flask.url_for(e) for e in (".index", "part.index", "index")],
    )
    app.register_blueprint(bp)
    assert client.get("/part/urls").json == ["/part/", "/part/", "/"]


def test_url_for_with_a_leading_dot_outside_a_blueprint(app, client, flask):
    app.add_url_rule("/", "index", lambda: flask.url_for(".index"))
    assert client.get("/").text == "/"


@pytest.mark.parametrize("name", ["", "a.b", ".", "a."])
def test_an_empty_or_dotted_name_is_refused(flask, name):
    with pytest.raises(ValueError, match="."):
        flask.Blueprint(name, __name__)


def test_dots_in_endpoints_are_refused(bp):
    with pytest.raises(ValueError, match="."):
        bp.add_url_rule("/", "a.b", lambda: "")

    def view():
        return ""

    view.__name__ = "a.b"
    with pytest.raises(ValueError, match="."):
        bp.add_url_rule("/", view_func=view)


def test_a_dotted_name_at_registration_is_a_path_of_names(app, client, make):
    app.register_blueprint(make("part"), name="other.part")
    assert client.get("/").text == "other.part.index"


def test_the_same_name_twice_is_refused(app, make):
    app.register_blueprint(make("part"))
    with pytest.raises(ValueError, match="part"):
        app.register_blueprint(make("part"), url_prefix="/b")


def test_the_same_blueprint_twice_is_refused_without_another_name(app, make):
    bp = make("part")
    app.register_blueprint(bp)
    with pytest.raises(ValueError, match="part"):
        app.register_blueprint(bp, url_prefix="/b")


def test_a_blueprint_is_registered_again_under_another_name(app, client, make):
    bp = make("part")
    app.register_blueprint(bp, url_prefix="/a")
    app.register_blueprint(bp, url_prefix="/b", name="again")
    assert client.get("/a/").text == "part.index"
    assert client.get("/b/").text == "again.index"
    assert sorted(app.blueprints) == ["again", "part"]


def test_url_defaults_are_given_at_registration(app, client, bp):
    bp.add_url_rule("/<lang>/hi", "hi", lambda lang, shout: f"{lang} {shout}")
    app.register_blueprint(bp, url_prefix="/a", url_defaults={"shout": True})
    app.register_blueprint(bp, url_prefix="/b", name="b", url_defaults={"shout": False})
    assert client.get("/a/de/hi").text == "de True"
    assert client.get("/b/de/hi").text == "de False"


def test_url_defaults_of_the_blueprint_itself(app, client, flask):
    bp = flask.Blueprint("part", __name__, url_defaults={"lang": "en"})
    bp.add_url_rule("/", "index", lambda lang: lang)
    app.register_blueprint(bp)
    assert client.get("/").text == "en"


def test_a_subdomain_is_of_all_rules(flask, make):
    app = flask.Flask("app", root_path=".", subdomain_matching=True)
    app.config.update(TESTING=True, SERVER_NAME="example.org")
    app.register_blueprint(make("api", subdomain="api"))
    app.register_blueprint(make("shop"), subdomain="shop")
    client = app.test_client()
    assert client.get("/", subdomain="api").text == "api.index"
    assert client.get("/", subdomain="shop").text == "shop.index"
    assert client.get("/").status_code == 404
    with app.app_context():
        assert flask.url_for("api.index") == "http://api.example.org/"


# Nesting.


@pytest.fixture
def nested(app, make):
    outer = make("outer", url_prefix="/outer")
    middle = make("middle", url_prefix="/middle")
    inner = make("inner", url_prefix="/inner")
    middle.register_blueprint(inner)
    outer.register_blueprint(middle)
    app.register_blueprint(outer)
    return outer, middle, inner


def test_prefixes_and_names_of_nested_blueprints_are_joined(client, nested):
    assert client.get("/outer/").text == "outer.index"
    assert client.get("/outer/middle/").text == "outer.middle.index"
    assert client.get("/outer/middle/inner/").text == "outer.middle.inner.index"


def test_a_request_knows_its_blueprints(app, flask, nested):
    app.add_url_rule("/", "index", lambda: "")
    with app.test_request_context("/outer/middle/inner/"):
        assert flask.request.blueprint == "outer.middle.inner"
        assert flask.request.blueprints == [
            "outer.middle.inner",
            "outer.middle",
            "outer",
        ]
    for path in ("/", "/nowhere"):
        with app.test_request_context(path):
            assert flask.request.blueprint is None
            assert flask.request.blueprints == []


def test_url_for_in_a_nested_blueprint(app, flask, nested):
    with app.test_request_context("/outer/middle/"):
        assert flask.url_for(".index") == "/outer/middle/"
        assert flask.url_for(".inner.index") == "/outer/middle/inner/"
        assert flask.url_for("outer.index") == "/outer/"


def test_a_nested_registration_has_its_own_prefix_and_name(app, client, make):
    parent, child = make("parent", url_prefix="/p"), make("child", url_prefix="/c")
    parent.register_blueprint(child, url_prefix="/x", name="kid")
    parent.register_blueprint(child)
    app.register_blueprint(parent, url_prefix="/q")
    assert client.get("/q/x/").text == "parent.kid.index"
    assert client.get("/q/c/").text == "parent.child.index"


def test_subdomains_of_nested_blueprints_are_joined(flask, make):
    app = flask.Flask("app", root_path=".", subdomain_matching=True)
    app.config.update(TESTING=True, SERVER_NAME="example.org")
    parent, child = make("parent"), make("child", subdomain="api")
    parent.register_blueprint(child)
    app.register_blueprint(parent, subdomain="shop")
    answer = app.test_client().get("/", base_url="http://api.shop.example.org/")
    assert answer.text == "parent.child.index"


def test_a_blueprint_cannot_contain_itself(make):
    bp = make("part")
    with pytest.raises(ValueError, match="."):
        bp.register_blueprint(bp)


# Functions around a request.


def test_functions_of_a_blueprint_concern_only_its_requests(app, client, make):
    order = []

    def after(response):
        order.append("after")
        return response

    bp = make("part", url_prefix="/part")
    bp.before_request(lambda: order.append("before"))
    bp.after_request(after)
    bp.teardown_request(lambda error: order.append("teardown"))
    app.register_blueprint(bp)
    app.register_blueprint(make("other", url_prefix="/other"))
    client.get("/other/")
    client.get("/part/nowhere")
    assert order == []
    client.get("/part/")
    assert order == ["before", "after", "teardown"]


def test_app_functions_of_a_blueprint_concern_every_request(app, client, bp):
    order = []

    def after(response):
        order.append("after")
        return response

    bp.before_app_request(lambda: order.append("before"))
    bp.after_app_request(after)
    bp.teardown_app_request(lambda error: order.append("teardown"))
    app.register_blueprint(bp)
    assert client.get("/nowhere").status_code == 404
    assert order == ["before", "after", "teardown"]


def test_the_order_across_nested_blueprints(app, client, flask, make):
    order = []

    def watch(scaffold, name):
        def after(response):
            order.append(f"after {name}")
            return response

        scaffold.before_request(lambda: order.append(f"before {name}"))
        scaffold.after_request(after)
        scaffold.teardown_request(lambda error: order.append(f"teardown {name}"))

    parent, child = make("parent"), make("child", url_prefix="/child")
    for scaffold, name in ((child, "child"), (app, "app"), (parent, "parent")):
        watch(scaffold, name)
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    client.get("/child/")
    assert order == [
        "before app",
        "before parent",
        "before child",
        "after child",
        "after parent",
        "after app",
        "teardown child",
        "teardown parent",
        "teardown app",
    ]


def test_a_before_request_of_a_blueprint_may_answer(app, client, make):
    bp = make("part")
    bp.before_request(lambda: ("stop", 403))
    app.register_blueprint(bp)
    response = client.get("/")
    assert (response.status_code, response.text) == (403, "stop")


def test_url_values_are_preprocessed_for_the_blueprint(app, client, flask):
    bp = flask.Blueprint("part", __name__, url_prefix="/<lang>")

    @bp.url_value_preprocessor
    def take_lang(endpoint, values):
        flask.g.lang = values.pop("lang")

    @bp.url_defaults
    def add_lang(endpoint, values):
        values.setdefault("lang", flask.g.lang)

    @bp.get("/")
    def index():
        return f"{flask.g.lang} {flask.url_for('.about')}"

    bp.add_url_rule("/about", "about", lambda: "")
    app.register_blueprint(bp)
    assert client.get("/de/").text == "de /de/about"


def test_app_url_functions_of_a_blueprint_concern_the_app(app, client, flask, bp):
    bp.app_url_value_preprocessor(lambda endpoint, values: values.pop("lang"))
    bp.app_url_defaults(lambda endpoint, values: values.update(lang="fr"))
    app.register_blueprint(bp)
    app.add_url_rule("/<lang>/", "index", lambda: flask.url_for("index"))
    assert client.get("/de/").text == "/fr/"


# Errors.


def test_an_error_handler_of_a_blueprint_concerns_only_its_views(
    app, client, flask, make
):
    bp = make("part", url_prefix="/part")
    bp.add_url_rule("/gone", "gone", lambda: flask.abort(404))
    app.add_url_rule("/gone", "gone", lambda: flask.abort(404))

    @bp.errorhandler(404)
    def missing(error):
        return "part's", 404

    app.register_blueprint(bp)
    app.register_error_handler(404, lambda error: ("app's", 404))
    assert client.get("/part/gone").text == "part's"
    assert client.get("/gone").text == "app's"
    # No view, so no blueprint.
    assert client.get("/part/nowhere").text == "app's"


def test_an_app_errorhandler_concerns_all_views(app, client, bp):
    @bp.app_errorhandler(404)
    def missing(error):
        return "nothing here", 404

    app.register_blueprint(bp)
    assert client.get("/nowhere").text == "nothing here"


def test_the_innermost_handler_is_asked_first(app, client, make):
    parent, child = make("parent"), make("child", url_prefix="/child")
    child.add_url_rule("/zero", "zero", lambda: 1 // 0)
    child.add_url_rule("/key", "key", lambda: {}["absent"])
    child.register_error_handler(ZeroDivisionError, lambda error: "child's")
    parent.register_error_handler(LookupError, lambda error: "parent's")
    parent.register_error_handler(ZeroDivisionError, lambda error: "parent's")
    app.register_error_handler(KeyError, lambda error: "app's")
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    assert client.get("/child/zero").text == "child's"
    assert client.get("/child/key").text == "parent's"


def test_a_code_handler_of_the_app_goes_before_a_class_handler_of_a_blueprint(
    app, client, flask, part, make
):
    bp = make("part")
    bp.add_url_rule("/gone", "gone", lambda: flask.abort(404))
    bp.register_error_handler(
        part("exceptions").HTTPException, lambda error: ("part's", 404)
    )
    app.register_error_handler(404, lambda error: ("app's", 404))
    app.register_blueprint(bp)
    assert client.get("/gone").text == "app's"


# Templates and files.


def test_templates_of_the_app_go_before_those_of_a_blueprint(in_files, flask):
    app, bp = in_files
    bp.add_url_rule("/both", "both", lambda: flask.render_template("both.txt"))
    bp.add_url_rule(
        "/only", "only", lambda: flask.render_template("only.txt", name="part")
    )
    app.register_blueprint(bp)
    assert app.test_client().get("/part/both").text == "app's"
    assert app.test_client().get("/part/only").text == "only part"


def test_templates_of_a_blueprint_serve_the_whole_app(in_files, flask):
    app, bp = in_files
    app.register_blueprint(bp)
    with app.app_context():
        assert flask.render_template("only.txt", name="app") == "only app"
        assert set(app.jinja_env.list_templates()) == {"both.txt", "only.txt"}


def test_a_blueprint_has_static_files(in_files, flask):
    app, bp = in_files
    app.register_blueprint(bp)
    client = app.test_client()
    for path, text in (
        ("/part/files/file.txt", "part's file"),
        ("/static/file.txt", "app's file"),
    ):
        with client.get(path) as response:
            assert (response.status_code, response.text) == (200, text)
            assert response.mimetype == "text/plain"
    assert client.get("/part/files/absent.txt").status_code == 404
    assert client.get("/part/files/../data/notes.txt").status_code == 404
    with app.test_request_context():
        url = flask.url_for("part.static", filename="file.txt")
        assert url == "/part/files/file.txt"


def test_send_static_file_of_a_blueprint(in_files):
    app, bp = in_files
    bp.add_url_rule("/it", "it", lambda: bp.send_static_file("file.txt"))
    app.register_blueprint(bp)
    with app.test_client().get("/part/it") as response:
        assert response.text == "part's file"


def test_send_static_file_without_a_folder_is_an_error(app, flask, bp):
    with app.test_request_context(), pytest.raises(RuntimeError):
        bp.send_static_file("file.txt")


def test_the_static_url_path_can_be_another(flask, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.txt").write_text("a")
    app = flask.Flask("app", root_path=str(tmp_path))
    bp = flask.Blueprint(
        "part",
        __name__,
        root_path=str(tmp_path),
        static_folder="s",
        static_url_path="/assets",
    )
    app.register_blueprint(bp)
    with app.test_client().get("/assets/a.txt") as response:
        assert response.text == "a"


@pytest.mark.parametrize("mode", ["r", "rt", "rb"])
def test_open_resource_reads_below_the_root_path(in_files, mode):
    _, bp = in_files
    with bp.open_resource("data/notes.txt", mode) as file:
        assert file.read() == (b"notes" if mode == "rb" else "notes")


@pytest.mark.parametrize("mode", ["w", "a", "r+", "x"])
def test_open_resource_only_reads(in_files, mode):
    _, bp = in_files
    with pytest.raises(ValueError, match="."):
        bp.open_resource("data/notes.txt", mode)


# What a blueprint adds to templates.


def test_filters_tests_and_globals_are_of_the_whole_app(app, flask, bp):
    @bp.app_template_filter()
    def shout(text):
        return text.upper() + "!"

    @bp.app_template_filter("twice")
    def repeated(text):
        return text * 2

    @bp.app_template_test("tiny")
    def is_tiny(number):
        return number < 3

    @bp.app_template_global("answer")
    def give_answer():
        return 42

    bp.add_app_template_filter(lambda text: text[::-1], "reverted")
    bp.add_app_template_test(lambda number: number > 9, "big")
    bp.add_app_template_global(lambda: "hi", "greet")
    app.register_blueprint(bp)
    with app.app_context():
        text = flask.render_template_string(
            "{{ 'a'|shout }} {{ 'b'|twice }} {{ 1 is tiny }} {{ answer() }} "
            "{{ 'cd'|reverted }} {{ 1 is big }} {{ greet() }}"
        )
    assert text == "A! bb True 42 dc False hi"


def test_a_context_processor_concerns_the_blueprint_or_the_app(app, client, flask):
    bp = flask.Blueprint("part", __name__, url_prefix="/part")
    bp.context_processor(lambda: {"own": "own"})
    bp.app_context_processor(lambda: {"shared": "shared"})

    def show():
        return flask.render_template_string("[{{ own }}][{{ shared }}]")

    bp.add_url_rule("/", "show", show)
    app.add_url_rule("/", "show", show)
    app.register_blueprint(bp)
    assert client.get("/part/").text == "[own][shared]"
    assert client.get("/").text == "[][shared]"


# Registration.


def test_record_is_called_at_every_registration(app, bp):
    states = []
    bp.record(states.append)
    bp.record_once(lambda state: states.append("once"))
    app.register_blueprint(bp, url_prefix="/a", url_defaults={"x": 1})
    first, once = states
    assert once == "once"
    assert first.app is app
    assert first.blueprint is bp
    assert first.first_registration is True
    assert first.url_prefix == "/a"
    assert first.url_defaults == {"x": 1}
    assert first.options == {"url_prefix": "/a", "url_defaults": {"x": 1}}
    app.register_blueprint(bp, name="again")
    assert len(states) == 3
    assert states[2].first_registration is False


def test_a_state_adds_rules(app, client, bp):
    bp.record(lambda state: state.add_url_rule("/x", "x", lambda: "x"))
    app.register_blueprint(bp, url_prefix="/p")
    assert client.get("/p/x").text == "x"
    assert "part.x" in app.view_functions


@pytest.mark.parametrize(
    "change",
    [
        lambda bp: bp.add_url_rule("/late", "late", lambda: ""),
        lambda bp: bp.before_request(lambda: None),
        lambda bp: bp.app_errorhandler(404)(lambda error: ""),
        lambda bp: bp.record(lambda state: None),
        lambda bp: bp.context_processor(dict),
        lambda bp: bp.register_blueprint(type(bp)("late", __name__)),
    ],
)
def test_a_registered_blueprint_no_longer_changes(app, bp, change):
    app.register_blueprint(bp)
    with pytest.raises(AssertionError):
        change(bp)


def test_a_registration_after_the_first_request_is_refused(app, client, make):
    client.get("/")
    with pytest.raises(AssertionError):
        app.register_blueprint(make("late"))


def test_a_class_may_be_registered_in_its_own_way(app, client, flask):
    class Greeter(flask.Blueprint):
        def register(self, app, options):
            app.add_url_rule("/hi", "hi", lambda: options["greeting"])

    app.register_blueprint(Greeter("greeter", __name__), greeting="hello")
    assert client.get("/hi").text == "hello"


@pytest.mark.parametrize(
    ("options", "args"),
    [
        ({}, ["part", "hi"]),
        ({"cli_group": "tools"}, ["tools", "hi"]),
        ({"cli_group": None}, ["hi"]),
    ],
)
def test_commands_of_a_blueprint_are_in_its_group(app, flask, options, args):
    bp = flask.Blueprint("part", __name__, **options)

    @bp.cli.command("hi")
    def hi():
        print("hello")

    app.register_blueprint(bp)
    result = app.test_cli_runner().invoke(args=args)
    assert (result.exit_code, result.output) == (0, "hello\n")


def test_the_group_can_be_given_at_registration(app, bp):
    bp.cli.command("hi")(lambda: print("hello"))
    app.register_blueprint(bp, cli_group="given")
    assert app.test_cli_runner().invoke(args=["given", "hi"]).output == "hello\n"


def test_what_a_blueprint_knows_of_itself(flask):
    bp = flask.Blueprint(
        "part", __name__, url_prefix="/p", subdomain="s", root_path="/tmp"
    )
    assert bp.name == "part"
    assert bp.import_name == __name__
    assert bp.url_prefix == "/p"
    assert bp.subdomain == "s"
    assert bp.root_path == "/tmp"
    assert bp.has_static_folder is False
    assert bp.static_folder is None
    assert bp.jinja_loader is None
