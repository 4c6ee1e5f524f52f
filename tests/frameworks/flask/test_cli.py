"""Commands: those of an app, and those of the framework."""

import os
import re
import subprocess
import sys

import pytest

APP = """\
from {module} import Blueprint, Flask

app = Flask(__name__)
part = Blueprint("part", __name__, url_prefix="/part")


@app.get("/")
def index():
    return "index"


@app.route("/item/<int:number>", methods=["GET", "DELETE"])
def item(number):
    return str(number)


@part.post("/new")
def new():
    return "new"


@app.cli.command("greet", help="Says hello.")
def greet():
    print("hello from", app.name)


@part.cli.command("count")
def count():
    print("counted")


app.register_blueprint(part)
"""

FACTORY = """\
from {module} import Flask


def create_app(name="default"):
    app = Flask(__name__)
    app.add_url_rule(f"/made-{{name}}", "made", lambda: "made")
    return app


def make_nothing():
    return None
"""


@pytest.fixture
def runner(app):
    return app.test_cli_runner()


@pytest.fixture
def run(flask, tmp_path):
    """``run("routes", app="file.py")``: runs the framework's own command."""

    def command(*args, app=None, **environ):
        cwd = tmp_path / "cwd"
        cwd.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_")}
        path = os.pathsep.join(filter(None, [os.getcwd(), kept.get("PYTHONPATH")]))
        named = ["--app", app] if app else []
        return subprocess.run(
            [sys.executable, "-m", flask.__name__, *named, *args],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**kept, "PYTHONPATH": path, "COLUMNS": "100", **environ},
            timeout=60,
        )

    return command


@pytest.fixture
def write(flask, tmp_path):
    """Writes a module into the folder the commands run in."""

    def file(name, text):
        path = tmp_path / "cwd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(module=flask.__name__))

    return file


def rows(output):
    """The cells of a printed table."""
    return [re.split(r"  +", line.strip()) for line in output.splitlines()]


# Commands of an app.


def test_a_command_runs_in_the_context_of_its_app(app, flask, runner):
    @app.cli.command("name")
    def name():
        print(flask.current_app.name, flask.has_request_context())

    result = runner.invoke(args=["name"])
    assert (result.exit_code, result.output) == (0, "tested_app False\n")


def test_a_command_is_named_like_its_function(app, runner):
    @app.cli.command()
    def say_hello():
        print("hello")

    assert runner.invoke(args=["say-hello"]).output == "hello\n"


def test_commands_are_in_the_group_of_the_app(app):
    command = app.cli.command("a")(lambda: None)
    assert app.cli.commands["a"] is command
    assert command.name == "a"
    assert app.cli.name == app.name


def test_the_callback_of_a_command_stays_reachable(app, flask):
    @app.cli.command("a", with_appcontext=False)
    def first():
        return flask.has_app_context()

    assert first.callback() is False


def test_without_with_appcontext_there_is_no_context(app, flask, runner):
    @app.cli.command("a", with_appcontext=False)
    def first():
        print(flask.has_app_context())

    assert runner.invoke(first).output == "False\n"


def test_with_appcontext_gives_any_command_the_app(app, flask, part, runner):
    cli = part("cli")
    group = cli.AppGroup("tools")

    @group.command("bare", with_appcontext=False)
    @cli.with_appcontext
    def bare():
        print(flask.current_app.name)

    assert runner.invoke(bare).output == "tested_app\n"


def test_teardowns_run_after_a_command(app, flask, runner):
    order = []
    app.teardown_appcontext(lambda error: order.append("teardown"))
    app.cli.command("a")(lambda: order.append("command"))
    runner.invoke(args=["a"])
    assert order == ["command", "teardown"]


def test_a_group_of_commands(app, flask, part, runner):
    group = part("cli").AppGroup("user", help="All about users.")

    @group.command("create")
    def create():
        print("created in", flask.current_app.name)

    app.cli.add_command(group)
    result = runner.invoke(args=["user", "create"])
    assert result.output == "created in tested_app\n"
    assert "All about users." in runner.invoke(args=["--help"]).output
    assert "create" in runner.invoke(args=["user", "--help"]).output


def test_groups_nest(app, flask, runner):
    @app.cli.group("outer")
    def outer():
        """Outside."""

    @outer.group("inner")
    def inner():
        """Inside."""

    @inner.command("deep")
    def deep():
        print(flask.current_app.name)

    assert runner.invoke(args=["outer", "inner", "deep"]).output == "tested_app\n"


