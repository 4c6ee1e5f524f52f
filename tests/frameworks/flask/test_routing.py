"""Which view a URL reaches, and which URL a view has."""

import uuid

import pytest

ONE_UUID = "12345678-9abc-4def-8123-456789abcdef"


@pytest.fixture
def route(app):
    """Adds a rule whose view answers with its endpoint and arguments."""

    def add(rule, endpoint, **options):
        def view(**args):
            return {"endpoint": endpoint, "args": {k: str(v) for k, v in args.items()}}

        app.add_url_rule(
            rule, endpoint, app.view_functions.get(endpoint, view), **options
        )

    return add


@pytest.fixture
def matched(app):
    """``matched("/path")``: the endpoint and the values, types included."""
    return lambda path, **how: app.url_map.bind("example.org").match(path, **how)


@pytest.fixture
def url(app, flask):
    """``url_for`` inside a request for ``/``."""

    def build(*args, **values):
        with app.test_request_context("/"):
            return flask.url_for(*args, **values)

    return build


@pytest.fixture
def raw(app, flask):
    """Calls the app with ``PATH_INFO`` exactly as a server would pass it."""

    def get(path_info, query=""):
        with app.test_request_context("/") as ctx:
            environ = {**ctx.request.environ}
        environ |= {"PATH_INFO": path_info, "QUERY_STRING": query}
        start = []
        body = b"".join(app(environ, lambda *args: start.extend(args)))
        return flask.Response(body, *start[:2])

    return get


# Converters.


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        ("/<v>", "/abc", "abc"),
        ("/<v>", "/a.b-c", "a.b-c"),
        ("/<v>", "/a/b", None),
        ("/<v>", "/", None),
        ("/<string:v>", "/abc", "abc"),
        ("/<string(length=2):v>", "/de", "de"),
        ("/<string(length=2):v>", "/d", None),
        ("/<string(length=2):v>", "/deu", None),
        ("/<string(minlength=3):v>", "/ab", None),
        ("/<string(minlength=3):v>", "/abc", "abc"),
        ("/<string(maxlength=3):v>", "/abc", "abc"),
        ("/<string(maxlength=3):v>", "/abcd", None),
        ("/<string(minlength=2, maxlength=3):v>", "/abc", "abc"),
        ("/<string(minlength=2, maxlength=3):v>", "/a", None),
        ("/<int:v>", "/42", 42),
        ("/<int:v>", "/007", 7),
        ("/<int:v>", "/-1", None),
        ("/<int:v>", "/1.5", None),
        ("/<int:v>", "/x", None),
        ("/<int:v>", "/1_000", None),
        ("/<int(signed=True):v>", "/-1", -1),
        ("/<int(signed=True):v>", "/1", 1),
        ("/<int(min=3):v>", "/2", None),
        ("/<int(min=3):v>", "/3", 3),
        ("/<int(max=3):v>", "/3", 3),
        ("/<int(max=3):v>", "/4", None),
        ("/<int(min=0, max=9):v>", "/10", None),
        ("/<int(fixed_digits=4):v>", "/0042", 42),
        ("/<int(fixed_digits=4):v>", "/42", None),
        ("/<int(max=5, signed=True):v>", "/-6", -6),
        ("/<float:v>", "/1.5", 1.5),
        ("/<float:v>", "/1", None),
        ("/<float:v>", "/.5", None),
        ("/<float:v>", "/-1.5", None),
        ("/<float(signed=True):v>", "/-1.5", -1.5),
        ("/<float(max=2.5):v>", "/2.6", None),
        ("/<float(min=0.5):v>", "/0.4", None),
        ("/<path:v>", "/a", "a"),
        ("/<path:v>", "/a/b/c", "a/b/c"),
        ("/<path:v>", "/", None),
        ("/<any(about, help):v>", "/about", "about"),
        ("/<any(about, help):v>", "/helpx", None),
        ("/<any(about, help):v>", "/contact", None),
        ('/<any("a,b", "c d"):v>', "/a,b", "a,b"),
        ('/<any("a,b", "c d"):v>', "/c d", "c d"),
        ("/<uuid:v>", f"/{ONE_UUID}", uuid.UUID(ONE_UUID)),
        ("/<uuid:v>", f"/{ONE_UUID.upper()}", uuid.UUID(ONE_UUID)),
        ("/<uuid:v>", f"/{ONE_UUID}0", None),
        ("/<uuid:v>", "/not-a-uuid", None),
    ],
)
def test_a_converter_takes_its_values_only(part, route, matched, rule, path, value):
    route(rule, "view")

    if value is None:
        with pytest.raises(part("exceptions").NotFound):
            matched(path)
    else:
        assert matched(path) == ("view", {"v": value})
        assert type(matched(path)[1]["v"]) is type(value)


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        ("/<v>", "abc", "/abc"),
        ("/<v>", 3, "/3"),
        ("/<v>", "a b", "/a%20b"),
        ("/<v>", "a/b", "/a/b"),
        ("/<v>", "ä", "/%C3%A4"),
        ("/<v>", "50%?#", "/50%25%3F%23"),
        ("/<v>", "a,b:c@d+e", "/a,b:c@d+e"),
        ("/<int:v>", 42, "/42"),
        ("/<int:v>", "42", "/42"),
        ("/<int(fixed_digits=4):v>", 42, "/0042"),
        ("/<float:v>", 1, "/1.0"),
        ("/<float:v>", 1.5, "/1.5"),
        ("/<path:v>", "a/b c", "/a/b%20c"),
        ("/<any(x, y):v>", "x", "/x"),
        ("/<uuid:v>", uuid.UUID(ONE_UUID), f"/{ONE_UUID}"),
    ],
)
def test_a_converter_writes_its_value_into_the_url(route, url, rule, value, expected):
    route(rule, "view")

    assert url("view", v=value) == expected


