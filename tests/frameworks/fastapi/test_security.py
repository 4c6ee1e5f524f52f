"""fastapi.security: what each scheme reads, and what it answers when it is missing."""

from base64 import b64encode
from typing import Annotated, Any

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx. with")

SCHEMES: dict[str, dict[str, Any]] = {
    "OAuth2": {},
    "OAuth2PasswordBearer": {"tokenUrl": "token"},
    "OAuth2AuthorizationCodeBearer": {"authorizationUrl": "login", "tokenUrl": "token"},
    "OpenIdConnect": {"openIdConnectUrl": "/openid"},
    "HTTPBasic": {},
    "HTTPBearer": {},
    "HTTPDigest": {},
    "APIKeyHeader": {"name": "X-Key"},
    "APIKeyQuery": {"name": "key"},
    "APIKeyCookie": {"name": "key"},
}


def protect(fastapi, part, app, name, **options):
    """``/``: shows what the scheme returns."""
    scheme = getattr(part("security"), name)(**{**SCHEMES[name], **options})

    @app.get("/")
    def index(value: Annotated[Any, fastapi.Security(scheme)]):
        return value

    return scheme


def basic(credentials: bytes) -> str:
    return f"Basic {b64encode(credentials).decode()}"


# Accepted


@pytest.mark.parametrize(
    ("name", "header", "expected"),
    [
        ("OAuth2", "Bearer abc", "Bearer abc"),
        ("OAuth2", "anything", "anything"),
        ("OAuth2PasswordBearer", "Bearer abc", "abc"),
        ("OAuth2PasswordBearer", "bEaReR abc def", "abc def"),
        ("OAuth2PasswordBearer", "Bearer   abc  ", "abc"),
        ("OAuth2PasswordBearer", "Bearer", ""),
        ("OAuth2AuthorizationCodeBearer", "Bearer abc", "abc"),
        ("OpenIdConnect", "Bearer abc", "Bearer abc"),
        ("HTTPBearer", "Bearer abc", {"scheme": "Bearer", "credentials": "abc"}),
        ("HTTPBearer", "bearer abc", {"scheme": "bearer", "credentials": "abc"}),
        ("HTTPDigest", "Digest a=1", {"scheme": "Digest", "credentials": "a=1"}),
        ("HTTPBasic", basic(b"ann:pw"), {"username": "ann", "password": "pw"}),
        ("HTTPBasic", basic(b"ann:p:w"), {"username": "ann", "password": "p:w"}),
        ("HTTPBasic", basic(b":"), {"username": "", "password": ""}),
        ("HTTPBasic", "basic YTpi", {"username": "a", "password": "b"}),
    ],
)
def test_the_authorization_header(fastapi, part, app, client, name, header, expected):
    protect(fastapi, part, app, name)
    response = client.get("/", headers={"Authorization": header})
    assert (response.status_code, response.json()) == (200, expected)


@pytest.mark.parametrize(
    ("name", "request_options"),
    [
        ("APIKeyHeader", {"headers": {"x-key": "secret"}}),
        ("APIKeyQuery", {"params": {"key": "secret"}}),
        ("APIKeyCookie", {"headers": {"Cookie": "other=1; key=secret"}}),
    ],
)
def test_api_keys(fastapi, part, app, client, name, request_options):
    protect(fastapi, part, app, name)
    assert client.get("/", **request_options).json() == "secret"


# Refused


@pytest.mark.parametrize(
    ("name", "challenge"),
    [
        ("OAuth2", "Bearer"),
        ("OAuth2PasswordBearer", "Bearer"),
        ("OAuth2AuthorizationCodeBearer", "Bearer"),
        ("OpenIdConnect", "Bearer"),
        ("HTTPBasic", "Basic"),
        ("HTTPBearer", "Bearer"),
        ("HTTPDigest", "Digest"),
        ("APIKeyHeader", "APIKey"),
        ("APIKeyQuery", "APIKey"),
        ("APIKeyCookie", "APIKey"),
    ],
)
def test_without_credentials_the_answer_is_401_with_a_challenge(
    fastapi, part, app, client, name, challenge
):
    protect(fastapi, part, app, name)
    response = client.get("/")
    assert response.status_code == 401
    assert response.json() == {"detail": "Not authenticated"}
    assert response.headers["WWW-Authenticate"] == challenge


@pytest.mark.parametrize("name", SCHEMES)
def test_without_credentials_the_value_is_none_if_auto_error_is_off(
    fastapi, part, app, client, name
):
    protect(fastapi, part, app, name, auto_error=False)
    response = client.get("/")
    assert (response.status_code, response.json()) == (200, None)


