"""Views that are classes."""

import pytest


@pytest.fixture
def views(part):
    return part("views")


@pytest.fixture
def crud(views):
    """A MethodView with GET and POST."""

    class Crud(views.MethodView):
        def get(self):
            return "read"

        def post(self):
            return "written", 201

    return Crud


def allowed(client, path="/"):
    return set(client.options(path).headers["Allow"].split(", "))


# View.


def test_a_view_answers_with_dispatch_request(app, client, views):
    class Hello(views.View):
        def dispatch_request(self, name):
            return f"hello {name}"

    app.add_url_rule("/<name>", view_func=Hello.as_view("hello"))
    assert client.get("/ada").text == "hello ada"
    assert client.post("/ada").status_code == 405
    assert "hello" in app.view_functions


def test_a_view_without_dispatch_request_is_unfinished(app, client, views):
    app.add_url_rule("/", view_func=views.View.as_view("bare"))
    with pytest.raises(NotImplementedError):
        client.get("/")


def test_arguments_of_as_view_reach_the_constructor(app, client, views):
    class Greeter(views.View):
        def __init__(self, greeting, mark="."):
            self.greeting, self.mark = greeting, mark

        def dispatch_request(self, name):
            return f"{self.greeting} {name}{self.mark}"

    app.add_url_rule("/a/<name>", view_func=Greeter.as_view("a", "hi", mark="!"))
    app.add_url_rule("/b/<name>", view_func=Greeter.as_view("b", greeting="bye"))
    assert client.get("/a/ada").text == "hi ada!"
    assert client.get("/b/ada").text == "bye ada."


def test_what_the_view_function_knows(views):
    class Hello(views.View):
        """Says hello."""

        methods = {"GET", "PUT"}
        provide_automatic_options = False

    view = Hello.as_view("hello")
    assert view.__name__ == "hello"
    assert view.__doc__ == "Says hello."
    assert view.__module__ == __name__
    assert view.view_class is Hello
    assert set(view.methods) == {"GET", "PUT"}
    assert view.provide_automatic_options is False


@pytest.mark.parametrize("methods", [["POST", "PUT"], ("POST", "PUT"), {"POST", "PUT"}])
def test_the_methods_of_a_view(app, client, flask, views, methods):
    class Echo(views.View):
        def dispatch_request(self):
            return flask.request.method

    Echo.methods = methods
    app.add_url_rule("/", view_func=Echo.as_view("echo"))
    assert client.post("/").text == "POST"
    assert client.put("/").text == "PUT"
    assert client.get("/").status_code == 405
    assert allowed(client) == {"POST", "PUT", "OPTIONS"}


def test_methods_of_the_rule_go_before_those_of_the_view(app, client, flask, views):
    class Echo(views.View):
        methods = ["GET", "POST"]

        def dispatch_request(self):
            return flask.request.method

    app.add_url_rule("/", view_func=Echo.as_view("echo"), methods=["PUT"])
    assert client.put("/").text == "PUT"
    assert client.get("/").status_code == 405


def test_decorators_are_applied_from_first_to_last(app, client, views):
    def bracket(left, right):
        def decorate(view):
            def wrapped(*args, **kwargs):
                return left + view(*args, **kwargs) + right

            return wrapped

        return decorate

    class Hello(views.View):
        decorators = [bracket("(", ")"), bracket("[", "]")]

        def dispatch_request(self):
            return "hello"

    view = Hello.as_view("hello")
    assert view.__name__ == "hello"
    assert view.view_class is Hello
    app.add_url_rule("/", view_func=view)
    assert client.get("/").text == "[(hello)]"


@pytest.mark.parametrize(("each", "made"), [(True, 3), (False, 1)])
def test_a_view_is_made_for_every_request_or_once(app, client, views, each, made):
    instances = []

    class Hello(views.View):
        init_every_request = each

        def __init__(self):
            instances.append(self)
            self.calls = 0

        def dispatch_request(self):
            self.calls += 1
            return str(self.calls)

    app.add_url_rule("/", view_func=Hello.as_view("hello"))
    answers = [client.get("/").text for _ in range(3)]
    assert len(instances) == made
    assert answers == (["1", "1", "1"] if each else ["1", "2", "3"])


@pytest.mark.parametrize(
    ("automatic", "methods", "status"),
    [
        (None, ["GET"], 200),
        (False, ["GET"], 405),
        (True, ["GET", "OPTIONS"], 200),
        # Switched on by hand, it answers, but adds no method to the rule.
        (True, ["GET"], 405),
    ],
)
def test_options_are_answered_unless_switched_off(
    app, client, views, automatic, methods, status
):
    class Hello(views.View):
        provide_automatic_options = automatic

        def dispatch_request(self):
            return "hello"

    Hello.methods = methods
    app.add_url_rule("/", view_func=Hello.as_view("hello"))
    assert client.options("/").status_code == status


def test_a_view_may_answer_options_itself(app, client, flask, views):
    class Hello(views.View):
        methods = ["GET", "OPTIONS"]
        provide_automatic_options = False

        def dispatch_request(self):
            return flask.request.method

    app.add_url_rule("/", view_func=Hello.as_view("hello"))
    assert client.options("/").text == "OPTIONS"


def test_the_same_class_may_be_several_endpoints(app, client, flask, crud):
    for name in ("a", "b"):
        app.add_url_rule(f"/{name}", view_func=crud.as_view(name))
    assert client.get("/a").text == client.get("/b").text == "read"
    with app.test_request_context():
        assert flask.url_for("b") == "/b"


