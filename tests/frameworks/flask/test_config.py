"""Settings: their defaults and the places they are read from."""

import json
import tomllib
from datetime import timedelta

import pytest


@pytest.fixture
def app(flask, tmp_path):
    return flask.Flask("configured", root_path=str(tmp_path))


@pytest.fixture
def config(app):
    return app.config


class Settings:
    """What ``from_object`` reads."""

    SOME = "value"
    WITH_2_DIGITS = 3
    Mixed = "ignored"
    lower = "ignored"
    _UNDERSCORE = "read"


class MoreSettings(Settings):
    SOME = "other"


# Defaults.


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DEBUG", False),
        ("TESTING", False),
        ("PROPAGATE_EXCEPTIONS", None),
        ("SECRET_KEY", None),
        ("SECRET_KEY_FALLBACKS", None),
        ("PERMANENT_SESSION_LIFETIME", timedelta(days=31)),
        ("USE_X_SENDFILE", False),
        ("TRUSTED_HOSTS", None),
        ("SERVER_NAME", None),
        ("APPLICATION_ROOT", "/"),
        ("SESSION_COOKIE_NAME", "session"),
        ("SESSION_COOKIE_DOMAIN", None),
        ("SESSION_COOKIE_PATH", None),
        ("SESSION_COOKIE_HTTPONLY", True),
        ("SESSION_COOKIE_SECURE", False),
        ("SESSION_COOKIE_PARTITIONED", False),
        ("SESSION_COOKIE_SAMESITE", None),
        ("SESSION_REFRESH_EACH_REQUEST", True),
        ("MAX_CONTENT_LENGTH", None),
        ("MAX_FORM_MEMORY_SIZE", 500_000),
        ("MAX_FORM_PARTS", 1_000),
        ("SEND_FILE_MAX_AGE_DEFAULT", None),
        ("TRAP_BAD_REQUEST_ERRORS", None),
        ("TRAP_HTTP_EXCEPTIONS", False),
        ("EXPLAIN_TEMPLATE_LOADING", False),
        ("PREFERRED_URL_SCHEME", "http"),
        ("TEMPLATES_AUTO_RELOAD", None),
        ("MAX_COOKIE_SIZE", 4093),
        ("PROVIDE_AUTOMATIC_OPTIONS", True),
    ],
)
def test_a_documented_setting_has_its_default(config, key, value):
    assert config[key] == value
    assert type(config[key]) is type(value)


def test_the_config_is_a_dict(flask, config):
    assert isinstance(config, dict)
    assert isinstance(config, flask.Config)
    config["ANY"] = 1
    config.update(OTHER=2)
    config.setdefault("ANY", 3)
    assert (config["ANY"], config.get("OTHER"), config.get("NONE")) == (1, 2, None)
    with pytest.raises(KeyError):
        config["NONE"]


def test_every_app_has_its_own_config(flask, config):
    config["SECRET_KEY"] = "mine"
    assert flask.Flask("other", root_path=".").config["SECRET_KEY"] is None


@pytest.mark.parametrize(
    ("attribute", "key", "value"),
    [
        ("testing", "TESTING", True),
        ("secret_key", "SECRET_KEY", "secret"),
        ("debug", "DEBUG", True),
    ],
)
def test_some_settings_are_attributes_of_the_app(app, attribute, key, value):
    setattr(app, attribute, value)
    assert app.config[key] == value
    app.config[key] = None
    assert getattr(app, attribute) is None


def test_the_lifetime_read_as_an_attribute_is_a_timedelta(app):
    app.permanent_session_lifetime = 60
    assert app.config["PERMANENT_SESSION_LIFETIME"] == 60
    assert app.permanent_session_lifetime == timedelta(minutes=1)


def test_an_app_can_have_other_defaults_and_another_class(flask):
    class MyConfig(flask.Config):
        pass

    class MyApp(flask.Flask):
        config_class = MyConfig
        default_config = {**flask.Flask.default_config, "MINE": 1}

    app = MyApp("mine", root_path=".")
    assert isinstance(app.config, MyConfig)
    assert app.config["MINE"] == 1
    assert app.config["APPLICATION_ROOT"] == "/"


def test_a_config_stands_alone_too(flask, tmp_path):
    config = flask.Config(str(tmp_path), {"A": 1})
    assert config == {"A": 1}
    assert config.root_path == str(tmp_path)
    assert flask.Config(tmp_path) == {}


# From objects and mappings.


@pytest.mark.parametrize(
    ("source", "some"),
    [(Settings, "value"), (MoreSettings, "other"), (Settings(), "value")],
)
def test_from_object_reads_what_is_upper_case(config, source, some):
    assert config.from_object(source) is None
    assert config["SOME"] == some
    assert config["WITH_2_DIGITS"] == 3
    assert config["_UNDERSCORE"] == "read"
    assert "Mixed" not in config
    assert "lower" not in config