@pytest.mark.parametrize(
    ("rule", "value"), [("/<int:v>", "x"), ("/<float:v>", "x"), ("/<any(x, y):v>", "z")]
)
def test_a_value_its_converter_cannot_write_is_an_error(route, url, rule, value):
    route(rule, "view")

    with pytest.raises(ValueError, match=value):
        url("view", v=value)


def test_an_unknown_converter_is_an_error_when_the_rule_is_added(route):
    with pytest.raises(LookupError):
        route("/<nothing:v>", "view")


@pytest.mark.parametrize("rule", ["no-slash", "/<v"])
def test_a_malformed_rule_is_an_error_when_it_is_added(route, rule):
    with pytest.raises(ValueError, match=r"\w"):
        route(rule, "view")


def test_a_variable_twice_in_a_rule_is_an_error(route):
    with pytest.raises((ValueError, SyntaxError), match="a"):
        route("/<a>/<a>", "view")


def test_a_custom_converter_changes_values_both_ways(app, part, route, matched, url):
    class ListConverter(part("routing").BaseConverter):
        def to_python(self, value):
            return value.split("+")

        def to_url(self, value):
            return "+".join(super(ListConverter, self).to_url(v) for v in value)

    app.url_map.converters["list"] = ListConverter
    route("/<list:v>", "view")

    assert matched("/a+b") == ("view", {"v": ["a", "b"]})
    assert url("view", v=["a", "b c"]) == "/a+b%20c"


def test_a_custom_converter_gets_the_arguments_in_the_rule(app, part, route, matched):
    got = []

    class Spy(part("routing").BaseConverter):
        def __init__(self, url_map, *args, **kwargs):
            super().__init__(url_map)
            got.append((url_map, args, kwargs))

    app.url_map.converters["spy"] = Spy
    route("/<spy(1, 2.5, word, 'a b', None, flag=True, n=3):v>", "view")

    assert got[0] == (
        app.url_map,
        (1, 2.5, "word", "a b", None),
        {"flag": True, "n": 3},
    )
    assert matched("/x") == ("view", {"v": "x"})


def test_a_converter_with_a_regex_takes_what_the_regex_takes(app, part, route, matched):
    class Year(part("routing").BaseConverter):
        regex = r"[12][0-9]{3}"
        to_python = staticmethod(int)

    app.url_map.converters["year"] = Year
    route("/<year:v>", "year")
    route("/<v>", "word")

    assert matched("/1999") == ("year", {"v": 1999})
    assert matched("/3999") == ("word", {"v": "3999"})


