"""HTTP errors: how they are raised, and the answers they are."""

from datetime import UTC, datetime

import pytest

CODES = {
    "BadRequest": 400,
    "BadRequestKeyError": 400,
    "ClientDisconnected": 400,
    "SecurityError": 400,
    "BadHost": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "RequestTimeout": 408,
    "Conflict": 409,
    "Gone": 410,
    "LengthRequired": 411,
    "PreconditionFailed": 412,
    "RequestEntityTooLarge": 413,
    "RequestURITooLarge": 414,
    "UnsupportedMediaType": 415,
    "RequestedRangeNotSatisfiable": 416,
    "ExpectationFailed": 417,
    "ImATeapot": 418,
    "MisdirectedRequest": 421,
    "UnprocessableEntity": 422,
    "Locked": 423,
    "FailedDependency": 424,
    "PreconditionRequired": 428,
    "TooManyRequests": 429,
    "RequestHeaderFieldsTooLarge": 431,
    "UnavailableForLegalReasons": 451,
    "InternalServerError": 500,
    "NotImplemented": 501,
    "BadGateway": 502,
    "ServiceUnavailable": 503,
    "GatewayTimeout": 504,
    "HTTPVersionNotSupported": 505,
}
UNIQUE = sorted(set(CODES.values()))


@pytest.fixture
def exceptions(part):
    return part("exceptions")


@pytest.fixture
def answer(app):
    """``answer(error)``: what a client gets when a view raises it."""

    def ask(error, **options):
        def view():
            raise error

        app.add_url_rule("/", "view", view)
        return app.test_client().get("/", **options)

    return ask


# The classes.


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_every_error_has_a_code_a_name_and_a_description(exceptions, name, code):
    cls = getattr(exceptions, name)
    error = cls()

    assert issubclass(cls, exceptions.HTTPException)
    assert cls.code == error.code == code
    assert error.name
    assert error.description
    assert error.response is None
    assert str(code) in str(error)
    assert error.name in str(error)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (400, "Bad Request"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (418, "I'm a teapot"),
        (500, "Internal Server Error"),
    ],
)
def test_the_name_is_the_phrase_of_the_status(exceptions, code, name):
    assert exceptions.default_exceptions[code]().name == name


def test_the_table_has_every_code(exceptions):
    table = exceptions.default_exceptions

    assert sorted(table) == UNIQUE
    assert {code: cls.code for code, cls in table.items()} == {c: c for c in UNIQUE}
    assert table[400] is exceptions.BadRequest
    assert table[404] is exceptions.NotFound


@pytest.mark.parametrize("code", UNIQUE)
def test_every_error_is_an_answer(exceptions, answer, code):
    response = answer(exceptions.default_exceptions[code]())

    assert response.status_code == code
    assert response.mimetype == "text/html"
    assert str(code) in response.text


def test_an_error_may_have_a_description_of_its_own(exceptions, answer):
    error = exceptions.NotFound("no such thing")

    assert error.description == "no such thing"
    assert "no such thing" in str(error)
    assert "no such thing" in error.get_description()
    assert "no such thing" in answer(error).text


def test_the_default_description_stays_on_the_class(exceptions):
    default = exceptions.NotFound.description
    exceptions.NotFound("other")

    assert exceptions.NotFound().description == default


@pytest.mark.parametrize(
    ("description", "hidden", "shown"),
    [
        ("<script>alert(1)</script>", "<script>", "&lt;script&gt;"),
        ("a & b", "a & b", "a &amp; b"),
        ('"quoted"', '"quoted"', "quoted"),
    ],
)
def test_the_description_is_escaped(exceptions, answer, description, hidden, shown):
    text = answer(exceptions.BadRequest(description)).text

    assert hidden not in text
    assert shown in text


def test_the_parts_of_an_answer(exceptions):
    error = exceptions.Forbidden("mine")
    body, headers = error.get_body(), dict(error.get_headers())

    assert "mine" in body
    assert "403" in body
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    response = error.get_response()
    assert response.status_code == 403
    assert response.get_data(as_text=True) == body