WRONG = [
    ("OAuth2PasswordBearer", "Basic abc"),
    ("OAuth2PasswordBearer", "abc"),
    ("OAuth2AuthorizationCodeBearer", "Token abc"),
    ("HTTPBearer", "Basic abc"),
    ("HTTPBearer", "Bearer"),
    ("HTTPBearer", "Bearer "),
    ("HTTPDigest", "Bearer abc"),
    ("HTTPDigest", "Digest"),
    ("HTTPBasic", "Bearer abc"),
]


@pytest.mark.parametrize(("name", "header"), WRONG)
def test_another_scheme_is_refused(fastapi, part, app, client, name, header):
    protect(fastapi, part, app, name)
    response = client.get("/", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json() == {"detail": "Not authenticated"}


@pytest.mark.parametrize(("name", "header"), WRONG)
def test_another_scheme_is_none_if_auto_error_is_off(
    fastapi, part, app, client, name, header
):
    protect(fastapi, part, app, name, auto_error=False)
    response = client.get("/", headers={"Authorization": header})
    assert (response.status_code, response.json()) == (200, None)


@pytest.mark.parametrize(
    "options",
    [{"headers": {"X-Key": ""}}, {"params": {"key": ""}}],
)
@pytest.mark.parametrize("name", ["APIKeyHeader", "APIKeyQuery"])
def test_an_empty_api_key_is_none(fastapi, part, app, client, name, options):
    protect(fastapi, part, app, name)
    assert client.get("/", **options).status_code == 401


@pytest.mark.parametrize("auto_error", [True, False])
@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic %%%",
        "Basic abc",
        basic(b"no colon"),
        basic("jürgen:pw".encode()),
        basic("jürgen:pw".encode("latin-1")),
    ],
)
def test_malformed_basic_credentials_are_refused_whatever_auto_error_says(
    fastapi, part, app, client, header, auto_error
):
    protect(fastapi, part, app, "HTTPBasic", auto_error=auto_error)
    response = client.get("/", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json() == {"detail": "Not authenticated"}
    assert response.headers["WWW-Authenticate"] == "Basic"


def test_the_realm_is_part_of_the_challenge(fastapi, part, app, client):
    protect(fastapi, part, app, "HTTPBasic", realm="my site")
    response = client.get("/")
    assert response.headers["WWW-Authenticate"] == 'Basic realm="my site"'


@pytest.mark.parametrize(
    ("scheme", "challenge"), [("other", "Other"), ("x-my scheme", "X-My Scheme")]
)
def test_http_base_takes_any_scheme(fastapi, part, app, client, scheme, challenge):
    base = part("security.http").HTTPBase(scheme=scheme)

    @app.get("/")
    def index(value: Annotated[Any, fastapi.Security(base)]):
        return value

    response = client.get("/", headers={"Authorization": "Else what"})
    assert response.json() == {"scheme": "Else", "credentials": "what"}
    response = client.get("/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == challenge


def test_a_subclass_decides_on_the_error(fastapi, part, app, client):
    class Mine(part("security").APIKeyHeader):
        def make_not_authenticated_error(self):
            return fastapi.HTTPException(403, "mine")

    @app.get("/")
    def index(value: Annotated[Any, fastapi.Depends(Mine(name="X-Key"))]):
        return value

    response = client.get("/")
    assert (response.status_code, response.json()) == (403, {"detail": "mine"})


def test_schemes_work_on_websockets(fastapi, part, app, client):
    scheme = part("security").APIKeyQuery(name="key")

    @app.websocket("/")
    async def index(
        socket: fastapi.WebSocket, key: Annotated[str, fastapi.Depends(scheme)]
    ):
        await socket.accept()
        await socket.send_text(key)

    with client.websocket_connect("/?key=secret") as session:
        assert session.receive_text() == "secret"


# The password form


@pytest.fixture
def login(fastapi, part, app, client):
    """Posts a form to an endpoint that takes the form class of that name."""

    def post(name: str, **fields: str):
        form_class = getattr(part("security"), name)

        @app.post("/")
        def index(form: Annotated[Any, fastapi.Depends(form_class)]):
            return vars(form)

        return client.post("/", data=fields)

    return post


def test_the_password_form_needs_a_name_and_a_password(login):
    response = login("OAuth2PasswordRequestForm", username="ann", password="pw")
    assert response.json() == {
        "grant_type": None,
        "username": "ann",
        "password": "pw",
        "scopes": [],
        "client_id": None,
        "client_secret": None,
    }


@pytest.mark.parametrize(
    "name", ["OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict"]
)
def test_the_password_form_splits_the_scopes(login, name):
    fields = {
        "grant_type": "password",
        "username": "ann",
        "password": "pw",
        "scope": "read  write",
        "client_id": "me",
        "client_secret": "hush",
    }
    scopes = {"scopes": ["read", "write"]}
    expected = {key: value for key, value in fields.items() if key != "scope"} | scopes
    assert login(name, **fields).json() == expected


def missing(field: str) -> dict[str, Any]:
    return {
        "type": "missing",
        "loc": ["body", field],
        "msg": "Field required",
        "input": None,
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("OAuth2PasswordRequestForm", ["username", "password"]),
        ("OAuth2PasswordRequestFormStrict", ["grant_type", "username", "password"]),
    ],
)
def test_the_password_form_without_fields(login, name, fields):
    response = login(name)
    assert response.status_code == 422
    assert response.json() == {"detail": [missing(field) for field in fields]}


@pytest.mark.parametrize(
    "name", ["OAuth2PasswordRequestForm", "OAuth2PasswordRequestFormStrict"]
)
def test_the_grant_type_can_only_be_password(login, name):
    response = login(name, username="ann", password="pw", grant_type="code")
    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "string_pattern_mismatch",
                "loc": ["body", "grant_type"],
                "msg": "String should match pattern '^password$'",
                "input": "code",
                "ctx": {"pattern": "^password$"},
            }
        ]
    }