@pytest.mark.parametrize(
    ("options", "args"),
    [
        ({}, ["part", "hi"]),
        ({"cli_group": "other"}, ["other", "hi"]),
        ({"cli_group": None}, ["hi"]),
    ],
)
def test_commands_of_a_blueprint(app, flask, runner, options, args):
    bp = flask.Blueprint("part", __name__, **options)
    bp.cli.command("hi")(lambda: print("hi"))
    app.register_blueprint(bp)
    result = runner.invoke(args=args)
    assert (result.exit_code, result.output) == (0, "hi\n")


def test_commands_added_after_registration_come_too_late(app, flask, runner):
    bp = flask.Blueprint("part", __name__)
    app.register_blueprint(bp)
    bp.cli.command("hi")(lambda: print("hi"))
    assert runner.invoke(args=["part", "hi"]).exit_code == 2


def test_a_blueprint_without_commands_adds_no_group(app, flask, runner):
    app.register_blueprint(flask.Blueprint("part", __name__))
    assert "part" not in app.cli.commands
    assert runner.invoke(args=["part"]).exit_code == 2


def test_the_help_of_an_app_lists_its_commands(app, runner):
    app.cli.command("first", help="Does one thing.")(lambda: None)

    @app.cli.command("second")
    def second():
        """Does another thing."""

    result = runner.invoke(args=["--help"])
    assert result.exit_code == 0
    for word in ("first", "Does one thing.", "second", "Does another thing."):
        assert word in result.output
    assert "Does another thing." in runner.invoke(args=["second", "--help"]).output


@pytest.mark.parametrize("args", [["absent"], ["known", "--absent"], ["known", "more"]])
def test_a_wrong_call_exits_with_two(app, runner, args):
    app.cli.command("known")(lambda: print("ran"))
    result = runner.invoke(args=args)
    assert result.exit_code == 2
    assert "ran" not in result.output


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_chooses_its_exit_code(app, runner, code):
    app.cli.command("leave")(lambda: sys.exit(code))
    assert runner.invoke(args=["leave"]).exit_code == code


def test_an_exception_of_a_command_is_kept(app, runner):
    app.cli.command("fail")(lambda: 1 // 0)
    result = runner.invoke(args=["fail"])
    assert result.exit_code == 1
    assert isinstance(result.exception, ZeroDivisionError)


# The framework's own command.


def test_routes_are_listed_with_endpoint_methods_and_rule(run, write):
    write("file.py", APP)
    done = run("routes", app="file.py")
    assert done.returncode == 0
    assert done.stderr == ""
    head, line, *found = rows(done.stdout)
    assert [cell.lower() for cell in head] == ["endpoint", "methods", "rule"]
    assert {cell.strip("-") for cell in line} == {""}
    assert found == [
        ["index", "GET", "/"],
        ["item", "DELETE, GET", "/item/<int:number>"],
        ["part.new", "POST", "/part/new"],
        ["static", "GET", "/static/<path:filename>"],
    ]


@pytest.mark.parametrize(
    ("option", "endpoints"),
    [
        (["--sort", "rule"], ["index", "item", "part.new", "static"]),
        (["-s", "methods"], ["item", "static", "index", "part.new"]),
        (["--sort", "match"], ["static", "index", "item", "part.new"]),
    ],
)
def test_routes_can_be_sorted(run, write, option, endpoints):
    write("file.py", APP)
    done = run("routes", *option, app="file.py")
    assert done.returncode == 0
    found = [row[0] for row in rows(done.stdout)[2:]]
    assert found == endpoints


def test_all_methods_are_listed_when_asked(run, write):
    write("file.py", APP)
    done = run("routes", "--all-methods", app="file.py")
    assert ["index", "GET, HEAD, OPTIONS", "/"] in rows(done.stdout)


def test_an_app_without_routes_says_so(run, write):
    write(
        "file.py", "from {module} import Flask\napp = Flask('a', static_folder=None)\n"
    )
    done = run("routes", app="file")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "app", ["file.py", "file", "file:app", "./file.py", "file:app "]
)
def test_an_app_is_named_by_file_or_module(run, write, app):
    write("file.py", APP)
    done = run("greet", app=app)
    assert (done.returncode, done.stdout) == (0, "hello from file\n")


def test_an_app_in_a_package(run, write):
    write("package/__init__.py", "")
    write("package/web.py", APP)
    for name in ("package.web", "package/web.py", "package.web:app"):
        assert run("greet", app=name).stdout == "hello from package.web\n"


@pytest.mark.parametrize("name", ["app.py", "wsgi.py"])
def test_without_a_name_the_usual_files_are_tried(run, write, name):
    write(name, APP)
    done = run("greet")
    assert (done.returncode, done.stdout) == (0, f"hello from {name[:-3]}\n")