def test_a_validation_error_is_not_found_without_trying_another_rule(
    app, part, route, matched
):
    routing = part("routing")

    class Even(routing.BaseConverter):
        weight = 10

        def to_python(self, value):
            if not value.isdigit() or int(value) % 2:
                raise routing.ValidationError
            return int(value)

    app.url_map.converters["even"] = Even
    route("/<v>", "word")
    route("/<even:v>", "even")

    assert matched("/2") == ("even", {"v": 2})
    with pytest.raises(part("exceptions").NotFound):
        matched("/3")


def test_a_converter_whose_regex_has_a_slash_spans_segments(app, part, route, matched):
    class Pair(part("routing").BaseConverter):
        regex = "[a-z]+/[a-z]+"

    app.url_map.converters["pair"] = Pair
    route("/<pair:v>/end", "view")

    assert matched("/a/b/end") == ("view", {"v": "a/b"})


# Which of several rules.


PRIORITY = [
    ("/new", "literal"),
    ("/<int:v>", "int"),
    ("/<v>", "word"),
    ("/<path:v>", "path"),
    ("/a/<v>", "under a"),
    ("/a/<path:v>", "path under a"),
    ("/<path:v>/edit", "edit path"),
]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/new", "literal"),
        ("/3", "int"),
        ("/x", "word"),
        ("/x/y", "path"),
        ("/a/y", "under a"),
        ("/a/y/z", "path under a"),
        ("/a/edit", "under a"),
        ("/x/y/edit", "edit path"),
    ],
)
def test_the_most_specific_rule_wins_in_any_order(client, route, order, path, endpoint):
    for rule, name in PRIORITY[::order]:
        route(rule, name)

    assert client.get(path).json["endpoint"] == endpoint


def test_text_after_a_path_counts_for_more_than_a_segment(client, route):
    route("/<v>/edit", "segment")
    route("/<path:v>/edit", "path")

    assert client.get("/x/edit").json["endpoint"] == "path"


def test_of_two_equal_rules_the_first_wins(client, route):
    route("/<a>", "first")
    route("/<b>", "second")

    assert client.get("/x").json == {"endpoint": "first", "args": {"a": "x"}}


@pytest.mark.parametrize(
    ("rule", "path", "values"),
    [
        ("/<a>-<b>.<ext>", "/x-y.png", {"a": "x", "b": "y", "ext": "png"}),
        ("/<a>-<b>.<ext>", "/xy.png", None),
        ("/<a>-<b>.<ext>", "/x-.png", None),
        ("/<int:y>-<int:m>", "/2024-05", {"y": 2024, "m": 5}),
        ("/<int:y>-<int:m>", "/2024-x", None),
        ("/@<name>", "/@ann", {"name": "ann"}),
        ("/@<name>", "/ann", None),
        ("/v<int:n>/x", "/v2/x", {"n": 2}),
        ("/<name>.txt", "/a.txt", {"name": "a"}),
        ("/<name>.txt", "/aXtxt", None),
        ("/<path:p>/<name>", "/a/b/c", {"p": "a/b", "name": "c"}),
        ("/<path:p>.<ext>", "/a/b.c", {"p": "a/b", "ext": "c"}),
        ("/a+b(c)", "/a+b(c)", {}),
        ("/a+b(c)", "/aab(c)", None),
        ("/<a>/<b>", "/x/y", {"a": "x", "b": "y"}),
    ],
)
def test_a_segment_may_mix_text_and_variables(part, route, matched, rule, path, values):
    route(rule, "view")

    if values is None:
        with pytest.raises(part("exceptions").NotFound):
            matched(path)
    else:
        assert matched(path) == ("view", values)


def test_matching_goes_back_when_the_specific_branch_ends_nowhere(client, route):
    route("/a/b/c", "static")
    route("/<x>/b/d", "variable")

    assert client.get("/a/b/d").json == {"endpoint": "variable", "args": {"x": "a"}}


# Defaults, aliases, redirects, rules that are only built.


def paginated(route):
    route("/all/", "all", defaults={"page": 1})
    route("/all/page/<int:page>", "all")


def test_defaults_are_passed_to_the_view(client, route):
    paginated(route)

    assert client.get("/all/").json["args"] == {"page": "1"}
    assert client.get("/all/page/2").json["args"] == {"page": "2"}


