"""The middleware that comes with the toolkit, each around the smallest app."""

import asyncio
import contextvars
import gzip
import zlib

import pytest

# Starlette would rather have httpx2 under its test client.
pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx.")

SITE = "https://shop.example"


@pytest.fixture
def client(part):
    return part("testclient").TestClient


@pytest.fixture
def page(part):
    """``page("hello")``: an ASGI app that answers every request with that text."""

    def build(body="hello", status=200, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}

        async def app(scope, receive, send):
            response = part("responses").PlainTextResponse(body, status, headers)
            await response(scope, receive, send)

        return app

    return build


def http_scope(**changes):
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 4000),
    }
    return scope | changes


def call(app, scope=None, requests=(b"",)):
    """Run an app once by hand and return the messages it sent."""
    sent = []
    last = len(requests) - 1
    waiting = [
        {"type": "http.request", "body": body, "more_body": number < last}
        for number, body in enumerate(requests)
    ]

    async def receive():
        if waiting:
            return waiting.pop(0)
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(dict(message))

    async def main():
        await asyncio.wait_for(app(scope or http_scope(), receive, send), 10)

    asyncio.run(main())
    return sent


def words(header):
    return {word.strip().lower() for word in header.split(",")}


# CORSMiddleware


def cors(part, app, **options):
    return part("middleware.cors").CORSMiddleware(app, **options)


def preflight(client, app, method="GET", origin=SITE, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers |= {"origin": origin, "access-control-request-method": method}
    return client(app).options("/", headers=headers)


@pytest.mark.parametrize(
    ("options", "origin", "allowed"),
    [
        ({}, SITE, None),
        ({"allow_origins": ["*"]}, SITE, "*"),
        ({"allow_origins": ["*"], "allow_credentials": True}, SITE, SITE),
        ({"allow_origins": [SITE]}, SITE, SITE),
        ({"allow_origins": [SITE]}, "https://evil.example", None),
        ({"allow_origins": [SITE]}, SITE.upper(), None),
        ({"allow_origins": ["https://a.example"]}, "https://a.example:8443", None),
        ({"allow_origin_regex": r"https://.*\.example"}, SITE, SITE),
        ({"allow_origin_regex": r"https://.*\.example"}, SITE + ".evil.org", None),
        ({"allow_origins": [SITE], "allow_origin_regex": "http://x"}, SITE, SITE),
    ],
)
def test_cors_names_the_allowed_origin(part, client, page, options, origin, allowed):
    response = client(cors(part, page(), **options)).get(
        "/", headers={"origin": origin}
    )
    assert response.text == "hello"
    assert response.headers.get("access-control-allow-origin") == allowed


def test_cors_says_nothing_without_an_origin(part, client, page):
    app = cors(part, page(), allow_origins=["*"], allow_credentials=True)
    headers = client(app).get("/").headers
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", [None, SITE, "https://evil.example"])
@pytest.mark.parametrize("allow", [["*"], [SITE]])
def test_cors_always_varies_on_origin(part, client, page, origin, allow):
    app = cors(part, page(Vary="Accept-Encoding"), allow_origins=allow)
    headers = {} if origin is None else {"origin": origin}
    vary = client(app).get("/", headers=headers).headers["vary"]
    assert words(vary) == {"accept-encoding", "origin"}


def test_cors_adds_credentials_and_exposed_headers_to_answers(part, client, page):
    app = cors(
        part,
        page(),
        allow_origins=[SITE],
        allow_credentials=True,
        expose_headers=["X-Total", "X-Page"],
    )
    headers = client(app).get("/", headers={"origin": SITE}).headers
    assert headers["access-control-allow-credentials"] == "true"
    assert words(headers["access-control-expose-headers"]) == {"x-total", "x-page"}
    assert "access-control-allow-methods" not in headers
    assert "access-control-max-age" not in headers


def test_cors_preflight_does_not_reach_the_app(part, client, page):
    response = preflight(client, cors(part, page("app"), allow_origins=[SITE]))
    assert response.status_code == 200
    assert response.text != "app"
    assert response.headers["access-control-allow-origin"] == SITE
    assert response.headers["access-control-max-age"] == "600"
    assert words(response.headers["access-control-allow-methods"]) == {"get"}
    assert {"origin", "access-control-request-method"} <= words(
        response.headers["vary"]
    )


@pytest.mark.parametrize("missing", ["origin", "access-control-request-method"])
def test_cors_takes_options_without_preflight_headers_for_a_plain_request(
    part, client, page, missing
):
    headers = {"origin": SITE, "access-control-request-method": "GET"}
    del headers[missing]
    app = cors(part, page("app"), allow_origins=["*"])
    assert client(app).options("/", headers=headers).text == "app"


def test_cors_preflight_with_a_star_allows_anyone(part, client, page):
    app = cors(
        part,
        page(),
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        max_age=5,
    )
    response = preflight(
        client, app, "DELETE", access_control_request_headers="X-One, X-Two"
    )
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-headers"] == "X-One, X-Two"
    assert response.headers["access-control-max-age"] == "5"
    assert words(response.headers["access-control-allow-methods"]) >= {
        *("delete", "get", "head", "options", "patch", "post", "put")
    }
    assert "access-control-allow-credentials" not in response.headers


def test_cors_preflight_with_credentials_mirrors_the_origin(part, client, page):
    app = cors(part, page(), allow_origins=["*"], allow_credentials=True)
    headers = preflight(client, app).headers
    assert headers["access-control-allow-origin"] == SITE
    assert headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("x-token", 200),
        ("X-TOKEN, content-type", 200),
        ("Accept,Accept-Language,Content-Language", 200),
        ("X-Other", 400),
        ("X-Token, X-Other", 400),
    ],
)
def test_cors_preflight_checks_the_headers(part, client, page, asked, status):
    app = cors(part, page(), allow_origins=[SITE], allow_headers=["X-Token"])
    response = preflight(client, app, access_control_request_headers=asked)
    assert response.status_code == status
    assert words(response.headers["access-control-allow-headers"]) == {
        *("accept", "accept-language", "content-language", "content-type", "x-token")
    }