def test_the_password_form_can_be_built_by_hand(part):
    security = part("security")
    form = security.OAuth2PasswordRequestForm(username="a", password="b", scope="x y")
    assert form.scopes == ["x", "y"]
    assert form.grant_type is None


# Scopes


def test_security_scopes(part):
    scopes = part("security").SecurityScopes
    assert (scopes().scopes, scopes().scope_str) == ([], "")
    assert scopes(["a", "b"]).scope_str == "a b"


@pytest.fixture
def scoped(fastapi, part, app, client):
    """Tells what scopes the innermost dependency sees, with scopes at every level."""
    security = part("security")
    scheme = security.OAuth2PasswordBearer("token", scopes={"me": "Yourself"})
    granted = {"all": {"me", "items", "admin"}, "some": {"me"}}

    def user(
        wanted: security.SecurityScopes, token: Annotated[str, fastapi.Depends(scheme)]
    ):
        if not granted[token].issuperset(wanted.scopes):
            challenge = f'Bearer scope="{wanted.scope_str}"'
            raise fastapi.HTTPException(
                403, "Not enough", headers={"WWW-Authenticate": challenge}
            )
        return wanted.scopes

    def active(scopes: Annotated[Any, fastapi.Security(user, scopes=["me"])]):
        return scopes

    @app.get("/plain")
    def plain(scopes: Annotated[Any, fastapi.Depends(user)]):
        return scopes

    @app.get("/me")
    def me(scopes: Annotated[Any, fastapi.Depends(active)]):
        return scopes

    @app.get("/items")
    def items(scopes: Annotated[Any, fastapi.Security(active, scopes=["items"])]):
        return scopes

    @app.get("/same")
    def same(scopes: Annotated[Any, fastapi.Security(active, scopes=["me"])]):
        return scopes

    @app.get("/route", dependencies=[fastapi.Security(user, scopes=["admin"])])
    def route(scopes: Annotated[Any, fastapi.Depends(active)]):
        return scopes

    return client


@pytest.mark.parametrize(
    ("path", "token", "expected"),
    [
        ("/plain", "some", []),
        ("/me", "some", ["me"]),
        ("/items", "all", ["items", "me"]),
        ("/same", "all", ["me"]),
        ("/route", "all", ["me"]),
    ],
)
def test_scopes_add_up_from_the_outside_in(scoped, path, token, expected):
    response = scoped.get(path, headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()) == (200, expected)


@pytest.mark.parametrize(
    ("path", "challenge"),
    [("/items", 'Bearer scope="items me"'), ("/route", 'Bearer scope="admin"')],
)
def test_scopes_that_are_not_granted(scoped, path, challenge):
    response = scoped.get(path, headers={"Authorization": "Bearer some"})
    assert (response.status_code, response.json()) == (403, {"detail": "Not enough"})
    assert response.headers["WWW-Authenticate"] == challenge


