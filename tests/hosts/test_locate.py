"""From a name to an app, and the sentences where there is none."""

import re

import pytest

from fwtrace.hosts.errors import AppImportFailed, AppNotFound
from fwtrace.hosts.locate import KNOWN, locate

APP = """
def application(environ, start_response):
    start_response("200 OK", [])
    return [b""]

def create_app():
    return application

async def asgi(scope, receive, send):
    pass

class ASGI2:
    def __init__(self, scope): pass
    async def __call__(self, receive, send): pass

async def handler(request):
    pass

number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_app_is_there(name):
    located = locate(name)
    assert callable(located.app)
    assert located.name == name


def test_file_with_and_without_attribute(folder):
    (folder / "located_one.py").write_text(APP)
    assert locate("located_one.py").target == "located_one:?"
    assert locate("./located_one.py:application").app.__name__ == "application"


def test_module_attribute_and_factory(folder):
    (folder / "located_two.py").write_text(APP)
    assert locate("located_two:application").app.__name__ == "application"
    assert locate("located_two:create_app()").app.__name__ == "application"


def test_protocol_is_that_of_the_app(folder):
    (folder / "located_both.py").write_text(APP)
    assert locate("located_both:application").protocol == "wsgi"
    assert locate("located_both:asgi").protocol == "asgi"


def test_file_inside_a_package_is_imported_as_part_of_it(folder):
    (folder / "located_pkg").mkdir()
    (folder / "located_pkg" / "__init__.py").write_text("")
    (folder / "located_pkg" / "web.py").write_text(APP)
    located = locate("located_pkg/web.py:application")
    assert located.app.__module__ == "located_pkg.web"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mcro", "Did you mean 'micro'"),
        ("no/such/file.py", "no file"),
        ("no.such.module:app", "No app is called"),
        ("located_three:applicaton", "Did you mean 'application'"),
        ("located_three:number", "not an app"),
        ("located_three:ASGI2", "ASGI 2"),
        ("located_three:handler", "no ASGI app"),
        ("located_empty", "Say which"),
        ("not a name", "No app is called"),
    ],
)
def test_app_that_is_not_there_is_one_sentence(folder, name, said):
    (folder / "located_three.py").write_text(APP)
    (folder / "located_empty.py").write_text("")
    with pytest.raises(AppNotFound, match=said):
        locate(name)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1/0", "ZeroDivisionError"),
        ("import no_such_dependency", "no_such_dependency"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
    ids=["raises", "missing dependency", "syntax", "exits"],
)
def test_app_whose_own_code_fails_keeps_the_cause(folder, source, said):
    name = f"located_bad_{abs(hash(source))}"
    (folder / f"{name}.py").write_text(source)
    with pytest.raises(AppImportFailed, match=said) as caught:
        locate(f"{name}:app")
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("flask:original", "pip install flask"),
        ("fastapi", "pip install 'fwtrace[fastapi]'"),
        ("items", "pip install 'fwtrace[fastapi]'"),
    ],
)
def test_what_an_app_needs_is_said_with_its_command(name, command, monkeypatch):
    monkeypatch.setattr("fwtrace.hosts.locate._is_installed", lambda package: False)
    with pytest.raises(AppNotFound, match=re.escape(command)):
        locate(name)