@pytest.mark.parametrize(
    ("method", "origin", "reasons"),
    [
        ("GET", "https://evil.example", {"origin"}),
        ("PUT", SITE, {"method"}),
        ("get", SITE, {"method"}),
        ("PUT", "https://evil.example", {"origin", "method"}),
    ],
)
def test_cors_preflight_tells_what_was_refused(
    part, client, page, method, origin, reasons
):
    app = cors(part, page(), allow_origins=[SITE])
    response = preflight(client, app, method, origin)
    assert response.status_code == 400
    assert all(reason in response.text for reason in reasons)
    named = response.headers.get("access-control-allow-origin")
    assert named == (SITE if origin == SITE else None)


@pytest.mark.parametrize(("allow", "status"), [(True, 200), (False, 400)])
def test_cors_preflight_for_a_private_network(part, client, page, allow, status):
    app = cors(part, page(), allow_origins=[SITE], allow_private_network=allow)
    response = preflight(client, app, access_control_request_private_network="true")
    assert response.status_code == status
    granted = response.headers.get("access-control-allow-private-network")
    assert granted == ("true" if allow else None)


# GZipMiddleware


def zipped(part, app, **options):
    return part("middleware.gzip").GZipMiddleware(app, **options)


def streamed(part, chunks, **options):
    async def app(scope, receive, send):
        async def body():
            for chunk in chunks:
                yield chunk

        response = part("responses").StreamingResponse(body(), **options)
        await response(scope, receive, send)

    return app


WANTS_GZIP = http_scope(headers=[(b"accept-encoding", b"br, gzip")])


def test_gzip_compresses_a_long_answer(part, client, page):
    response = client(zipped(part, page("x" * 4000))).get("/")
    assert response.text == "x" * 4000
    assert response.headers["content-encoding"] == "gzip"
    assert int(response.headers["content-length"]) < 4000
    assert words(response.headers["vary"]) == {"accept-encoding"}


@pytest.mark.parametrize(("size", "packed"), [(499, False), (500, True), (501, True)])
def test_gzip_leaves_answers_under_the_minimum_size(part, client, page, size, packed):
    response = client(zipped(part, page("x" * size))).get("/")
    assert ("content-encoding" in response.headers) is packed
    assert ("vary" in response.headers) is packed
    assert response.text == "x" * size


