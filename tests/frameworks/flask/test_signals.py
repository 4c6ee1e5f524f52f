"""The signals an app sends while it works."""

import gc

import pytest

NAMES = [
    "template_rendered",
    "before_render_template",
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_tearing_down",
    "appcontext_pushed",
    "appcontext_popped",
    "message_flashed",
]


@pytest.fixture
def heard(app, flask):
    """Listens to every signal of the app; ``[(name, what it carried)]``."""
    found = []
    receivers = []

    def listen(name):
        def receiver(sender, **carried):
            assert sender is app
            found.append((name, carried))

        getattr(flask, name).connect(receiver, app)
        receivers.append((name, receiver))

    for name in NAMES:
        listen(name)
    yield found
    for name, receiver in receivers:
        getattr(flask, name).disconnect(receiver, app)


def names(heard):
    return [name for name, _ in heard]


def carried(heard, wanted):
    (found,) = [kwargs for name, kwargs in heard if name == wanted]
    return found


# Who sends what.


def test_all_signals_are_in_the_framework_and_in_its_module(flask, part):
    for name in NAMES:
        assert getattr(flask, name) is getattr(part("signals"), name)
        assert getattr(flask, name).name == name.replace("_", "-")


def test_the_signals_of_a_request_in_order(app, client, flask, heard):
    @app.get("/")
    def index():
        flask.flash("note", "error")
        return flask.render_template_string("{{ a }}", a=1)

    client.get("/")
    assert names(heard) == [
        "appcontext_pushed",
        "request_started",
        "message_flashed",
        "before_render_template",
        "template_rendered",
        "request_finished",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ]


@pytest.mark.parametrize("signal", ["before_render_template", "template_rendered"])
def test_a_rendered_template_carries_itself_and_its_context(
    app, flask, heard, tmp_path, signal
):
    with app.test_request_context():
        flask.render_template_string("{{ a }}", a=1)
    found = carried(heard, signal)
    assert set(found) == {"template", "context"}
    assert found["template"].name is None
    assert found["context"]["a"] == 1
    assert found["context"]["g"] is not None