def test_the_app_is_named_in_the_environment(run, write):
    write("file.py", APP)
    assert run("greet", FLASK_APP="file").stdout == "hello from file\n"
    write("other.py", APP)
    assert run("greet", app="other", FLASK_APP="file").stdout == "hello from other\n"


def test_an_app_of_another_name_is_found_when_it_is_the_only_one(run, write):
    write("file.py", APP.replace("app.", "site.").replace("app =", "site ="))
    assert "part.new" in run("routes", app="file").stdout


@pytest.mark.parametrize(
    ("app", "rule"),
    [
        ("file:create_app", "/made-default"),
        ("file", "/made-default"),
        ("file:create_app()", "/made-default"),
        ("file:create_app('x')", "/made-x"),
        ("file:create_app(name='y')", "/made-y"),
        ("file.py:create_app('z')", "/made-z"),
    ],
)
def test_a_factory_makes_the_app(run, write, app, rule):
    write("file.py", FACTORY)
    done = run("routes", app=app)
    assert done.returncode == 0
    assert ["made", "GET", rule] in rows(done.stdout)


@pytest.mark.parametrize(
    "app",
    [
        None,
        "absent",
        "absent.py",
        "file:absent",
        "file:make_nothing",
        "file:create_app(1, 2)",
        "file:create_app(",
        "file:os.getcwd()",
        "file:create_app(x)",
        "empty",
    ],
)
def test_an_app_that_is_not_there_exits_with_two(run, write, app):
    write("file.py", FACTORY)
    write("empty.py", "")
    done = run("routes", app=app)
    assert done.returncode == 2
    assert done.stdout == ""
    (message,) = [line for line in done.stderr.splitlines() if "Error:" in line]
    assert message.startswith("Error: ")
    assert message.endswith(".")
    assert "Traceback" not in done.stderr


def test_an_import_that_fails_inside_the_app_is_shown(run, write):
    write("file.py", "import no_such_module_anywhere\n")
    done = run("routes", app="file")
    assert done.returncode == 2
    assert "no_such_module_anywhere" in done.stderr


@pytest.mark.parametrize("args", [["--help"], []])
def test_help_lists_the_commands(run, write, args):
    write("app.py", APP)
    done = run(*args)
    text = done.stdout + done.stderr
    # Asking for nothing is 0 or 2, as the library for commands has it.
    assert done.returncode in ((0,) if args else (0, 2))
    for word in ("routes", "run", "shell", "greet", "Says hello.", "part", "--app"):
        assert word in text


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("run", ["--host", "--port", "--debugger"]),
        ("routes", ["--sort"]),
        ("shell", []),
    ],
)
def test_every_command_has_help(run, command, options):
    done = run(command, "--help", app="absent")
    assert done.returncode == 0
    for option in options:
        assert option in done.stdout


def test_help_works_without_an_app(run):
    done = run("--help")
    assert done.returncode == 0
    assert "routes" in done.stdout


def test_an_unknown_command_exits_with_two(run, write):
    write("app.py", APP)
    done = run("absent")
    assert done.returncode == 2
    assert "absent" in done.stderr


def test_commands_of_a_blueprint_are_in_a_group(run, write):
    write("app.py", APP)
    assert run("part", "count").stdout == "counted\n"


@pytest.mark.parametrize(
    ("options", "environ", "debug"),
    [
        ([], {}, "False"),
        (["--debug"], {}, "True"),
        (["--no-debug"], {"FLASK_DEBUG": "1"}, "False"),
        ([], {"FLASK_DEBUG": "1"}, "True"),
        ([], {"FLASK_DEBUG": "0"}, "False"),
    ],
)
def test_debug_is_an_option_or_a_variable(run, write, options, environ, debug):
    write("app.py", APP + "\n\n@app.cli.command('d')\ndef d():\n    print(app.debug)\n")
    assert run(*options, "d", **environ).stdout == f"{debug}\n"


def test_the_shell_has_the_app(run, flask, write, tmp_path):
    write("app.py", APP)
    env = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_")}
    done = subprocess.run(
        [sys.executable, "-m", flask.__name__, "shell"],
        input="print('in', app.name, g is not None)\n",
        capture_output=True,
        text=True,
        cwd=tmp_path / "cwd",
        env={**env, "PYTHONPATH": os.getcwd()},
        timeout=60,
    )
    assert done.returncode == 0
    assert "in app True" in done.stdout


def test_the_version_is_printed(run):
    done = run("--version")
    assert done.returncode == 0
    assert f"Python {'.'.join(map(str, sys.version_info[:3]))}" in done.stdout