def test_gzip_minimum_size_can_be_chosen(part, client, page):
    response = client(zipped(part, page("x" * 50), minimum_size=10)).get("/")
    assert response.headers["content-encoding"] == "gzip"


def test_gzip_varies_even_for_clients_that_do_not_take_it(part, client, page):
    app = zipped(part, page("x" * 4000, Vary="Cookie"))
    response = client(app).get("/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == "4000"
    assert words(response.headers["vary"]) == {"cookie", "accept-encoding"}


def test_gzip_sends_every_chunk_of_a_stream_at_once(part):
    app = zipped(part, streamed(part, [b"one " * 200, b"two", b"three"]))
    start, *body = call(app, WANTS_GZIP)
    headers = dict(start["headers"])
    assert headers[b"content-encoding"] == b"gzip"
    assert b"content-length" not in headers
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    texts = [decoder.decompress(message["body"]) for message in body]
    assert texts == [b"one " * 200, b"two", b"three", b""]
    assert [message["more_body"] for message in body] == [True, True, True, False]
    assert decoder.eof


def test_gzip_compresses_even_a_short_stream(part):
    start, *body = call(zipped(part, streamed(part, [b"ab", b"c"])), WANTS_GZIP)
    assert dict(start["headers"])[b"content-encoding"] == b"gzip"
    assert gzip.decompress(b"".join(m["body"] for m in body)) == b"abc"


def test_gzip_drops_the_length_of_a_stream_it_compresses(part):
    app = streamed(part, [b"x" * 600], headers={"content-length": "600"})
    start, *_ = call(zipped(part, app), WANTS_GZIP)
    assert b"content-length" not in dict(start["headers"])


def test_gzip_leaves_an_encoded_answer_alone(part):
    chunks = [b"x" * 600, b"y"]
    app = streamed(part, chunks, headers={"content-encoding": "br"})
    start, *body = call(zipped(part, app), WANTS_GZIP)
    assert dict(start["headers"])[b"content-encoding"] == b"br"
    assert [message["body"] for message in body] == [*chunks, b""]


@pytest.mark.parametrize(
    ("media_type", "packed"),
    [
        ("text/event-stream", False),
        ("text/event-stream; charset=utf-8", False),
        ("image/png", False),
        ("IMAGE/PNG", False),
        ("video/mp4", False),
        ("application/zip", False),
        ("image/svg+xml", True),
        ("application/json", True),
        ("text/html", True),
    ],
)
def test_gzip_leaves_media_that_is_compressed_already(part, media_type, packed):
    app = streamed(part, [b"x" * 600], headers={"content-type": media_type})
    start, *body = call(zipped(part, app), WANTS_GZIP)
    assert (b"content-encoding" in dict(start["headers"])) is packed
    assert (body[0]["body"] == b"x" * 600) is not packed


def test_gzip_excluded_media_types_can_be_chosen(part, client, page):
    app = zipped(part, page("x" * 4000), exclude_content_types=("text/*",))
    assert "content-encoding" not in client(app).get("/").headers


def test_gzip_leaves_a_range_alone(part, client, page):
    response = client(zipped(part, page("x" * 4000, 206))).get("/")
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == "4000"


def test_gzip_does_not_hold_back_server_sent_events(part):
    async def main():
        seen = asyncio.Event()

        async def events():
            yield b"data: 1\n\n"
            await seen.wait()
            yield b"data: 2\n\n"

        async def send(message):
            if message.get("body"):
                seen.set()

        async def app(scope, receive, send):
            stream = part("responses").StreamingResponse(
                events(), media_type="text/event-stream"
            )
            await stream(scope, receive, send)

        scope = WANTS_GZIP | {"asgi": {"spec_version": "2.4"}}
        await asyncio.wait_for(zipped(part, app)(scope, None, send), 10)
        return seen.is_set()

    assert asyncio.run(main()) is True


# TrustedHostMiddleware


def trusted(part, app, hosts, **options):
    return part("middleware.trustedhost").TrustedHostMiddleware(app, hosts, **options)


@pytest.mark.parametrize(
    ("hosts", "host", "status"),
    [
        (None, "anything.example", 200),
        (["*"], "anything.example", 200),
        (["shop.example"], "shop.example", 200),
        (["shop.example"], "SHOP.example", 200),
        (["Shop.Example"], "shop.example", 200),
        (["shop.example"], "shop.example:8000", 200),
        (["shop.example"], "www.shop.example", 400),
        (["shop.example"], "shop.example.evil.org", 400),
        (["*.shop.example"], "de.shop.example", 200),
        (["*.shop.example"], "a.b.shop.example", 200),
        (["*.shop.example"], "shop.example", 400),
        (["*.shop.example"], "evilshop.example", 400),
        (["a.example", "b.example"], "b.example", 200),
        (["[::1]"], "[::1]:8000", 200),
        (["shop.example"], "shop.example/evil", 400),
    ],
)
def test_trusted_host(part, client, page, hosts, host, status):
    response = client(trusted(part, page(), hosts)).get("/", headers={"host": host})
    assert response.status_code == status
    assert (response.text == "hello") is (status == 200)


def test_trusted_host_refuses_a_request_without_host(part, page):
    start, *_ = call(trusted(part, page(), ["a.example"]), http_scope(headers=[]))
    assert start["status"] == 400


def test_trusted_host_sends_the_bare_domain_to_www(part, client, page):
    app = trusted(part, page(), ["www.shop.example"])
    web = client(app, base_url="https://shop.example:8443", follow_redirects=False)
    response = web.get("/a/b?c=d")
    assert response.status_code == 307
    assert response.headers["location"] == "https://www.shop.example:8443/a/b?c=d"


def test_trusted_host_without_www_redirect(part, client, page):
    app = trusted(part, page(), ["www.shop.example"], www_redirect=False)
    assert client(app, base_url="http://shop.example").get("/").status_code == 400


@pytest.mark.parametrize("pattern", ["a.*.example", "*example.com", "example.*", "**"])
def test_trusted_host_takes_stars_only_as_first_label(part, page, pattern):
    with pytest.raises(AssertionError):
        trusted(part, page(), [pattern])


# HTTPSRedirectMiddleware


def https(part, app):
    return part("middleware.httpsredirect").HTTPSRedirectMiddleware(app)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://shop.example/", "https://shop.example/"),
        ("http://shop.example:80/", "https://shop.example/"),
        ("http://shop.example:443/", "https://shop.example/"),
        ("http://shop.example:8000/", "https://shop.example:8000/"),
        ("http://shop.example/a%20b?c=d&e", "https://shop.example/a%20b?c=d&e"),
    ],
)
def test_http_is_redirected_to_https(part, client, page, url, location):
    response = client(https(part, page()), follow_redirects=False).get(url)
    assert response.status_code == 307
    assert response.headers["location"] == location


