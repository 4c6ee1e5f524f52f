"""Authentication: a backend says who asks, endpoints say what it takes."""

import functools

import pytest

from tests.toolkit.asgi.drive import fetch, http_scope, run, websocket_scope

CONNECT = {"type": "websocket.connect"}


@pytest.fixture
def auth(part):
    return part("authentication")


@pytest.fixture
def backend(auth):
    """Believes what the header ``x-user: name scope scope`` says."""

    class Backend(auth.AuthenticationBackend):
        async def authenticate(self, conn):
            said = conn.headers.get("x-user")
            if said is None:
                return None
            name, *scopes = said.split()
            if name == "eve":
                raise auth.AuthenticationError("No entry for eve")
            return auth.AuthCredentials(scopes), auth.SimpleUser(name)

    return Backend()


@pytest.fixture
def guard(part, backend):
    """``guard(app)``: the app behind the middleware."""
    middleware = part("middleware.authentication").AuthenticationMiddleware
    return functools.partial(middleware, backend=backend)


@pytest.fixture
def whoami(part):
    """An app that answers with user and scopes."""

    async def app(scope, receive, send):
        request = part("requests").HTTPConnection(scope)
        user = request.user
        seen = [user.is_authenticated, user.display_name, request.auth.scopes]
        await part("responses").JSONResponse(seen)(scope, receive, send)

    return app


# The middleware


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b'[false,"",[]]'),
        ({"x-user": "ada"}, b'[true,"ada",[]]'),
        ({"x-user": "ada read write"}, b'[true,"ada",["read","write"]]'),
    ],
)
def test_user_and_scopes_are_on_the_request(guard, whoami, headers, body):
    status, _, content = fetch(guard(whoami), headers=headers)
    assert (status, content) == (200, body)


def test_without_the_middleware_there_is_no_user(whoami):
    with pytest.raises(AssertionError, match="AuthenticationMiddleware"):
        run(whoami, http_scope())


def test_a_wrong_proof_is_refused_before_the_app_is_asked(guard, whoami):
    status, headers, content = fetch(guard(whoami), headers={"x-user": "eve"})
    assert (status, content) == (400, b"No entry for eve")
    assert headers["content-type"].startswith("text/plain")


def test_the_refusal_can_be_ones_own(guard, whoami, part):
    def refuse(conn, error):
        why = {"path": conn.url.path, "why": str(error)}
        return part("responses").JSONResponse(why, 401)

    app = guard(whoami, on_error=refuse)
    status, _, content = fetch(app, path="/a", headers={"x-user": "eve"})
    assert (status, content) == (401, b'{"path":"/a","why":"No entry for eve"}')


def test_a_websocket_with_a_wrong_proof_is_closed(guard, whoami):
    sent = run(guard(whoami), websocket_scope(headers={"x-user": "eve"}), CONNECT)
    assert sent == [{"type": "websocket.close", "code": 1000}]


def test_a_lifespan_passes_through(guard):
    seen = []

    async def app(scope, receive, send):
        seen.append(dict(scope))

    run(guard(app), {"type": "lifespan"})
    assert seen == [{"type": "lifespan"}]


def test_a_backend_has_to_be_written(auth):
    with pytest.raises(NotImplementedError):
        auth.AuthenticationBackend().authenticate(None).send(None)


# Users and credentials


def test_users(auth):
    ada, nobody = auth.SimpleUser("ada"), auth.UnauthenticatedUser()
    assert isinstance(ada, auth.BaseUser)
    assert isinstance(nobody, auth.BaseUser)
    assert (ada.is_authenticated, ada.display_name, ada.username) == (
        True,
        "ada",
        "ada",
    )
    assert (nobody.is_authenticated, nobody.display_name) == (False, "")
    assert (ada.identity, nobody.identity) == ("ada", "")
    for name in ("is_authenticated", "display_name", "identity"):
        with pytest.raises(NotImplementedError):
            getattr(auth.BaseUser(), name)


def test_credentials_have_scopes_of_their_own(auth):
    given = ["read"]
    credentials = auth.AuthCredentials(given)
    given.append("write")
    assert credentials.scopes == ["read"]
    assert auth.AuthCredentials().scopes == []