def test_another_class_under_the_same_name_is_refused(app, crud):
    app.add_url_rule("/a", view_func=crud.as_view("one"))
    with pytest.raises(AssertionError):
        app.add_url_rule("/b", view_func=crud.as_view("one"))


# MethodView.


def test_a_method_view_dispatches_by_method(app, client, crud):
    app.add_url_rule("/", view_func=crud.as_view("crud"))
    assert client.get("/").text == "read"
    response = client.post("/")
    assert (response.status_code, response.text) == (201, "written")
    assert client.delete("/").status_code == 405
    assert allowed(client) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize(
    "method", ["get", "post", "put", "patch", "delete", "head", "options", "trace"]
)
def test_every_method_has_its_function(app, client, flask, views, method):
    def answer(self):
        return "", 204, {"X-Method": flask.request.method}

    cls = type("One", (views.MethodView,), {method: answer})
    assert cls.methods == {method.upper()}
    app.add_url_rule("/", view_func=cls.as_view("one"))
    response = client.open("/", method=method.upper())
    assert response.status_code == 204
    assert response.headers["X-Method"] == method.upper()


def test_head_is_answered_by_get_unless_there_is_a_head(app, client, crud):
    class WithHead(crud):
        def head(self):
            return "", 200, {"X-Head": "own"}

    app.add_url_rule("/a", view_func=crud.as_view("a"))
    app.add_url_rule("/b", view_func=WithHead.as_view("b"))
    plain = client.head("/a")
    assert (plain.status_code, plain.data) == (200, b"")
    assert plain.headers["Content-Length"] == "4"
    assert client.head("/b").headers["X-Head"] == "own"
    assert "X-Head" not in client.get("/b").headers


def test_values_of_the_url_reach_the_method(app, client, views):
    class Item(views.MethodView):
        def get(self, number):
            return f"item {number}" if number else "all"

        def delete(self, number):
            return f"deleted {number}"

    view = Item.as_view("item")
    app.add_url_rule("/", defaults={"number": None}, view_func=view, methods=["GET"])
    app.add_url_rule("/<int:number>", view_func=view)
    assert client.get("/").text == "all"
    assert client.get("/3").text == "item 3"
    assert client.delete("/3").text == "deleted 3"
    assert client.delete("/").status_code == 405


def test_a_subclass_merges_the_methods(app, client, views, crud):
    class Delete(views.MethodView):
        def delete(self):
            return "deleted"

    class Both(crud, Delete):
        def put(self):
            return "replaced"

    class Same(Both):
        pass

    assert crud.methods == {"GET", "POST"}
    assert Both.methods == Same.methods == {"GET", "POST", "DELETE", "PUT"}
    app.add_url_rule("/", view_func=Same.as_view("same"))
    assert client.get("/").text == "read"
    assert client.delete("/").text == "deleted"
    assert client.put("/").text == "replaced"


def test_methods_given_by_hand_are_not_guessed(app, client, views):
    class Limited(views.MethodView):
        methods = ["GET"]

        def get(self):
            return "read"

        def post(self):
            return "written"

    app.add_url_rule("/", view_func=Limited.as_view("limited"))
    assert client.get("/").text == "read"
    assert client.post("/").status_code == 405


def test_a_method_view_without_functions_has_no_methods_of_its_own(views):
    class Empty(views.MethodView):
        pass

    assert Empty.methods is None


def test_a_method_without_a_function_is_an_error(app, client, views):
    class Wrong(views.MethodView):
        methods = ["PUT"]

    app.add_url_rule("/", view_func=Wrong.as_view("wrong"))
    with pytest.raises(AssertionError):
        client.put("/")


def test_options_can_be_written_by_hand(app, client, views):
    class Own(views.MethodView):
        def options(self):
            return "my own"

    app.add_url_rule("/", view_func=Own.as_view("own"))
    assert client.options("/").text == "my own"


def test_an_inherited_decorator_applies_to_the_subclass(app, client, views):
    def deny(view):
        return lambda **args: ("denied", 403)

    class Base(views.MethodView):
        decorators = [deny]

    class Page(Base):
        def get(self):
            return "page"

    app.add_url_rule("/", view_func=Page.as_view("page"))
    assert client.get("/").status_code == 403


def test_an_async_method_is_run(app, client, views):
    pytest.importorskip("asgiref")

    class Page(views.MethodView):
        async def get(self):
            return "awaited"

    app.add_url_rule("/", view_func=Page.as_view("page"))
    assert client.get("/").text == "awaited"


def test_a_blueprint_takes_views_too(app, client, flask, crud):
    bp = flask.Blueprint("part", __name__, url_prefix="/part")
    bp.add_url_rule("/crud", view_func=crud.as_view("crud"))
    app.register_blueprint(bp)
    assert client.get("/part/crud").text == "read"
    with app.test_request_context():
        assert flask.url_for("part.crud") == "/part/crud"


def test_a_view_returns_whatever_a_function_may(app, client, views):
    class Data(views.MethodView):
        def get(self):
            return {"a": 1}, 202, {"X-A": "1"}

    app.add_url_rule("/", view_func=Data.as_view("data"))
    response = client.get("/")
    assert (response.status_code, response.json) == (202, {"a": 1})
    assert response.headers["X-A"] == "1"
