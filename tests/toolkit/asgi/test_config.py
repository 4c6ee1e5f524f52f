"""Config: values of the environment and of a file, cast."""

import os

import pytest


@pytest.fixture
def config(part):
    """``config({"KEY": "value"})``: a Config of that environment only."""

    def build(environ=(), **options):
        return part("config").Config(environ=dict(environ), **options)

    return build


@pytest.fixture
def env_file(tmp_path):
    path = tmp_path / ".env"
    path.write_text(
        "# a comment = no value\n"
        "\n"
        "PLAIN=text\n"
        "  SPACED  =  a b  \n"
        'DOUBLE=" kept "\n'
        "SINGLE=' kept '\n"
        'HALF="open\n'
        'QUOTE="\n'
        "EQUALS=a=b\n"
        "EMPTY=\n"
        "no value\n"
    )
    return path


def test_a_value_of_the_environment(config):
    get = config({"KEY": "value"})
    assert get("KEY") == "value"
    assert get.get("KEY") == "value"


def test_a_missing_value(config):
    with pytest.raises(KeyError, match="MISSING"):
        config()("MISSING")


@pytest.mark.parametrize("default", [None, "", 0, "text"])
def test_a_default(config, default):
    assert config()("MISSING", default=default) == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLAIN", "text"),
        ("SPACED", "a b"),
        ("DOUBLE", " kept "),
        ("SINGLE", " kept "),
        ("HALF", '"open'),
        ("QUOTE", '"'),
        ("EQUALS", "a=b"),
        ("EMPTY", ""),
    ],
)
def test_values_of_a_file(config, env_file, name, value):
    assert config(env_file=env_file)(name) == value
    assert config(env_file=str(env_file))(name) == value


def test_what_is_no_value_of_a_file(config, env_file):
    names = ["PLAIN", "SPACED", "DOUBLE", "SINGLE", "HALF", "QUOTE", "EQUALS", "EMPTY"]
    assert list(config(env_file=env_file).file_values) == names


def test_the_environment_counts_more_than_the_file(config, env_file):
    assert config({"PLAIN": "mine"}, env_file=env_file)("PLAIN") == "mine"


def test_a_file_that_is_missing_is_warned_about(config, tmp_path):
    with pytest.warns(UserWarning, match="not found"):
        get = config(env_file=tmp_path / "missing")
    assert get.file_values == {}


def test_the_encoding_of_a_file(config, tmp_path):
    path = tmp_path / ".env"
    path.write_bytes("NAME=Zoë".encode("latin-1"))
    assert config(env_file=path, encoding="latin-1")("NAME") == "Zoë"


def test_a_prefix_is_put_before_the_keys(config):
    get = config({"APP_KEY": "mine", "KEY": "other"}, env_prefix="APP_")
    assert get("KEY") == "mine"
    with pytest.raises(KeyError, match="APP_MISSING"):
        get("MISSING")


@pytest.mark.parametrize(
    ("cast", "text", "value"),
    [
        (int, "42", 42),
        (float, "1.5", 1.5),
        (bool, "true", True),
        (bool, "TRUE", True),
        (bool, "1", True),
        (bool, "False", False),
        (bool, "0", False),
        (str.split, "a b", ["a", "b"]),
    ],
)
def test_casts(config, cast, text, value):
    assert config({"KEY": text})("KEY", cast=cast) == value


@pytest.mark.parametrize(("cast", "text"), [(int, "x"), (bool, "yes"), (bool, "")])
def test_a_value_that_cannot_be_cast(config, cast, text):
    with pytest.raises(ValueError, match=f"'KEY'.*{cast.__name__}"):
        config({"KEY": text})("KEY", cast=cast)


def test_defaults_are_cast_too_but_none_is_not(config):
    assert config()("KEY", cast=int, default="7") == 7
    assert config()("KEY", cast=bool, default=1) is True
    assert config()("KEY", cast=int, default=None) is None


def test_casts_of_the_toolkit(config, part):
    data = part("datastructures")
    secret = config({"KEY": "tea"})("KEY", cast=data.Secret)
    assert (str(secret), "tea" in repr(secret)) == ("tea", False)
    hosts = config({"KEY": "a.org, b.org"})("KEY", cast=data.CommaSeparatedStrings)
    assert list(hosts) == ["a.org", "b.org"]


def test_an_environ_cannot_be_changed_once_it_was_read(part):
    module = part("config")
    environ = module.Environ({"ONE": "1", "TWO": "2"})
    environ["ONE"] = "one"
    del environ["TWO"]
    environ["NEW"] = "new"
    assert dict(environ.items()) == {"ONE": "one", "NEW": "new"}
    assert len(environ) == 2
    with pytest.raises(module.EnvironError):
        environ["ONE"] = "again"
    with pytest.raises(module.EnvironError):
        del environ["NEW"]


def test_a_variable_that_was_missed_was_read_too(part):
    module = part("config")
    environ = module.Environ({})
    assert environ.get("KEY") is None
    with pytest.raises(module.EnvironError):
        environ["KEY"] = "late"


def test_the_environment_of_the_process(part, monkeypatch):
    monkeypatch.setenv("FWTRACE_TEST_KEY", "here")
    module = part("config")
    assert module.Config()("FWTRACE_TEST_KEY") == "here"
    assert module.Environ()["FWTRACE_TEST_KEY"] == os.environ["FWTRACE_TEST_KEY"]