def test_a_url_that_spells_out_the_defaults_redirects_to_the_short_one(client, route):
    paginated(route)
    response = client.get("/all/page/1?q=x")

    assert response.status_code == 308
    assert response.location == "http://localhost/all/?q=x"


def test_url_for_leaves_out_the_defaults(route, url):
    paginated(route)

    assert url("all", page=1) == "/all/"
    assert url("all") == "/all/"
    assert url("all", page=2) == "/all/page/2"


def test_redirecting_defaults_can_be_turned_off(app, client, route):
    app.url_map.redirect_defaults = False
    paginated(route)

    assert client.get("/all/page/1").json["args"] == {"page": "1"}


def test_an_alias_redirects_to_its_canonical_url(client, route, url):
    route("/page/<v>", "page")
    route("/old/<v>", "page", alias=True)
    response = client.get("/old/x")

    assert (response.status_code, response.location) == (308, "http://localhost/page/x")
    assert url("page", v="x") == "/page/x"


def test_redirect_to_fills_in_the_values(client, route):
    route("/old/<int:v>", "old", redirect_to="/new/<v>")
    response = client.get("/old/3")

    assert (response.status_code, response.location) == (308, "http://localhost/new/3")


def test_redirect_to_calls_a_function(client, route):
    def target(adapter, v):
        return adapter.build("new", {"v": v + 1})

    route("/new/<int:v>", "new")
    route("/old/<int:v>", "old", redirect_to=target)
    response = client.get("/old/3")

    assert (response.status_code, response.location) == (308, "http://localhost/new/4")


def test_a_build_only_rule_is_never_matched(client, route, url):
    route("/assets/<v>", "asset", build_only=True)

    assert url("asset", v="x.js") == "/assets/x.js"
    assert client.get("/assets/x.js").status_code == 404


# Slashes.


def test_a_missing_slash_redirects(client, route):
    route("/dir/", "dir")
    response = client.get("/dir")

    assert (response.status_code, response.location) == (308, "http://localhost/dir/")


def test_a_slash_redirect_keeps_the_query(client, route):
    route("/dir/", "dir")

    assert client.get("/dir?a=1&b=%20").location == "http://localhost/dir/?a=1&b=%20"


def test_a_slash_redirect_keeps_method_and_body(app, client, flask):
    @app.post("/dir/")
    def save():
        return flask.request.form["a"]

    assert client.post("/dir", data={"a": "1"}, follow_redirects=True).text == "1"


def test_a_slash_redirect_keeps_the_script_name(client, route):
    route("/dir/", "dir")
    response = client.get("/dir", base_url="https://example.org/app")

    assert response.location == "https://example.org/app/dir/"


def test_a_slash_redirect_quotes_the_path(client, route):
    route("/<v>/", "dir")

    assert client.get("/%C3%A4 b").location == "http://localhost/%C3%A4%20b/"


def test_a_slash_too_many_is_not_found(client, route):
    route("/leaf", "leaf")

    assert client.get("/leaf/").status_code == 404


@pytest.mark.parametrize("path", ["/dir", "/dir/"])
def test_a_rule_that_is_not_strict_takes_both(client, route, path):
    route("/dir/", "dir", strict_slashes=False)

    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/dir", "/dir/", "/leaf", "/leaf/"])
def test_a_map_that_is_not_strict_takes_both(app, client, route, path):
    app.url_map.strict_slashes = False
    route("/dir/", "dir")
    route("/leaf", "leaf")

    assert client.get(path).status_code == 200


def test_both_forms_may_be_different_views(client, route):
    route("/x", "leaf")
    route("/x/", "dir")

    assert client.get("/x").json["endpoint"] == "leaf"
    assert client.get("/x/").json["endpoint"] == "dir"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a//b", "/a/b"),
        ("/a///b", "/a/b"),
        ("/a//b?q=1", "/a/b?q=1"),
    ],
)
def test_repeated_slashes_redirect_to_one(client, route, path, target):
    route("/a/b", "view")
    response = client.get(f"http://localhost{path}")

    assert (response.status_code, response.location) == (
        308,
        f"http://localhost{target}",
    )


@pytest.mark.parametrize("slashes", [2, 3, 10_000])
def test_leading_slashes_count_as_one(raw, route, slashes):
    route("/a/b", "view")

    assert raw("/" * slashes + "a/b").status_code == 200