def test_https_is_served(part, client, page):
    assert client(https(part, page())).get("https://shop.example/").text == "hello"


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/chat", "wss://testserver/chat"),
        ("ws://shop.example:80/chat?a=b", "wss://shop.example/chat?a=b"),
        ("ws://shop.example:8000/chat", "wss://shop.example:8000/chat"),
    ],
)
def test_ws_is_redirected_to_wss(part, client, page, url, location):
    denial = part("testclient").WebSocketDenialResponse
    web = client(https(part, page()), follow_redirects=False)
    with pytest.raises(denial) as caught, web.websocket_connect(url):
        pass
    assert caught.value.status_code == 307
    assert caught.value.headers["location"] == location


# SessionMiddleware


@pytest.fixture
def shop(part, client):
    """``shop(...)``: a client of an app with a session; ``/set?a=1``, ``/clear``."""
    answer = part("responses").JSONResponse

    async def show(request):
        return answer(dict(request.session))

    async def put(request):
        request.session.update(request.query_params)
        return answer(dict(request.session))

    async def clear(request):
        request.session.clear()
        return answer({})

    async def append(request):
        request.session["list"].append(1)
        return answer({})

    async def start_list(request):
        request.session["list"] = []
        return answer({})

    async def plain(request):
        return answer({})

    route = part("routing").Route
    routes = [
        route("/", show),
        route("/set", put),
        route("/clear", clear),
        route("/append", append),
        route("/start-list", start_list),
        route("/plain", plain),
    ]

    def build(base_url="http://testserver", secret_key="s3cret", **options):
        session = part("middleware.sessions").SessionMiddleware
        app = session(part("routing").Router(routes), secret_key, **options)
        return client(app, base_url=base_url)

    return build