def test_a_named_template_carries_its_name(flask, tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.txt").write_text("a")
    app = flask.Flask("app", root_path=str(tmp_path))
    found = []

    def note(sender, template, context, **extra):
        found.append((sender, template.name, context["b"], extra))

    with app.app_context(), flask.template_rendered.connected_to(note, app):
        flask.render_template("a.txt", b=2)
    assert found == [(app, "a.txt", 2, {})]


def test_a_streamed_template_has_been_rendered_at_its_end(app, flask, heard):
    with app.app_context():
        parts = flask.stream_template_string("{{ a }}", a=1)
        assert "before_render_template" in names(heard)
        assert "template_rendered" not in names(heard)
        assert "".join(parts) == "1"
    assert "template_rendered" in names(heard)


def test_a_listener_may_add_to_the_context_before_rendering(app, flask):
    def add(sender, template, context, **extra):
        context["added"] = "yes"

    with app.app_context(), flask.before_render_template.connected_to(add, app):
        assert flask.render_template_string("{{ added }}") == "yes"


def test_request_started_is_sent_before_before_request(app, client, flask, heard):
    app.before_request(lambda: heard.append(("before_request", {})))
    app.url_value_preprocessor(lambda e, v: heard.append(("preprocessor", {})))
    client.get("/")
    assert names(heard)[:4] == [
        "appcontext_pushed",
        "request_started",
        "preprocessor",
        "before_request",
    ]
    assert carried(heard, "request_started") == {}


def test_request_finished_carries_the_response_after_after_request(
    app, client, flask, heard
):
    @app.after_request
    def mark(response):
        response.headers["X-Marked"] = "1"
        return response

    client.get("/nowhere")
    response = carried(heard, "request_finished")["response"]
    assert isinstance(response, flask.Response)
    assert response.status_code == 404
    assert response.headers["X-Marked"] == "1"


def test_listeners_see_the_request(app, client, flask):
    paths = []

    def note(sender, **extra):
        paths.append(flask.request.path)

    with (
        flask.request_started.connected_to(note, app),
        flask.request_finished.connected_to(note, app),
        flask.request_tearing_down.connected_to(note, app),
    ):
        client.get("/a")
    assert paths == ["/a"] * 3


def test_message_flashed_carries_message_and_category(app, flask, heard):
    with app.test_request_context():
        flask.flash("one")
        flask.flash("two", "error")
    found = [kwargs for name, kwargs in heard if name == "message_flashed"]
    assert found == [
        {"message": "one", "category": "message"},
        {"message": "two", "category": "error"},
    ]


@pytest.mark.parametrize("propagate", [False, True])
def test_an_unhandled_exception_is_carried(app, client, heard, propagate):
    app.config["PROPAGATE_EXCEPTIONS"] = propagate
    error = ValueError("bug")

    @app.get("/")
    def index():
        raise error

    if propagate:
        with pytest.raises(ValueError, match="bug"):
            client.get("/")
    else:
        assert client.get("/").status_code == 500
    assert carried(heard, "got_request_exception") == {"exception": error}
    assert carried(heard, "request_tearing_down") == {"exc": error}
    assert carried(heard, "appcontext_tearing_down") == {"exc": error}
    assert ("request_finished" in names(heard)) is not propagate


@pytest.mark.parametrize("path", ["/handled", "/nowhere"])
def test_a_handled_exception_is_not_carried(app, client, heard, path):
    app.register_error_handler(ZeroDivisionError, lambda error: "handled")
    app.add_url_rule("/handled", "handled", lambda: 1 // 0)
    client.get(path)
    assert "got_request_exception" not in names(heard)
    assert carried(heard, "request_tearing_down") == {"exc": None}


def test_a_handler_of_500_does_not_silence_the_signal(app, client, heard):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(500, lambda error: ("sorry", 500))
    app.add_url_rule("/", "i", lambda: 1 // 0)
    assert client.get("/").text == "sorry"
    assert "got_request_exception" in names(heard)
    assert carried(heard, "request_finished")["response"].status_code == 500


def test_an_app_context_alone_sends_its_own_signals(app, heard):
    with app.app_context():
        assert heard == [("appcontext_pushed", {})]
    assert heard[1:] == [
        ("appcontext_tearing_down", {"exc": None}),
        ("appcontext_popped", {}),
    ]


def test_current_app_is_there_while_tearing_down(app, flask):
    seen = []

    def note(sender, exc, **extra):
        seen.append(flask.current_app.name)

    with flask.appcontext_tearing_down.connected_to(note, app), app.app_context():
        pass
    assert seen == ["tested_app"]


# Connecting.


@pytest.fixture
def signal(part):
    return part("signals").Namespace().signal("a-signal")


def test_a_namespace_makes_a_signal_once(part):
    space = part("signals").Namespace()
    assert space.signal("a") is space.signal("a")
    assert space.signal("a") is not space.signal("b")
    assert space.signal("a").name == "a"
    assert sorted(space) == ["a", "b"]
    assert part("signals").Namespace().signal("a") is not space.signal("a")


def test_send_calls_receivers_with_the_sender_first(signal):
    def first(sender, **carried):
        return sender, carried

    signal.connect(first)
    assert signal.send("me", a=1, b=2) == [(first, ("me", {"a": 1, "b": 2}))]


def test_send_without_receivers_gives_an_empty_list(signal):
    assert signal.send("me") == []
    assert not signal.receivers


def test_send_without_a_sender_sends_none(signal):
    def receiver(sender):
        return sender

    signal.connect(receiver)
    assert signal.send() == [(receiver, None)]


def test_a_receiver_hears_only_its_sender(signal):
    def all_of_them(sender):
        return "all"

    def one(sender):
        return "one"

    sender, other = object(), object()
    signal.connect(all_of_them)
    signal.connect(one, sender=sender)
    assert sorted(answer for _, answer in signal.send(sender)) == ["all", "one"]
    assert [answer for _, answer in signal.send(other)] == ["all"]


def test_a_disconnected_receiver_hears_nothing(signal):
    def receiver(sender):
        return "heard"

    signal.connect(receiver)
    assert bool(signal.receivers)
    signal.disconnect(receiver)
    assert signal.send("me") == []


def test_a_receiver_connected_twice_is_called_once(signal):
    calls = []

    def receiver(sender):
        calls.append(sender)

    signal.connect(receiver)
    signal.connect(receiver)
    signal.send("me")
    assert calls == ["me"]


def test_connect_is_a_decorator(signal):
    @signal.connect
    def receiver(sender):
        return "heard"

    assert signal.send("me") == [(receiver, "heard")]


def test_connect_via_is_a_decorator_for_one_sender(signal):
    @signal.connect_via("me")
    def receiver(sender, **carried):
        return "heard"

    assert signal.send("me", a=1) == [(receiver, "heard")]
    assert signal.send("you") == []


def test_connected_to_listens_within_the_block(signal):
    heard = []

    def receiver(sender, **carried):
        heard.append(carried["n"])

    signal.send("me", n=1)
    with signal.connected_to(receiver):
        signal.send("me", n=2)
    signal.send("me", n=3)
    with signal.connected_to(receiver, "me"):
        signal.send("me", n=4)
        signal.send("you", n=5)
    assert heard == [2, 4]


def test_connected_to_lets_go_after_an_exception(signal):
    def receiver(sender):
        return "heard"

    with pytest.raises(ZeroDivisionError), signal.connected_to(receiver):
        raise ZeroDivisionError
    assert signal.send("me") == []


def test_a_receiver_is_held_weakly_unless_asked(signal):
    def connect(weak):
        def receiver(sender):
            return weak

        signal.connect(receiver, weak=weak)

    connect(True)
    connect(False)
    gc.collect()
    assert [answer for _, answer in signal.send("me")] == [False]


def test_a_method_can_be_a_receiver(signal):
    class Listener:
        def hear(self, sender, **carried):
            return carried

    listener = Listener()
    signal.connect(listener.hear)
    assert signal.send("me", a=1) == [(listener.hear, {"a": 1})]
    del listener
    assert signal.send("me") == []


def test_an_exception_of_a_receiver_comes_through(signal):
    @signal.connect
    def receiver(sender):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        signal.send("me")


def test_has_receivers_for_a_sender(signal):
    def receiver(sender):
        pass

    sender, other = object(), object()
    assert not signal.has_receivers_for(sender)
    signal.connect(receiver, sender)
    assert signal.has_receivers_for(sender)
    assert not signal.has_receivers_for(other)


def test_a_muted_signal_reaches_nobody(signal):
    @signal.connect
    def receiver(sender):
        return "heard"

    with signal.muted():
        assert signal.send("me") == []
    assert signal.send("me") == [(receiver, "heard")]


def test_other_apps_are_not_heard(app, flask, heard):
    with flask.Flask("other", root_path=".").app_context():
        pass
    assert heard == []