def test_repeated_slashes_that_lead_nowhere_are_not_found(client, route):
    route("/a/b", "view")

    assert client.get("/a//c").status_code == 404


def test_merging_slashes_can_be_turned_off(app, client, route):
    route("/<path:v>", "view", merge_slashes=False)

    assert client.get("/a//b").json["args"] == {"v": "a//b"}


def test_a_map_that_does_not_merge_slashes_finds_nothing(app, client, route):
    app.url_map.merge_slashes = False
    route("/a/b", "view")

    assert client.get("/a//b").status_code == 404


# Methods.


def test_head_comes_with_get_and_has_no_body(client, route):
    route("/", "view")
    response = client.head("/")

    assert (response.status_code, response.data) == (200, b"")
    assert response.content_length == client.get("/").content_length > 0


@pytest.mark.parametrize(
    ("methods", "allowed"),
    [
        (None, {"GET", "HEAD", "OPTIONS"}),
        (["POST"], {"POST", "OPTIONS"}),
        (["get", "post"], {"GET", "HEAD", "OPTIONS", "POST"}),
        (("PUT", "DELETE"), {"PUT", "DELETE", "OPTIONS"}),
    ],
)
def test_options_and_405_tell_the_allowed_methods(client, route, methods, allowed):
    route("/", "view", methods=methods)
    options, refused = client.options("/"), client.open("/", method="PATCH")

    assert (options.status_code, options.data) == (200, b"")
    assert set(options.allow) == allowed
    assert refused.status_code == 405
    assert set(refused.allow) == allowed


def test_a_view_may_answer_options_itself(app, client):
    @app.route("/", methods=["GET", "OPTIONS"])
    def view():
        return "mine"

    assert client.options("/").text == "mine"


def test_automatic_options_can_be_turned_off(client, route):
    route("/", "view", provide_automatic_options=False)
    response = client.options("/")

    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD"}


def test_automatic_options_can_be_turned_off_for_the_app(app, client, route):
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    route("/", "view")

    assert client.options("/").status_code == 405


def test_methods_as_a_string_are_an_error(route):
    with pytest.raises(TypeError):
        route("/", "view", methods="POST")


def test_a_path_may_be_split_by_method(client, route):
    route("/x", "read", methods=["GET"])
    route("/x", "write", methods=["POST", "PUT"])

    assert client.get("/x").json["endpoint"] == "read"
    assert client.post("/x").json["endpoint"] == "write"
    assert set(client.delete("/x").allow) == {"GET", "HEAD", "OPTIONS", "POST", "PUT"}
    assert set(client.options("/x").allow) == {"GET", "HEAD", "OPTIONS", "POST", "PUT"}


def test_the_method_decides_before_the_priority(client, route):
    route("/new", "literal", methods=["GET"])
    route("/<v>", "word", methods=["POST"])

    assert client.get("/new").json["endpoint"] == "literal"
    assert client.post("/new").json["endpoint"] == "word"
    assert client.get("/other").status_code == 405


def test_a_method_nobody_knows_is_not_allowed(client, route):
    route("/", "view")

    assert client.open("/", method="BREW").status_code == 405
    assert client.open("/nothing", method="BREW").status_code == 404


# Hosts.


@pytest.fixture
def subdomains(flask):
    app = flask.Flask("subdomains", subdomain_matching=True, static_folder=None)
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/", "api", lambda: "api", subdomain="api")
    app.add_url_rule("/", "user", lambda user: f"user {user}", subdomain="<user>")
    return app


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("example.org", "home"),
        ("api.example.org", "api"),
        ("ann.example.org", "user ann"),
        ("a.b.example.org", "user a.b"),
    ],
)
def test_a_rule_may_belong_to_a_subdomain(subdomains, host, text):
    response = subdomains.test_client().get("/", base_url=f"http://{host}")

    assert response.text == text


def test_url_for_goes_to_the_subdomain(subdomains, flask):
    with subdomains.test_request_context("/"):
        assert flask.url_for("home") == "/"
        assert flask.url_for("api") == "http://api.example.org/"
        assert flask.url_for("user", user="ann") == "http://ann.example.org/"
    with subdomains.test_request_context("/", subdomain="api"):
        assert flask.url_for("api") == "/"
        assert flask.url_for("home") == "http://example.org/"