def cookie_flags(response):
    _, *flags = response.headers["set-cookie"].lower().split(";")
    return {flag.strip() for flag in flags}


def test_session_is_kept_between_requests(shop):
    web = shop()
    assert web.get("/").json() == {}
    assert web.get("/set?a=1").json() == {"a": "1"}
    assert web.get("/set?b=2").json() == {"a": "1", "b": "2"}
    assert web.get("/").json() == {"a": "1", "b": "2"}


def test_session_that_was_cleared_loses_its_cookie(shop):
    web = shop()
    web.get("/set?a=1")
    assert "session" in web.cookies
    assert "1970" in web.get("/clear").headers["set-cookie"]
    assert "session" not in web.cookies
    assert web.get("/").json() == {}


def test_clearing_an_empty_session_sets_no_cookie(shop):
    assert "set-cookie" not in shop().get("/clear").headers


def test_session_sets_its_cookie_only_when_it_was_changed(shop):
    web = shop()
    web.get("/set?a=1")
    assert "set-cookie" not in web.get("/").headers
    assert "set-cookie" in web.get("/set?a=1").headers


def test_session_does_not_notice_a_change_inside_a_value(shop):
    web = shop()
    web.get("/start-list")
    assert "set-cookie" not in web.get("/append").headers
    assert web.get("/").json() == {"list": []}


def test_session_varies_on_the_cookie_only_when_it_was_read(shop):
    web = shop()
    assert words(web.get("/").headers["vary"]) == {"cookie"}
    assert "vary" not in web.get("/plain").headers


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({}, {"path=/", "httponly", "samesite=lax", "max-age=1209600"}),
        ({"max_age": 60}, {"path=/", "httponly", "samesite=lax", "max-age=60"}),
        ({"max_age": None}, {"path=/", "httponly", "samesite=lax"}),
        (
            {"path": "/x", "max_age": None, "same_site": "strict"},
            {"path=/x", "httponly", "samesite=strict"},
        ),
        (
            {"https_only": True, "max_age": None, "same_site": "none"},
            {"path=/", "httponly", "samesite=none", "secure"},
        ),
        (
            {"domain": ".shop.example", "max_age": None},
            {"path=/", "httponly", "samesite=lax", "domain=.shop.example"},
        ),
        (
            {"partitioned": True, "max_age": None},
            {"path=/", "httponly", "samesite=lax", "partitioned"},
        ),
    ],
)
def test_session_cookie_flags(shop, options, flags):
    assert cookie_flags(shop(**options).get("/set?a=1")) == flags


def test_session_cookie_can_be_named(shop):
    web = shop(session_cookie="sid")
    web.get("/set?a=1")
    assert set(web.cookies) == {"sid"}


def test_https_only_session_is_not_sent_over_http(shop):
    secure = shop("https://testserver", https_only=True)
    secure.get("/set?a=1")
    assert secure.get("/").json() == {"a": "1"}
    plain = shop(https_only=True)
    plain.get("/set?a=1")
    assert plain.get("/").json() == {}


@pytest.mark.parametrize("forged", ["", "nonsense", "eyJhIjogMX0=.x.y", "a.b.c.d"])
def test_session_of_a_forged_cookie_is_empty(shop, forged):
    response = shop().get("/", headers={"cookie": f"session={forged}"})
    assert response.json() == {}


def test_session_signed_with_another_key_is_empty(shop):
    ours, theirs = shop(), shop(secret_key="another")
    theirs.get("/set?admin=1")
    cookie = theirs.cookies["session"]
    headers = {"cookie": f"session={cookie}"}
    assert ours.get("/", headers=headers).json() == {}
    assert shop(secret_key="another").get("/", headers=headers).json() == {"admin": "1"}


def test_session_older_than_max_age_is_empty(shop):
    web = shop(max_age=None)
    web.get("/set?a=1")
    headers = {"cookie": f"session={web.cookies['session']}"}
    assert shop(max_age=-1).get("/", headers=headers).json() == {}