def test_an_error_is_a_wsgi_application(app, exceptions):
    with app.test_request_context("/") as ctx:
        environ = dict(ctx.request.environ)
    started = []
    body = exceptions.Gone("mine")(environ, lambda *args: started.extend(args))

    assert b"mine" in b"".join(body)
    assert started[0].startswith("410 ")


def test_the_answer_to_head_has_no_body(client):
    response = client.head("/nothing")

    assert (response.status_code, response.data) == (404, b"")


# Errors of one's own.


def test_an_error_of_ones_own_has_its_own_code(exceptions, answer):
    class Payment(exceptions.HTTPException):
        code = 402
        description = "Please pay."

    response = answer(Payment())

    assert response.status_code == 402
    assert "Please pay." in response.text
    assert "Payment Required" in response.status.title()


def test_a_code_nobody_knows_is_possible(exceptions, answer):
    class Odd(exceptions.HTTPException):
        code = 499
        description = "odd"

    assert answer(Odd()).status_code == 499


def test_a_subclass_has_the_handlers_of_its_code(app, exceptions, answer):
    class Missing(exceptions.NotFound):
        pass

    app.register_error_handler(404, lambda error: (type(error).__name__, 404))
    response = answer(Missing())

    assert (response.status_code, response.text) == (404, "Missing")


def test_a_handler_for_a_subclass_wins(app, exceptions, answer):
    class Missing(exceptions.NotFound):
        pass

    app.register_error_handler(404, lambda error: "404")
    app.register_error_handler(Missing, lambda error: "missing")

    assert answer(Missing()).text == "missing"


def test_an_error_may_bring_other_headers(exceptions, answer):
    class Custom(exceptions.Forbidden):
        def get_headers(self, *args, **kwargs):
            return [*super().get_headers(*args, **kwargs), ("X-Reason", "mine")]

        def get_body(self, *args, **kwargs):
            return "short"

    response = answer(Custom())
    assert response.headers["X-Reason"] == "mine"
    assert response.text == "short"


def test_an_error_without_a_code_is_only_the_class_above_all(exceptions):
    assert exceptions.HTTPException.code is None
    assert exceptions.HTTPException.description is None


# Answers instead of errors.


def test_an_error_may_carry_its_answer(exceptions, answer, flask):
    response = flask.Response("made", 203, {"X-A": "1"})
    got = answer(exceptions.NotFound(response=response))

    assert (got.status_code, got.text, got.headers["X-A"]) == (203, "made", "1")


def test_aborting_with_a_response_sends_it(app, client, flask):
    app.add_url_rule("/", "view", lambda: flask.abort(flask.Response("made", 203)))
    response = client.get("/")

    assert (response.status_code, response.text) == (203, "made")


def test_aborting_with_a_redirect_sends_it(app, client, flask):
    app.add_url_rule("/", "view", lambda: flask.abort(flask.redirect("/x")))
    response = client.get("/")

    assert (response.status_code, response.location) == (302, "/x")


def test_an_answer_without_a_code_skips_the_handlers(app, client, flask, exceptions):
    app.register_error_handler(exceptions.HTTPException, lambda error: "handled")
    app.add_url_rule("/", "view", lambda: flask.abort(flask.Response("made")))

    assert client.get("/").text == "made"


# Abort.


@pytest.mark.parametrize("code", UNIQUE)
def test_abort_raises_the_error_of_the_code(app, exceptions, flask, code):
    with pytest.raises(exceptions.default_exceptions[code]) as caught:
        flask.abort(code)
    assert caught.value.code == code

    with app.app_context(), pytest.raises(exceptions.default_exceptions[code]):
        flask.abort(code)