def test_host_matching_looks_at_the_whole_host(flask):
    app = flask.Flask("hosts", host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", lambda: "one", host="one.org")
    app.add_url_rule("/", "any", lambda name: f"any {name}", host="<name>.net:8080")
    client = app.test_client()

    assert client.get("/", base_url="http://one.org").text == "one"
    assert client.get("/", base_url="http://x.net:8080").text == "any x"
    assert client.get("/", base_url="http://x.net").status_code == 404
    with app.test_request_context("/", base_url="http://one.org"):
        assert flask.url_for("one") == "/"
        assert flask.url_for("any", name="x") == "http://x.net:8080/"


def test_host_matching_needs_a_static_host_for_static_files(flask):
    with pytest.raises(AssertionError):
        flask.Flask("hosts", host_matching=True, static_folder="static")
    flask.Flask(
        "hosts", host_matching=True, static_folder="static", static_host="cdn.org"
    )


# Building URLs.


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"v": "x"}, "/x"),
        ({"v": "x", "q": "1"}, "/x?q=1"),
        ({"v": "x", "q": 1, "r": 2}, "/x?q=1&r=2"),
        ({"v": "x", "q": ["a", "b"]}, "/x?q=a&q=b"),
        ({"v": "x", "q": ("a", None, "b")}, "/x?q=a&q=b"),
        ({"v": "x", "q": []}, "/x"),
        ({"v": "x", "q": None}, "/x"),
        ({"v": "x", "q": ""}, "/x?q="),
        ({"v": "x", "q": "a b&c=ä"}, "/x?q=a+b%26c%3D%C3%A4"),
        ({"v": "x", "q": True}, "/x?q=True"),
        ({"v": "x", "_anchor": "top"}, "/x#top"),
        ({"v": "x", "_anchor": "a b"}, "/x#a%20b"),
        ({"v": "x", "q": "1", "_anchor": "ä"}, "/x?q=1#%C3%A4"),
        ({"v": "x", "_external": True}, "http://localhost/x"),
        ({"v": "x", "_scheme": "https"}, "https://localhost/x"),
        ({"v": "x", "_scheme": "https", "_external": True}, "https://localhost/x"),
        ({"v": "x", "_scheme": "", "_external": True}, "//localhost/x"),
        ({"v": "x", "_method": "POST"}, "/write/x"),
    ],
)
def test_url_for_writes_its_values(route, url, values, expected):
    route("/<v>", "view", methods=["GET"])
    route("/write/<v>", "view", methods=["POST"])

    assert url("view", **values) == expected


def test_a_scheme_without_external_is_an_error(route, url):
    route("/", "view")

    with pytest.raises(ValueError, match="_external"):
        url("view", _scheme="https", _external=False)


def test_the_static_text_of_a_rule_is_quoted(client, route, url):
    route("/ä b/x", "view")

    assert url("view") == "/%C3%A4%20b/x"
    assert client.get("/%C3%A4%20b/x").status_code == 200


def test_a_list_for_a_variable_gives_its_first_value(app, route, part):
    route("/<v>", "view")
    values = part("datastructures").MultiDict([("v", "a"), ("q", "1"), ("q", "2")])

    built = app.url_map.bind("example.org").build("view", values)
    assert built == "/a?q=1&q=2"


def test_the_rule_is_chosen_by_the_given_values(route, url):
    route("/", "view")
    route("/<a>", "view")
    route("/<a>/<b>", "view")

    assert url("view") == "/"
    assert url("view", a=1) == "/1"
    assert url("view", a=1, b=2) == "/1/2"
    assert url("view", b=2) == "/?b=2"


def test_a_none_for_a_variable_is_as_if_left_out(route, url):
    route("/", "view")
    route("/<a>", "view")

    assert url("view", a=None) == "/"


def test_the_script_name_is_in_front(app, flask, route):
    route("/x", "view")

    with app.test_request_context("/", base_url="http://h:5000/app/"):
        assert flask.url_for("view") == "/app/x"
        assert flask.url_for("view", _external=True) == "http://h:5000/app/x"