def test_session_secret_may_be_a_secret(shop, part):
    web = shop(secret_key=part("datastructures").Secret("s3cret"))
    web.get("/set?a=1")
    headers = {"cookie": f"session={web.cookies['session']}"}
    assert shop(secret_key="s3cret").get("/", headers=headers).json() == {"a": "1"}


# ServerErrorMiddleware


async def broken(scope, receive, send):
    raise ValueError("<b>out of stock</b>")


def guarded(part, app, **options):
    return part("middleware.errors").ServerErrorMiddleware(app, **options)


def test_server_error_is_answered_and_raised_on(part, client):
    app = guarded(part, broken)
    with pytest.raises(ValueError, match="out of stock"):
        client(app).get("/")
    response = client(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert "stock" not in response.text


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html,*/*;q=0.8", "text/html"),
        ("text/plain", "text/plain"),
        ("*/*", "text/plain"),
        ("application/json", "text/plain"),
    ],
)
def test_server_error_in_debug_mode_shows_the_traceback(
    part, client, accept, media_type
):
    web = client(guarded(part, broken, debug=True), raise_server_exceptions=False)
    response = web.get("/", headers={"accept": accept})
    assert response.status_code == 500
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert "ValueError" in response.text
    assert "out of stock" in response.text
    assert ("<b>out of stock</b>" in response.text) is (media_type == "text/plain")


@pytest.mark.parametrize("asynchronous", [True, False])
def test_server_error_handler_answers_but_the_error_is_raised_on(
    part, client, asynchronous
):
    answer = part("responses").JSONResponse

    def handler(request, error):
        return answer({"path": request.url.path, "error": str(error)}, 503)

    async def async_handler(request, error):
        return handler(request, error)

    app = guarded(part, broken, handler=async_handler if asynchronous else handler)
    response = client(app, raise_server_exceptions=False).get("/x")
    assert response.status_code == 503
    assert response.json() == {"path": "/x", "error": "<b>out of stock</b>"}
    with pytest.raises(ValueError, match="stock"):
        client(app).get("/")


def test_debug_mode_comes_before_the_handler(part, client, page):
    app = guarded(part, broken, handler=lambda r, e: page("never"), debug=True)
    response = client(app, raise_server_exceptions=False).get("/")
    assert "ValueError" in response.text


def test_server_error_after_the_start_adds_no_second_answer(part):
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("late")

    async def send(message):
        sent.append(message)

    with pytest.raises(ValueError, match="late"):
        asyncio.run(guarded(part, app)(http_scope(), None, send))
    assert [message["status"] for message in sent] == [200]


@pytest.mark.parametrize("debug", [True, False])
def test_server_error_in_a_websocket_is_only_raised_on(part, debug):
    sent = []

    async def send(message):
        sent.append(message)

    scope = http_scope(type="websocket", scheme="ws")
    with pytest.raises(ValueError, match="stock"):
        asyncio.run(guarded(part, broken, debug=debug)(scope, None, send))
    assert sent == []


# BaseHTTPMiddleware


@pytest.fixture
def around(part):
    """``around(app, dispatch)``: the app behind one function middleware."""

    def build(app, dispatch):
        return part("middleware.base").BaseHTTPMiddleware(app, dispatch)

    return build


def endpoint(part, function):
    """An ASGI app from ``function(request) -> response``."""
    route = part("routing").Route("/", function, methods=["GET", "POST"])
    return part("routing").Router([route])


async def pass_on(request, call_next):
    return await call_next(request)


