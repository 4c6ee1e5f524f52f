import os
import subprocess
import sys

import pytest

from fwtrace.toolkit.templates.jinja import TemplateMissing, Templates


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hello.html").write_text("Hello, {{ name }}{{ end }}")
    (tmp_path / "notes.txt").write_text("{{ name }}")
    (tmp_path / "page.html").write_text("{% include 'gone.html' %}")
    return tmp_path


def test_templates_escape_what_is_not_marked_safe(folder):
    templates = Templates([folder])
    assert templates.render("hello.html", {"name": "<b>"}) == "Hello, &lt;b&gt;"
    assert templates.render("notes.txt", {"name": "<b>"}) == "&lt;b&gt;"


def test_templates_know_their_globals(folder):
    templates = Templates([folder], name="Ann")
    templates.add_global("end", "!")
    assert templates.render("hello.html", {}) == "Hello, Ann!"
    assert templates.render("hello.html", {"name": "Bob"}) == "Hello, Bob!"


def test_templates_take_the_first_folder_that_has_the_name(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "hello.html").write_text("Bye")
    templates = Templates([other, folder])
    assert templates.render("hello.html", {}) == "Bye"
    assert templates.render("notes.txt", {"name": "Ann"}) == "Ann"


@pytest.mark.parametrize("name", ["none.html", "../secret", "/etc/passwd", "a\0b"])
def test_missing_template_names_the_folders(folder, name):
    with pytest.raises(TemplateMissing, match="No template") as caught:
        Templates([folder]).render(name, {})
    assert str(folder) in str(caught.value)


def test_missing_include_names_who_asks_for_it(folder):
    with pytest.raises(TemplateMissing, match="'page.html' asks for it"):
        Templates([folder]).render("page.html", {})


def test_templates_import_jinja2_only_when_they_are_used():
    program = (
        "import sys, fwtrace.toolkit.templates.jinja as j; j.Templates([]);"
        "sys.exit('jinja2' in sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=env).returncode == 0