def test_outside_a_request_urls_are_external_and_need_the_server_name(
    app, flask, route
):
    route("/x", "view")
    with app.app_context(), pytest.raises(RuntimeError):
        flask.url_for("view")

    app.config.update(
        SERVER_NAME="example.org",
        APPLICATION_ROOT="/app",
        PREFERRED_URL_SCHEME="https",
    )
    with app.app_context():
        assert flask.url_for("view") == "https://example.org/app/x"
        assert flask.url_for("view", _external=False) == "/app/x"


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [("nothing", {}), ("view", {}), ("view", {"x": 1}), ("view", {"_method": "PUT"})],
)
def test_a_url_that_cannot_be_built_is_a_build_error(
    part, route, url, endpoint, values
):
    route("/<v>", "view")

    with pytest.raises(part("routing").BuildError) as caught:
        url(endpoint, **values)
    assert caught.value.endpoint == endpoint
    assert isinstance(caught.value, LookupError)


def test_a_build_error_suggests_a_similar_endpoint(part, route, url):
    route("/", "profile")

    with pytest.raises(part("routing").BuildError) as caught:
        url("profil")
    assert caught.value.suggested.endpoint == "profile"
    assert "profile" in str(caught.value)


def test_build_error_handlers_are_asked_in_turn(app, url):
    asked = []

    @app.url_build_error_handlers.append
    def pass_on(error, endpoint, values):
        asked.append(endpoint)

    app.url_build_error_handlers.append(
        lambda error, endpoint, values: f"/elsewhere/{values['v']}"
    )

    assert url("nothing", v=1) == "/elsewhere/1"
    assert asked == ["nothing"]


def test_a_dot_means_the_own_blueprint(app, client, flask):
    bp = flask.Blueprint("shop", "shop", url_prefix="/shop")
    app.add_url_rule("/", "index", lambda: "")
    bp.add_url_rule("/", "index", lambda: flask.url_for(".index"))
    bp.add_url_rule("/out", "out", lambda: flask.url_for("index"))
    app.register_blueprint(bp)

    assert client.get("/shop/").text == "/shop/"
    assert client.get("/shop/out").text == "/"


# The map and its adapter.


def test_the_rules_can_be_listed(app, route):
    route("/a/<int:x>-<y>", "view", methods=["POST"], defaults={"z": 1})
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}

    rule = rules["view"]
    assert rule.rule == "/a/<int:x>-<y>"
    assert rule.methods == {"POST", "OPTIONS"}
    assert rule.arguments == {"x", "y", "z"}
    assert rule.defaults == {"z": 1}
    assert rule.is_leaf
    assert rules["static"].rule == "/static/<path:filename>"
    assert [rule] == list(app.url_map.iter_rules("view"))


def test_the_map_knows_which_endpoints_expect_which_arguments(app, route):
    route("/<x>", "view")

    assert app.url_map.is_endpoint_expecting("view", "x")
    assert not app.url_map.is_endpoint_expecting("view", "y")


def test_an_adapter_matches(app, part, route):
    route("/<int:x>", "view")
    adapter = app.url_map.bind("example.org")

    assert adapter.match("/3") == ("view", {"x": 3})
    assert adapter.match("/3", method="HEAD") == ("view", {"x": 3})
    rule, values = adapter.match("/3", return_rule=True)
    assert (rule.endpoint, values) == ("view", {"x": 3})
    with pytest.raises(part("exceptions").NotFound):
        adapter.match("/x")
    with pytest.raises(part("exceptions").MethodNotAllowed) as caught:
        adapter.match("/3", method="POST")
    assert set(caught.value.valid_methods) == {"GET", "HEAD", "OPTIONS"}


def test_an_adapter_raises_redirects(app, part, route):
    route("/dir/", "dir")

    with pytest.raises(part("routing").RequestRedirect) as caught:
        app.url_map.bind("example.org", "/app").match("/dir", query_args={"a": "1"})
    assert caught.value.new_url == "http://example.org/app/dir/?a=1"
    assert caught.value.code == 308


def test_an_adapter_tests(app, route):
    route("/<int:x>", "view")
    route("/dir/", "dir")
    adapter = app.url_map.bind("example.org")

    assert adapter.test("/3")
    assert not adapter.test("/3", "POST")
    assert not adapter.test("/x")
    assert adapter.test("/dir")


