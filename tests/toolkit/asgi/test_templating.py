"""Jinja2Templates: pages from templates, and what a test can see of them."""

import jinja2
import pytest

# Starlette would rather have httpx2 under its test client.
pytestmark = pytest.mark.filterwarnings("ignore:Using .httpx.")

PAGES = {
    "hello.html": "<h1>Hello, {{ name }}!</h1>",
    "link.html": "<a href=\"{{ url_for('user', id=7) }}\">ada</a>",
    "static.html": "{{ url_for('static', path='/style.css') }}",
    "lost.html": "{{ url_for('nobody') }}",
    "request.html": "{{ request.method }} {{ request.url.path }}",
    "two.html": "{{ one }} {{ two }}",
    "plain.txt": "Hello, {{ name }}!",
    "base.html": "<body>{% block body %}{% endblock %}</body>",
    "child.html": "{% extends 'base.html' %}{% block body %}child{% endblock %}",
    "broken.html": "{% if %}",
    "error.html": "{{ 1 / 0 }}",
}


@pytest.fixture
def directory(tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    for name, source in PAGES.items():
        (folder / name).write_text(source)
    return folder


@pytest.fixture
def templates_class(part):
    return part("templating").Jinja2Templates


@pytest.fixture
def templates(templates_class, directory):
    return templates_class(directory=directory)


@pytest.fixture
def serve(part):
    """``serve(function)``: a client of an app with that function as ``/``."""

    def build(function, base_url="http://testserver", **options):
        routing = part("routing")

        async def static(scope, receive, send):
            raise AssertionError("never called")

        routes = [
            routing.Route("/", function, methods=["GET", "POST"]),
            routing.Route("/users/{id:int}", function, name="user"),
            routing.Mount("/static", static, name="static"),
        ]
        app = part("applications").Starlette(routes=routes)
        return part("testclient").TestClient(app, base_url=base_url, **options)

    return build


def test_a_page_from_a_template(serve, templates):
    async def page(request):
        return templates.TemplateResponse(request, "hello.html", {"name": "Ada"})

    response = serve(page).get("/")
    assert response.status_code == 200
    assert response.text == "<h1>Hello, Ada!</h1>"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-length"] == str(len(response.content))


def test_arguments_may_be_named(serve, templates):
    async def page(request):
        return templates.TemplateResponse(
            request=request,
            name="hello.html",
            context={"name": "Ada"},
            status_code=201,
            headers={"x-one": "1"},
            media_type="application/xhtml+xml",
        )

    response = serve(page).get("/")
    assert response.status_code == 201
    assert response.headers["x-one"] == "1"
    assert response.headers["content-type"].startswith("application/xhtml+xml")


def test_the_context_may_be_left_out(serve, templates):
    async def page(request):
        return templates.TemplateResponse(request, "hello.html")

    assert serve(page).get("/").text == "<h1>Hello, !</h1>"


def test_a_background_task_runs_after_the_page(serve, templates, part):
    ran = []

    async def page(request):
        task = part("background").BackgroundTask(ran.append, "done")
        return templates.TemplateResponse(request, "hello.html", background=task)

    assert serve(page).get("/").status_code == 200
    assert ran == ["done"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hello.html", "<h1>Hello, &lt;Ada&gt;!</h1>"),
        ("plain.txt", "Hello, <Ada>!"),
    ],
)
def test_values_are_escaped_in_html_only(serve, templates, name, text):
    async def page(request):
        return templates.TemplateResponse(request, name, {"name": "<Ada>"})

    assert serve(page).get("/").text == text


def test_templates_can_extend_each_other(serve, templates):
    async def page(request):
        return templates.TemplateResponse(request, "child.html")

    assert serve(page).get("/").text == "<body>child</body>"


def test_the_request_is_in_the_context(serve, templates):
    async def page(request):
        return templates.TemplateResponse(request, "request.html")

    assert serve(page).post("/").text == "POST /"


def test_the_request_is_added_to_the_given_context(serve, templates):
    given = {"name": "Ada"}

    async def page(request):
        response = templates.TemplateResponse(request, "hello.html", given)
        assert given["request"] is request
        return response

    assert serve(page).get("/").status_code == 200


@pytest.mark.parametrize(
    ("base_url", "root_path", "url"),
    [
        ("http://testserver", "", "http://testserver/users/7"),
        ("https://shop.example:8443", "", "https://shop.example:8443/users/7"),
        ("http://testserver", "/app", "http://testserver/app/users/7"),
    ],
)
def test_url_for(serve, templates, base_url, root_path, url):
    async def page(request):
        return templates.TemplateResponse(request, "link.html")

    web = serve(page, base_url, root_path=root_path)
    assert web.get(root_path + "/").text == f'<a href="{url}">ada</a>'


def test_url_for_a_mount(serve, templates):
    async def page(request):
        return templates.TemplateResponse(request, "static.html")

    assert serve(page).get("/").text == "http://testserver/static/style.css"