def test_abort_passes_its_arguments_on(exceptions, flask):
    with pytest.raises(exceptions.NotFound) as positional:
        flask.abort(404, "mine")
    with pytest.raises(exceptions.NotFound) as named:
        flask.abort(404, description="mine")
    with pytest.raises(exceptions.TooManyRequests) as wait:
        flask.abort(429, retry_after=5)

    assert positional.value.description == named.value.description == "mine"
    assert wait.value.retry_after == 5


@pytest.mark.parametrize("code", [0, 200, 302, 402, 499, 999])
def test_abort_with_a_code_that_is_no_error_is_a_lookup_error(flask, code):
    with pytest.raises(LookupError):
        flask.abort(code)


def test_an_aborter_may_know_more(exceptions):
    class Payment(exceptions.HTTPException):
        code = 402

    aborter = exceptions.Aborter(extra={402: Payment})

    with pytest.raises(Payment):
        aborter(402)
    with pytest.raises(exceptions.NotFound):
        aborter(404)
    with pytest.raises(LookupError):
        exceptions.Aborter()(402)
    assert 402 not in exceptions.default_exceptions


def test_an_aborter_may_know_less(exceptions):
    aborter = exceptions.Aborter({404: exceptions.Gone})

    with pytest.raises(exceptions.Gone):
        aborter(404)
    with pytest.raises(LookupError):
        aborter(400)


def test_an_app_may_make_its_own_aborter(flask, exceptions):
    class Payment(exceptions.HTTPException):
        code = 402

    class App(flask.Flask):
        def make_aborter(self):
            return exceptions.Aborter(extra={402: Payment})

    app = App("own_aborter", root_path=".")

    with app.app_context(), pytest.raises(Payment):
        flask.abort(402)
    with pytest.raises(LookupError):
        flask.abort(402)


# What single errors have more.


@pytest.mark.parametrize(
    ("methods", "allowed"),
    [(["GET", "POST"], {"GET", "POST"}), (["PUT"], {"PUT"})],
)
def test_405_tells_the_valid_methods(exceptions, answer, methods, allowed):
    error = exceptions.MethodNotAllowed(methods)
    response = answer(error)

    assert error.valid_methods == methods
    assert set(response.allow) == allowed
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_405_need_not_know_the_valid_methods(exceptions, answer):
    response = answer(exceptions.MethodNotAllowed(description="mine"))

    assert "Allow" not in response.headers
    assert "mine" in response.text


def test_401_may_have_a_challenge(exceptions, answer, part):
    challenge = part("datastructures").WWWAuthenticate("basic", {"realm": "a b"})
    error = exceptions.Unauthorized("mine", www_authenticate=challenge)
    response = answer(error)

    assert response.headers["WWW-Authenticate"] == 'Basic realm="a b"'
    assert "mine" in response.text
    assert "WWW-Authenticate" not in dict(exceptions.Unauthorized().get_headers())


def test_401_may_have_several_challenges(exceptions, answer, part):
    make = part("datastructures").WWWAuthenticate
    error = exceptions.Unauthorized(
        www_authenticate=[make("basic", {"realm": "x"}), make("bearer")]
    )

    assert len(answer(error).headers.getlist("WWW-Authenticate")) == 2


@pytest.mark.parametrize(
    ("args", "content_range"),
    [((100,), "bytes */100"), ((100, "items"), "items */100")],
)
def test_416_tells_the_length(exceptions, answer, args, content_range):
    response = answer(exceptions.RequestedRangeNotSatisfiable(*args))

    assert response.headers["Content-Range"] == content_range


def test_416_need_not_know_the_length(exceptions, answer):
    response = answer(exceptions.RequestedRangeNotSatisfiable())

    assert "Content-Range" not in response.headers


@pytest.mark.parametrize("name", ["TooManyRequests", "ServiceUnavailable"])
@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        (60, "60"),
        (
            datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            "Tue, 02 Jan 2024 03:04:05 GMT",
        ),
        (None, None),
    ],
)
def test_some_errors_tell_when_to_come_back(
    exceptions, answer, name, retry_after, header
):
    error = getattr(exceptions, name)(retry_after=retry_after)

    assert answer(error).headers.get("Retry-After") == header