def test_an_adapter_tells_the_allowed_methods(app, route):
    route("/x", "read", methods=["GET"])
    route("/x", "write", methods=["POST"])
    adapter = app.url_map.bind("example.org")

    assert set(adapter.allowed_methods("/x")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert list(adapter.allowed_methods("/y")) == []


def test_an_adapter_builds(app, route):
    route("/x", "view")
    route("/z", "view", methods=["PUT"])
    adapter = app.url_map.bind("example.org", "/app", url_scheme="https")

    assert adapter.build("view") == "/app/x"
    assert adapter.build("view", {"q": 1}) == "/app/x?q=1"
    assert adapter.build("view", {"q": 1}, append_unknown=False) == "/app/x"
    assert adapter.build("view", method="PUT") == "/app/z"
    assert adapter.build("view", force_external=True) == "https://example.org/app/x"
    assert adapter.build("view", url_scheme="http", force_external=True) == (
        "http://example.org/app/x"
    )


def test_an_adapter_can_be_bound_to_an_environ(app, route):
    route("/<x>", "view")
    with app.test_request_context("/abc", base_url="http://h:81/app") as ctx:
        adapter = app.url_map.bind_to_environ(ctx.request.environ)

    assert adapter.match() == ("view", {"x": "abc"})
    assert adapter.build("view", {"x": 1}, force_external=True) == "http://h:81/app/1"


@pytest.mark.parametrize(
    "value", ["//evil.com", "/evil.com", "\\evil.com", "@evil.com"]
)
def test_a_value_cannot_make_a_url_of_another_host(route, url, value):
    route("/<path:v>", "view")

    assert url("view", v=value, _external=True).startswith("http://localhost/")


# Bad input.


@pytest.mark.parametrize(
    "path_info", ["/\xff", "/\xc3", "/a\xe2\x28b", "/\x00", "/\x00\x00/", "/%", "/%zz"]
)
def test_a_path_that_is_not_utf8_is_an_ordinary_value(raw, route, path_info):
    route("/word/<v>", "word")
    route("/x/", "dir")

    assert raw(path_info).status_code == 404
    assert raw(f"/word{path_info.rstrip('/')}").status_code == 200


@pytest.mark.parametrize(
    ("path_info", "value"),
    [("/\xc3\xa4", "ä"), ("/\xff", "\ufffd"), ("/a\xc3", "a\ufffd"), ("/%41", "%41")],
)
def test_a_path_is_decoded_as_utf8_and_replaced_where_it_is_not(
    app, raw, flask, path_info, value
):
    app.add_url_rule("/<v>", "view", lambda v: [v, flask.request.path])

    assert raw(path_info).json == [value, f"/{value}"]


def test_a_nul_reaches_the_view_as_it_is(app, client):
    app.add_url_rule("/<v>", "view", lambda v: f"{ord(v[-1])}")

    assert client.get("/a%00").text == "0"


@pytest.mark.parametrize("path_info", ["/" * 10_000, "/" * 10_000 + "x", "/a" * 5_000])
def test_a_very_long_path_is_answered(raw, route, path_info):
    route("/a/<v>", "one")
    route("/dir/", "dir")

    assert raw(path_info).status_code == 404


def test_ten_thousand_slashes_are_merged(raw, route):
    route("/x/y", "view")
    response = raw("/x" + "/" * 10_000 + "y")

    assert (response.status_code, response.location) == (308, "http://localhost/x/y")


@pytest.mark.parametrize(
    "path_info",
    [
        "//evil.com",
        "///evil.com",
        "//evil.com/%2e%2e",
        "/\\evil.com",
        "//user@evil.com",
        "//evil.com\\",
        "/\t/evil.com",
        "http://evil.com",
        "//evil.com//",
    ],
)
@pytest.mark.parametrize("rule", ["/<path:v>/", "/<v>/"])
def test_a_redirect_never_leaves_the_host(raw, route, rule, path_info):
    route(rule, "view")
    response = raw(path_info)

    assert response.status_code in {200, 308, 404}
    if response.status_code == 308:
        assert response.location.startswith("http://localhost/")


def test_a_newline_in_a_path_cannot_split_the_redirect(raw, route):
    route("/<v>/", "view")
    response = raw("/a\r\nX-Evil: 1")

    assert response.status_code in {308, 404}
    assert "X-Evil" not in response.headers
    assert "\n" not in (response.location or "")