@pytest.mark.parametrize("path", ["{}", "{}.Inner", "{}:Inner"])
def test_from_object_imports_a_string(config, tmp_path, monkeypatch, path):
    name = f"settings_{tmp_path.name.replace('-', '_')}"
    text = "A = 1\nb = 2\nclass Inner:\n    A = 1\n"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    config.from_object(path.format(name))
    assert config["A"] == 1
    assert "b" not in config


@pytest.mark.parametrize("path", ["no_such_module", "json.no_such_name"])
def test_from_object_with_a_wrong_string_is_an_error(config, path):
    with pytest.raises(ImportError):
        config.from_object(path)


def test_properties_need_an_instance(config):
    class Computed:
        HOST = "db"

        @property
        def URI(self):
            return f"sql://{self.HOST}"

    config.from_object(Computed())
    assert config["URI"] == "sql://db"


def test_from_object_reads_no_keys_of_a_dict(config):
    config.from_object({"SOME": 1})
    assert "SOME" not in config


@pytest.mark.parametrize(
    ("args", "kwargs", "found"),
    [
        (({"A": 1, "b": 2, "Cc": 3},), {}, {"A": 1}),
        ((), {"A": 1, "b": 2}, {"A": 1}),
        (({"A": 1},), {"A": 2, "D": 3}, {"A": 2, "D": 3}),
        (([("A", 1), ("D", 4)],), {}, {"A": 1, "D": 4}),
        ((), {}, {}),
        ((None,), {}, {}),
    ],
)
def test_from_mapping_reads_what_is_upper_case(flask, args, kwargs, found):
    config = flask.Config(".")
    assert config.from_mapping(*args, **kwargs) is True
    assert config == found


def test_from_mapping_takes_only_one(config):
    with pytest.raises(TypeError):
        config.from_mapping({}, {})


# From files.


@pytest.mark.parametrize("absolute", [True, False])
def test_from_pyfile_runs_a_python_file(config, tmp_path, absolute):
    path = tmp_path / "settings.cfg"
    path.write_text("A = 1 + 1\nb = 3\nimport os\nNAME = os.path.basename(__file__)\n")
    assert config.from_pyfile(str(path) if absolute else "settings.cfg") is True
    assert (config["A"], config["NAME"]) == (2, "settings.cfg")
    assert "b" not in config
    assert config.from_pyfile(path) is True


def test_from_pyfile_reads_the_declared_encoding(config, tmp_path):
    text = "# coding: latin-1\nA = '\u00e4'\n"
    (tmp_path / "a.cfg").write_bytes(text.encode("latin-1"))
    config.from_pyfile("a.cfg")
    assert config["A"] == "\u00e4"


def read_pyfile(config, name, **options):
    return config.from_pyfile(name, **options)


def read_json(config, name, **options):
    return config.from_file(name, json.load, **options)


@pytest.mark.parametrize("read", [read_pyfile, read_json])
@pytest.mark.parametrize(
    ("name", "error"),
    [("absent", FileNotFoundError), ("folder", IsADirectoryError)],
)
def test_a_missing_file_is_an_error_unless_silent(config, tmp_path, read, name, error):
    (tmp_path / "folder").mkdir()
    with pytest.raises(error):
        read(config, name)
    assert read(config, name, silent=True) is False


def test_silent_hides_no_mistakes_in_the_file(config, tmp_path):
    (tmp_path / "a.cfg").write_text("A = 1 / 0")
    with pytest.raises(ZeroDivisionError):
        config.from_pyfile("a.cfg", silent=True)
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(json.JSONDecodeError):
        config.from_file("a.json", json.load, silent=True)


def test_from_file_reads_json(config, tmp_path):
    (tmp_path / "a.json").write_text('{"A": [1], "b": 2}')
    assert config.from_file("a.json", load=json.load) is True
    assert config["A"] == [1]
    assert "b" not in config
    assert config.from_file(tmp_path / "a.json", json.load) is True


def test_from_file_reads_toml_in_binary(config, tmp_path):
    (tmp_path / "a.toml").write_text('A = 1\nb = 2\n[C]\nd = "e"\n')
    assert config.from_file("a.toml", load=tomllib.load, text=False) is True
    assert (config["A"], config["C"]) == (1, {"d": "e"})
    assert "b" not in config
    with pytest.raises(TypeError):
        config.from_file("a.toml", load=tomllib.load)


# From the environment.


def test_from_envvar_names_a_python_file(config, tmp_path, monkeypatch):
    (tmp_path / "a.cfg").write_text("A = 1")
    monkeypatch.setenv("MY_SETTINGS", str(tmp_path / "a.cfg"))
    assert config.from_envvar("MY_SETTINGS") is True
    assert config["A"] == 1


@pytest.mark.parametrize("value", [None, ""])
def test_an_envvar_that_is_not_set(config, monkeypatch, value):
    monkeypatch.delenv("MY_SETTINGS", raising=False)
    if value is not None:
        monkeypatch.setenv("MY_SETTINGS", value)
    with pytest.raises(RuntimeError):
        config.from_envvar("MY_SETTINGS")
    assert config.from_envvar("MY_SETTINGS", silent=True) is False