def test_the_scopes_of_an_operation_are_in_the_schema(scoped, app):
    paths = app.openapi()["paths"]
    assert {path: item["get"].get("security") for path, item in paths.items()} == {
        "/plain": [{"OAuth2PasswordBearer": []}],
        "/me": [{"OAuth2PasswordBearer": ["me"]}],
        "/items": [{"OAuth2PasswordBearer": ["items", "me"]}],
        "/same": [{"OAuth2PasswordBearer": ["me"]}],
        "/route": [{"OAuth2PasswordBearer": ["admin", "me"]}],
    }


def test_a_dependency_is_cached_for_each_set_of_scopes(fastapi, part, app, client):
    calls = []

    def user(scopes: part("security").SecurityScopes):
        calls.append(scopes.scopes)
        return len(calls)

    @app.get("/")
    def index(
        a: Annotated[int, fastapi.Security(user, scopes=["x", "y"])],
        b: Annotated[int, fastapi.Security(user, scopes=["y", "x"])],
        c: Annotated[int, fastapi.Security(user, scopes=["x"])],
        d: Annotated[int, fastapi.Depends(user)],
    ):
        return [a, b, c, d]

    assert client.get("/").json() == [1, 1, 2, 3]
    assert calls == [["x", "y"], ["x"], []]


def test_a_dependency_that_ignores_scopes_is_cached_across_them(fastapi, app, client):
    calls = []

    def plain():
        calls.append(1)
        return len(calls)

    def above(value: Annotated[int, fastapi.Depends(plain)]):
        return value

    @app.get("/")
    def index(
        a: Annotated[int, fastapi.Security(above, scopes=["x"])],
        b: Annotated[int, fastapi.Security(above, scopes=["y"])],
    ):
        return [a, b]

    assert client.get("/").json() == [1, 1]


# In the schema


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("OAuth2", {}, {"type": "oauth2", "flows": {}}),
        (
            "OAuth2",
            {"flows": {"password": {"tokenUrl": "t", "scopes": {"a": "A"}}}},
            {
                "type": "oauth2",
                "flows": {"password": {"scopes": {"a": "A"}, "tokenUrl": "t"}},
            },
        ),
        (
            "OAuth2PasswordBearer",
            {"refreshUrl": "r", "scopes": {"a": "A"}},
            {
                "type": "oauth2",
                "flows": {
                    "password": {
                        "tokenUrl": "token",
                        "refreshUrl": "r",
                        "scopes": {"a": "A"},
                    }
                },
            },
        ),
        (
            "OAuth2AuthorizationCodeBearer",
            {},
            {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "login",
                        "tokenUrl": "token",
                        "scopes": {},
                    }
                },
            },
        ),
        (
            "OpenIdConnect",
            {"description": "Log in"},
            {
                "type": "openIdConnect",
                "openIdConnectUrl": "/openid",
                "description": "Log in",
            },
        ),
        ("HTTPBasic", {"realm": "x"}, {"type": "http", "scheme": "basic"}),
        (
            "HTTPBearer",
            {"bearerFormat": "JWT"},
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        ),
        ("HTTPDigest", {}, {"type": "http", "scheme": "digest"}),
        ("APIKeyHeader", {}, {"type": "apiKey", "in": "header", "name": "X-Key"}),
        ("APIKeyQuery", {}, {"type": "apiKey", "in": "query", "name": "key"}),
        (
            "APIKeyCookie",
            {"description": "Sweet"},
            {"type": "apiKey", "in": "cookie", "name": "key", "description": "Sweet"},
        ),
    ],
)
@pytest.mark.parametrize("scheme_name", [None, "mine"])
def test_schemes_in_the_schema(
    fastapi, part, app, name, options, expected, scheme_name
):
    protect(fastapi, part, app, name, scheme_name=scheme_name, **options)
    schema = app.openapi()
    shown = scheme_name or name
    assert schema["components"]["securitySchemes"] == {shown: expected}
    assert schema["paths"]["/"]["get"]["security"] == [{shown: []}]


def test_several_schemes_of_one_operation_are_alternatives(fastapi, part, app):
    security = part("security")
    key = security.APIKeyHeader(name="X-Key", auto_error=False)
    bearer = security.HTTPBearer(auto_error=False)

    @app.get("/", dependencies=[fastapi.Depends(key)])
    def index(token: Annotated[Any, fastapi.Depends(bearer)]):
        return token

    operation = app.openapi()["paths"]["/"]["get"]
    assert operation["security"] == [{"APIKeyHeader": []}, {"HTTPBearer": []}]