def test_url_for_an_unknown_route(serve, templates, part):
    async def page(request):
        return templates.TemplateResponse(request, "lost.html")

    with pytest.raises(part("routing").NoMatchFound):
        serve(page).get("/")


# Context processors


def test_context_processors_add_to_every_page(serve, templates_class, directory):
    templates = templates_class(
        directory=directory,
        context_processors=[
            lambda request: {"one": request.method},
            lambda request: {"two": request.url.path},
        ],
    )

    async def page(request):
        return templates.TemplateResponse(request, "two.html")

    assert serve(page).get("/").text == "GET /"


def test_context_processors_have_the_last_word(serve, templates_class, directory):
    templates = templates_class(
        directory=directory,
        context_processors=[
            lambda request: {"one": "first", "two": "first"},
            lambda request: {"two": "second"},
        ],
    )

    async def page(request):
        return templates.TemplateResponse(request, "two.html", {"one": "given"})

    assert serve(page).get("/").text == "first second"


# Environments


def test_directory_and_env_exclude_each_other(templates_class, directory):
    with pytest.raises(AssertionError):
        templates_class()
    with pytest.raises(AssertionError):
        templates_class(directory=directory, env=jinja2.Environment())


def test_several_directories_are_searched_in_order(
    serve, templates_class, directory, tmp_path
):
    theme = tmp_path / "theme"
    theme.mkdir()
    (theme / "hello.html").write_text("themed")
    templates = templates_class(directory=[theme, str(directory)])
    assert templates.get_template("hello.html").render() == "themed"
    assert templates.get_template("plain.txt").render(name="Ada") == "Hello, Ada!"


def test_an_environment_of_ones_own(serve, templates_class):
    env = jinja2.Environment(
        loader=jinja2.DictLoader(
            {"page": "{{ name|shout }} {{ url_for('user', id=1) }}"}
        )
    )
    env.filters["shout"] = lambda text: text.upper() + "!"
    templates = templates_class(env=env)
    assert templates.env is env

    async def page(request):
        return templates.TemplateResponse(request, "page", {"name": "<ada>"})

    assert serve(page).get("/").text == "<ADA>! http://testserver/users/1"


def test_url_for_of_an_environment_is_kept(serve, templates_class):
    env = jinja2.Environment(loader=jinja2.DictLoader({"page": "{{ url_for('x') }}"}))
    env.globals["url_for"] = lambda name: f"mine:{name}"
    templates = templates_class(env=env)

    async def page(request):
        return templates.TemplateResponse(request, "page")

    assert serve(page).get("/").text == "mine:x"


def test_the_environment_can_be_extended(serve, templates):
    templates.env.globals["name"] = "global"

    async def page(request):
        return templates.TemplateResponse(request, "hello.html")

    assert serve(page).get("/").text == "<h1>Hello, global!</h1>"


# Errors


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing.html", jinja2.TemplateNotFound),
        ("../secret.html", jinja2.TemplateNotFound),
        ("broken.html", jinja2.TemplateSyntaxError),
        ("error.html", ZeroDivisionError),
    ],
)
def test_errors_are_raised_while_the_response_is_made(serve, templates, name, error):
    caught = []

    async def page(request):
        try:
            return templates.TemplateResponse(request, name)
        except error as exc:
            caught.append(exc)
            return templates.TemplateResponse(request, "hello.html")

    assert serve(page).get("/").status_code == 200
    assert len(caught) == 1


# What tests can see


def test_the_client_shows_the_template_and_its_context(serve, templates):
    async def page(request):
        return templates.TemplateResponse(request, "hello.html", {"name": "Ada"})

    response = serve(page).get("/")
    assert response.template.name == "hello.html"
    assert response.context["name"] == "Ada"
    assert set(response.context) == {"name", "request"}


def test_a_response_without_template_shows_none(serve, part):
    async def page(request):
        return part("responses").PlainTextResponse("hello")

    response = serve(page).get("/")
    assert not hasattr(response, "template")
    assert not hasattr(response, "context")


def test_the_template_is_shown_through_a_middleware(serve, templates, part):
    async def page(request):
        return templates.TemplateResponse(request, "hello.html", {"name": "Ada"})

    async def pass_on(request, call_next):
        return await call_next(request)

    base = part("middleware.base").BaseHTTPMiddleware
    app = base(part("routing").Router([part("routing").Route("/", page)]), pass_on)
    response = part("testclient").TestClient(app).get("/")
    assert response.text == "<h1>Hello, Ada!</h1>"
    assert response.template.name == "hello.html"
    assert response.context["name"] == "Ada"


def test_the_response_itself_knows_its_template_and_context(templates, part):
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    request = part("requests").Request(scope)
    response = templates.TemplateResponse(request, "hello.html", {"name": "Ada"})
    assert isinstance(response, part("responses").HTMLResponse)
    assert response.body == b"<h1>Hello, Ada!</h1>"
    assert response.template.name == "hello.html"
    assert response.context == {"name": "Ada", "request": request}