def test_500_knows_what_went_wrong(exceptions):
    cause = ValueError("x")
    error = exceptions.InternalServerError("mine", original_exception=cause)

    assert error.original_exception is cause
    assert error.description == "mine"
    assert exceptions.InternalServerError().original_exception is None


# Bad requests.


def test_a_missing_key_is_hidden_unless_shown(exceptions):
    error = exceptions.BadRequestKeyError("secret")

    assert isinstance(error, exceptions.BadRequest)
    assert isinstance(error, KeyError)
    assert error.args == ("secret",)
    assert error.show_exception is False
    assert "secret" not in error.description
    assert "secret" not in error.get_body()

    error.show_exception = True
    assert "secret" in error.description
    assert "secret" in error.get_body()


def test_a_shown_missing_key_is_escaped(exceptions):
    error = exceptions.BadRequestKeyError("<b>")
    error.show_exception = True

    assert "<b>" not in error.get_body()
    assert "&lt;b&gt;" in error.get_body()


@pytest.mark.parametrize("attribute", ["args", "form", "files", "values"])
def test_a_missing_key_does_not_show_in_the_answer(app, client, flask, attribute):
    app.add_url_rule(
        "/",
        "view",
        lambda: getattr(flask.request, attribute)["the-key"],
        methods=["POST"],
    )
    response = client.post("/")

    assert response.status_code == 400
    assert "the-key" not in response.text


def test_a_missing_key_can_be_caught_as_a_key_error(app, client, flask):
    @app.get("/")
    def view():
        try:
            return flask.request.args["k"]
        except KeyError:
            return "caught"

    assert client.get("/").text == "caught"


def test_an_ordinary_key_error_is_no_bad_request(app, client):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/", "view", lambda: {}["k"])

    assert client.get("/").status_code == 500


def test_a_handler_for_400_takes_a_missing_key(app, client, flask):
    app.register_error_handler(400, lambda error: ("handled", 400))
    app.add_url_rule("/", "view", lambda: flask.request.args["k"])

    assert client.get("/").text == "handled"


def test_bad_json_is_described_in_debug_mode_only(app, client, flask):
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/", "view", lambda: flask.request.get_json(), methods=["POST"])

    def post():
        return client.post("/", data="{x", content_type="application/json")

    plain = post()
    app.debug = True
    detailed = post()
    assert plain.status_code == detailed.status_code == 400
    assert len(detailed.text) > 0
    assert plain.text != detailed.text


# The redirect of the routing is an error, too.


def test_a_routing_redirect_passes_by_the_handlers(app, client, exceptions):
    app.register_error_handler(exceptions.HTTPException, lambda error: "handled")
    app.add_url_rule("/dir/", "dir", lambda: "dir")

    assert client.get("/dir").status_code == 308
    assert client.get("/nothing").text == "handled"


def test_the_path_in_an_error_page_is_not_shown(client):
    text = client.get("/<script>alert(1)</script>").text

    assert "<script>" not in text


def test_a_handler_gets_the_body_and_headers_to_change(app, client, flask, exceptions):
    @app.errorhandler(exceptions.HTTPException)
    def as_json(error):
        response = error.get_response()
        response.data = flask.json.dumps({"code": error.code, "name": error.name})
        response.content_type = "application/json"
        return response

    response = client.post("/static/x")
    assert response.status_code == 405
    assert response.json == {"code": 405, "name": "Method Not Allowed"}
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS"}


def test_an_error_may_be_returned_instead_of_raised(app, client, exceptions):
    app.add_url_rule("/", "view", lambda: exceptions.Gone("mine"))
    app.register_error_handler(404, lambda error: error)

    assert client.get("/").status_code == 410
    assert "mine" in client.get("/").text
    assert client.get("/nothing").status_code == 404