def test_dispatch_can_be_overridden_in_a_subclass(part, client, page):
    class Stamp(part("middleware.base").BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            response = await call_next(request)
            response.headers["x-path"] = request.url.path
            return response

    response = client(Stamp(page())).get("/here")
    assert response.headers["x-path"] == "/here"
    assert response.text == "hello"
    assert response.headers["content-length"] == "5"


def test_dispatch_can_change_status_headers_and_cookies(client, page, around):
    async def dispatch(request, call_next):
        response = await call_next(request)
        response.status_code = 418
        del response.headers["x-secret"]
        response.set_cookie("seen", "1")
        return response

    response = client(around(page(x_secret="1"), dispatch)).get("/")
    assert response.status_code == 418
    assert "x-secret" not in response.headers
    assert response.cookies["seen"] == "1"


def test_dispatch_can_read_and_replace_the_body(part, client, page, around):
    async def dispatch(request, call_next):
        inner = await call_next(request)
        text = b"".join([chunk async for chunk in inner.body_iterator])
        return part("responses").Response(text.upper(), inner.status_code)

    assert client(around(page(status=201), dispatch)).get("/").text == "HELLO"


def test_dispatch_can_answer_early(part, client, around):
    async def dispatch(request, call_next):
        return part("responses").PlainTextResponse("closed", 503)

    response = client(around(broken, dispatch)).get("/")
    assert (response.status_code, response.text) == (503, "closed")


def test_dispatch_can_pass_state_to_the_endpoint(part, client, around):
    async def dispatch(request, call_next):
        request.state.user = "ada"
        return await call_next(request)

    async def show(request):
        return part("responses").PlainTextResponse(request.state.user)

    assert client(around(endpoint(part, show), dispatch)).get("/").text == "ada"


def test_call_next_raises_what_the_app_raised(part, client, around):
    async def dispatch(request, call_next):
        try:
            return await call_next(request)
        except ValueError as error:
            return part("responses").PlainTextResponse(type(error).__name__, 409)

    response = client(around(broken, dispatch)).get("/")
    assert (response.status_code, response.text) == (409, "ValueError")


def test_an_exception_passes_through_the_middleware_as_it_is(client, around):
    with pytest.raises(ValueError, match="stock"):
        client(around(around(broken, pass_on), pass_on)).get("/")


def test_an_exception_after_the_start_is_raised_when_the_body_ends(part, around):
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise ValueError("late")

    async def receive():
        return await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    with pytest.raises(ValueError, match="late"):
        asyncio.run(around(app, pass_on)(http_scope(), receive, send))
    assert [m.get("body") for m in sent][:2] == [None, b"a"]


def test_call_next_of_an_app_that_does_not_answer_raises(client, around):
    async def silent(scope, receive, send):
        pass

    with pytest.raises(RuntimeError):
        client(around(silent, pass_on)).get("/")


def test_the_middleware_does_not_hold_back_a_stream(part, around):
    async def main():
        seen = asyncio.Event()
        chunks = []

        async def body():
            yield b"first"
            await seen.wait()
            yield b"second"

        async def app(scope, receive, send):
            stream = part("responses").StreamingResponse(body())
            await stream(scope, receive, send)

        async def send(message):
            chunks.append(message.get("body"))
            if message.get("body") == b"first":
                seen.set()

        async def receive():
            return await asyncio.Event().wait()

        await asyncio.wait_for(around(app, pass_on)(http_scope(), receive, send), 10)
        return chunks

    assert asyncio.run(main()) == [None, b"first", b"second", b""]


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_contextvar_of_the_middleware_is_seen_in_the_endpoint(
    part, client, around, asynchronous
):
    user = contextvars.ContextVar("user", default="nobody")

    def show(request):
        return part("responses").PlainTextResponse(user.get())

    async def async_show(request):
        return show(request)

    async def dispatch(request, call_next):
        user.set("ada")
        return await call_next(request)

    app = endpoint(part, async_show if asynchronous else show)
    assert client(around(app, dispatch)).get("/").text == "ada"


def test_a_contextvar_of_the_endpoint_is_not_seen_in_the_middleware(
    part, client, around
):
    user = contextvars.ContextVar("user", default="nobody")

    async def login(request):
        user.set("ada")
        return part("responses").PlainTextResponse(user.get())

    async def dispatch(request, call_next):
        response = await call_next(request)
        response.headers["x-user"] = user.get()
        return response

    response = client(around(endpoint(part, login), dispatch)).get("/")
    assert response.text == "ada"
    assert response.headers["x-user"] == "nobody"


async def read_body(request):
    await request.body()


async def read_stream(request):
    async for _ in request.stream():
        pass


async def read_nothing(request):
    pass


@pytest.mark.parametrize(
    ("read", "text"),
    [(read_body, "abcd"), (read_stream, ""), (read_nothing, "abcd")],
)
def test_the_endpoint_reads_the_body_that_the_middleware_read(part, around, read, text):
    async def dispatch(request, call_next):
        await read(request)
        return await call_next(request)

    async def echo(request):
        return part("responses").PlainTextResponse(await request.body())

    app = around(endpoint(part, echo), dispatch)
    _, *body = call(app, http_scope(method="POST"), (b"ab", b"cd"))
    assert b"".join(message["body"] for message in body) == text.encode()


def test_the_middleware_reads_the_body_only_before_the_endpoint(part, client, around):
    async def dispatch(request, call_next):
        response = await call_next(request)
        with pytest.raises(RuntimeError):
            await request.body()
        return response

    async def echo(request):
        return part("responses").PlainTextResponse(await request.body())

    web = client(around(endpoint(part, echo), dispatch))
    assert web.post("/", content=b"abcd").text == "abcd"


def test_a_client_that_hangs_up_stops_the_stream_behind_the_middleware(part, around):
    async def main():
        third = asyncio.Event()
        closed = []
        requests = [{"type": "http.request", "body": b"", "more_body": False}]

        async def body():
            try:
                while True:
                    yield b"more"
                    await asyncio.sleep(0)
            finally:
                closed.append(True)

        async def app(scope, receive, send):
            stream = part("responses").StreamingResponse(body())
            await stream(scope, receive, send)

        count = 0

        async def send(message):
            nonlocal count
            count += 1
            if count == 3:
                third.set()

        async def receive():
            if requests:
                return requests.pop()
            await third.wait()
            return {"type": "http.disconnect"}

        await asyncio.wait_for(around(app, pass_on)(http_scope(), receive, send), 10)
        return closed

    assert asyncio.run(main()) == [True]


def test_background_tasks_of_both_responses_run(part, client, around):
    ran = []
    task = part("background").BackgroundTask

    async def work(request):
        return part("responses").Response("ok", background=task(ran.append, "inner"))

    async def dispatch(request, call_next):
        response = await call_next(request)
        response.background = task(ran.append, "outer")
        return response

    app = around(endpoint(part, work), dispatch)
    assert client(app).get("/").text == "ok"
    assert sorted(ran) == ["inner", "outer"]


def test_an_exception_in_a_background_task_is_raised_on(part, client, around):
    def fail():
        raise ValueError("in the background")

    async def work(request):
        task = part("background").BackgroundTask(fail)
        return part("responses").Response("ok", background=task)

    with pytest.raises(ValueError, match="in the background"):
        client(around(endpoint(part, work), pass_on)).get("/")


def test_websockets_and_lifespan_go_past_the_middleware(around):
    types = []

    async def app(scope, receive, send):
        types.append(scope["type"])

    async def never(request, call_next):
        raise AssertionError("called")

    for kind in ("websocket", "lifespan"):
        asyncio.run(around(app, never)({"type": kind}, None, None))
    assert types == ["websocket", "lifespan"]


# Middleware


def test_middleware_is_a_class_with_its_arguments(part):
    class Stamp:
        def __init__(self, app, word, *, end):
            self.parts = (app, word, end)

    entry = part("middleware").Middleware(Stamp, "a", end="!")
    cls, args, kwargs = entry
    assert (cls, tuple(args), dict(kwargs)) == (Stamp, ("a",), {"end": "!"})
    assert (entry.cls, tuple(entry.args), entry.kwargs) == (Stamp, ("a",), kwargs)
    assert cls("app", *args, **kwargs).parts == ("app", "a", "!")


@pytest.mark.parametrize("where", ["Router", "Route", "Mount"])
def test_middleware_wraps_a_router_a_route_or_a_mount(part, client, page, where):
    routing = part("routing")
    stamp = part("middleware").Middleware(
        part("middleware.base").BaseHTTPMiddleware, dispatch=stamp_header
    )

    async def show(request):
        return part("responses").PlainTextResponse("hello")

    if where == "Router":
        app = routing.Router([routing.Route("/a", show)], middleware=[stamp])
    elif where == "Route":
        app = routing.Router([routing.Route("/a", show, middleware=[stamp])])
    else:
        inner = [routing.Route("/a", show)]
        app = routing.Router([routing.Mount("/", routes=inner, middleware=[stamp])])
    response = client(app).get("/a")
    assert (response.text, response.headers["x-stamp"]) == ("hello", "1")


async def stamp_header(request, call_next):
    response = await call_next(request)
    response.headers["x-stamp"] = "1"
    return response