def test_an_envvar_of_a_missing_file(config, monkeypatch):
    monkeypatch.setenv("MY_SETTINGS", "absent.cfg")
    with pytest.raises(FileNotFoundError):
        config.from_envvar("MY_SETTINGS")
    assert config.from_envvar("MY_SETTINGS", silent=True) is False


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ('"1"', "1"),
        ("[1, 2]", [1, 2]),
        ('{"a": 1}', {"a": 1}),
        ("plain text", "plain text"),
        ("True", "True"),
        ("{broken", "{broken"),
        ("", ""),
    ],
)
def test_a_prefixed_variable_is_json_or_text(config, monkeypatch, text, value):
    monkeypatch.setenv("FLASK_VALUE", text)
    assert config.from_prefixed_env() is True
    assert config["VALUE"] == value
    assert type(config["VALUE"]) is type(value)


@pytest.fixture
def empty(flask):
    return flask.Config(".")


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"MY_A": "1", "OTHER_B": "2", "MYC": "3"}, {"A": 1}),
        ({"MY_lower": "1"}, {"lower": 1}),
        ({"MY_A__B": "1", "MY_A__C": "2"}, {"A": {"B": 1, "C": 2}}),
        ({"MY_A__B__c": "1"}, {"A": {"B": {"c": 1}}}),
        ({"MY_A": '{"x": 1}', "MY_A__y": "2"}, {"A": {"x": 1, "y": 2}}),
        ({"MY_A_B": "1"}, {"A_B": 1}),
    ],
)
def test_two_underscores_reach_into_dicts(empty, monkeypatch, variables, found):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert empty.from_prefixed_env("MY") is True
    assert empty == found


def test_nested_variables_change_a_dict_that_is_there(empty, monkeypatch):
    empty["A"] = {"old": 1}
    monkeypatch.setenv("MY_A__new", "2")
    empty.from_prefixed_env("MY")
    assert empty == {"A": {"old": 1, "new": 2}}


def test_variables_can_be_loaded_in_another_way(empty, monkeypatch):
    monkeypatch.setenv("MY_A", "12")
    monkeypatch.setenv("MY_B", "x")
    empty.from_prefixed_env("MY", loads=lambda text: int(text, 8))
    assert empty == {"A": 10, "B": "x"}


# Namespaces.


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, {"type": "fs", "base_url": "/"}),
        ({"lowercase": False}, {"TYPE": "fs", "BASE_URL": "/"}),
        ({"trim_namespace": False}, {"store_type": "fs", "store_base_url": "/"}),
        (
            {"lowercase": False, "trim_namespace": False},
            {"STORE_TYPE": "fs", "STORE_BASE_URL": "/"},
        ),
    ],
)
def test_a_namespace_is_what_begins_alike(empty, options, found):
    empty.update(STORE_TYPE="fs", STORE_BASE_URL="/", OTHER="x", store_low="y")
    assert empty.get_namespace("STORE_", **options) == found


def test_an_empty_namespace(empty):
    empty["OTHER"] = 1
    assert empty.get_namespace("STORE_") == {}


# Where files are looked for.


@pytest.mark.parametrize("relative", [True, False])
def test_files_are_relative_to_the_app_or_to_its_instance(flask, tmp_path, relative):
    root, instance = tmp_path / "root", tmp_path / "instance"
    for folder in (root, instance):
        folder.mkdir()
        (folder / "a.cfg").write_text(f"WHERE = {folder.name!r}")
    app = flask.Flask(
        "app",
        root_path=str(root),
        instance_path=str(instance),
        instance_relative_config=relative,
    )
    app.config.from_pyfile("a.cfg")
    assert app.config["WHERE"] == ("instance" if relative else "root")
    assert app.instance_path == str(instance)
    (instance / "b.txt").write_text("b")
    with app.open_instance_resource("b.txt", "r") as file:
        assert file.read() == "b"
    with app.open_instance_resource("c.txt", "w") as file:
        file.write("c")
    assert (instance / "c.txt").read_text() == "c"


def test_an_instance_path_must_be_absolute(flask):
    with pytest.raises(ValueError, match="."):
        flask.Flask("app", root_path=".", instance_path="instance")


def test_config_is_reachable_in_templates_and_views(app, client, flask):
    app.config["NAME"] = "ada"
    app.add_url_rule(
        "/", "i", lambda: flask.render_template_string("{{ config.NAME }}")
    )
    app.add_url_rule("/b", "b", lambda: flask.current_app.config["NAME"])
    assert client.get("/").text == client.get("/b").text == "ada"


def test_a_config_attribute_reads_and_writes_a_key(part):
    class Holder:
        name = part("config").ConfigAttribute("NAME")
        size = part("config").ConfigAttribute("SIZE", get_converter=int)
        config = {"NAME": "ada", "SIZE": "3"}

    holder = Holder()
    assert (holder.name, holder.size) == ("ada", 3)
    holder.name = "eve"
    assert holder.config["NAME"] == "eve"
    assert isinstance(Holder.name, part("config").ConfigAttribute)