# requires


@pytest.fixture(params=["async", "sync"])
def endpoint(request, part):
    """An endpoint of each kind."""
    plain = part("responses").PlainTextResponse
    if request.param == "async":

        async def secret(request):
            return plain(request.user.display_name)

    else:

        def secret(request):
            return plain(request.user.display_name)

    return secret


@pytest.fixture
def serve(part, guard):
    """``serve(endpoint)``: that endpoint at ``/secret``, and a ``login``."""

    def build(endpoint):
        routing = part("routing")

        async def login(request):
            return part("responses").PlainTextResponse("login")

        routes = [routing.Route("/secret", endpoint), routing.Route("/login", login)]
        return guard(routing.Router(routes))

    return build


@pytest.mark.parametrize(
    ("needed", "has", "is_let_in"),
    [
        ("read", "read", True),
        ("read", "", False),
        ("read", "write", False),
        (["read", "write"], "write read more", True),
        (("read", "write"), "read", False),
        ([], "", True),
    ],
)
def test_scopes_are_required(auth, serve, part, endpoint, needed, has, is_let_in):
    app = serve(auth.requires(needed)(endpoint))
    headers = {"x-user": f"ada {has}"}
    if is_let_in:
        assert fetch(app, path="/secret", headers=headers)[::2] == (200, b"ada")
    else:
        with pytest.raises(part("exceptions").HTTPException) as caught:
            fetch(app, path="/secret", headers=headers)
        assert caught.value.status_code == 403


def test_the_status_of_a_refusal(auth, serve, part, endpoint):
    app = serve(auth.requires("read", status_code=404)(endpoint))
    with pytest.raises(part("exceptions").HTTPException) as caught:
        fetch(app, path="/secret")
    assert caught.value.status_code == 404


def test_a_refusal_can_be_a_redirect(auth, serve, endpoint):
    app = serve(auth.requires("read", redirect="login")(endpoint))
    status, headers, _ = fetch(app, path="/secret", query=b"a=1")
    assert status == 303
    assert headers["location"] == (
        "http://example.org/login?next=http%3A%2F%2Fexample.org%2Fsecret%3Fa%3D1"
    )


def test_a_method_of_an_endpoint_class_can_require_scopes(auth, serve, part):
    class Secret(part("endpoints").HTTPEndpoint):
        @auth.requires("read")
        async def get(self, request):
            return part("responses").PlainTextResponse("secret")

    app = serve(Secret)
    headers = {"x-user": "ada read"}
    assert fetch(app, path="/secret", headers=headers)[::2] == (200, b"secret")
    with pytest.raises(part("exceptions").HTTPException):
        fetch(app, path="/secret")


@pytest.mark.parametrize(
    ("has", "first"), [("read", "websocket.accept"), ("", "websocket.close")]
)
def test_a_websocket_can_require_scopes(auth, part, guard, has, first):
    @auth.requires("read")
    async def session(websocket):
        await websocket.accept()

    routing = part("routing")
    app = guard(routing.Router([routing.WebSocketRoute("/", session)]))
    scope = websocket_scope(headers={"x-user": f"ada {has}"})
    assert [message["type"] for message in run(app, scope, CONNECT)] == [first]


def test_the_connection_may_be_given_by_name_and_comes_with_others(auth, part):
    scope = http_scope(auth=auth.AuthCredentials(["read"]))
    request = part("requests").Request(scope)

    @auth.requires("read")
    def show(before, request, after=None):
        return before, request is not None, after

    assert show(1, request, 2) == (1, True, 2)
    assert show(1, request=request) == (1, True, None)
    assert show.__name__ == "show"


def test_the_connection_has_to_be_one(auth):
    @auth.requires("read")
    def show(request):
        return None

    for wrong in ("text", None):
        with pytest.raises(AssertionError, match="request"):
            show(wrong)


def test_a_function_without_connection_cannot_require_scopes(auth):
    with pytest.raises(Exception, match='"request" or "websocket"'):

        @auth.requires("read")
        def show(other):
            return None
