"""The program as its users run it: output, exit codes, one sentence for a mistake."""

import contextlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from fwtrace import __version__
from fwtrace.cli.app import COMMANDS, run
from fwtrace.tracer.model import Trace

ROOT = Path(__file__).parent.parent.parent
PROGRAM = [sys.executable, "-m", "fwtrace"]


def fwtrace(*arguments, cwd=None, typed="", **environ):
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd or ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            **environ,
        },
        input=typed,
        timeout=60,
    )


def test_version():
    assert fwtrace("--version").stdout == f"fwtrace {__version__}\n"


def test_help_has_all_commands_whatever_follows(capsys):
    for arguments in ([], ["-h"], ["--help"], ["-h", "request"]):
        assert run(arguments) == 0
        shown = capsys.readouterr().out
        assert all(f"  {command} " in shown for command in COMMANDS), arguments


@pytest.mark.usefixtures("users_database")
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_example_in_the_help_runs(command, capsys):
    assert run([*command.split(), "-h"]) == 0
    example = re.search(r"Example: fwtrace (.+)", capsys.readouterr().out)
    assert example is not None
    assert run(shlex.split(example[1])) == 0
    assert capsys.readouterr().out


def test_request_is_a_valid_trace_and_a_second_run_starts_clean():
    for _ in range(2):
        result = fwtrace("request", "POST", "/users", "name=Ann", "age:=30", "--json")
        trace = Trace.from_json(result.stdout)
        assert trace.status == 201
        (insert,) = trace.spans("sql")
        assert insert.attributes["db.query.parameter.0"] == "Ann"
        preview = next(trace.spans("response")).attributes["fwtrace.body.preview"]
        assert json.loads(preview)["id"] == 13


def test_database_option_keeps_the_rows(tmp_path):
    url = f"sqlite:///{tmp_path}/users.db"
    fwtrace("request", "POST", "/users", "name=Ann", "--database", url)
    result = fwtrace("request", "GET", "/users/13", "--database", url, "--json")
    assert Trace.from_json(result.stdout).status == 200


@pytest.mark.parametrize(
    "command", ["routes", "environ", "middleware", "signals", "apps"]
)
def test_every_listing_has_json(command):
    result = fwtrace(command, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)
    assert fwtrace(command).stdout.strip()


@pytest.mark.parametrize("width", ["80", "160"])
@pytest.mark.parametrize("command", ["routes", "middleware", "signals", "apps"])
def test_listings_keep_to_the_width(command, width):
    lines = fwtrace(command, COLUMNS=width).stdout.splitlines()
    assert max(map(len, lines)) <= int(width)


def test_resolve_draws_attempts_and_exits_1_on_a_miss():
    found = fwtrace("resolve", "/users/1")
    assert "user_detail(id=1)" in found.stdout
    missed = fwtrace("resolve", "/usrs")
    assert missed.returncode == 1
    assert "Did you mean /users" in missed.stdout


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["reqest"], "Did you mean 'request'", 2),
        (["request", "/", "--aap", "x"], "--app", 2),
        (["request", "/", "--app", "mirco"], "Did you mean 'micro'", 2),
        (["request", "/", "--stage", "sqll"], "Did you mean 'sql'", 2),
        (["request", "/", "--format", "tre"], "Did you mean 'tree'", 2),
        (["request", "/", "nonsense"], "no request item", 2),
        (["request", "GET"], "a path is missing", 2),
        (["request", "/", "a:={"], "not JSON", 2),
        (["request", "/", "--body", "@/no/such/file"], "Cannot read", 1),
        (["request", "/", "--output", "/no/such/folder/x"], "Cannot write", 1),
        (["request", "/", "--depth", "0"], "0", 2),
        (["request", "/", "--app", "no.module:app"], "No app is called", 2),
        (["request", "/", "--app", "no_file.py"], "no file", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistake_is_one_sentence_with_its_exit_code(arguments, said, code):
    result = fwtrace(*arguments)
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert result.returncode == code
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["routes", "--jsn"], "There is no option '--jsn'. Did you mean '--json'?"),
        (["--versoin"], "Did you mean '--version'?"),
        (["routes", "extra"], "extra"),
        (["resolve"], "Missing argument 'PATH'. See fwtrace resolve -h."),
        (["\x1b[31mred"], "\\x1b[31mred"),
        (["routes", "\x1b[31mred"], "\\x1b[31mred"),
        (["request", "/", "--app", "\x1b[31m"], "\\x1b[31m"),
    ],
    ids=repr,
)
def test_usage_error_is_one_safe_line(arguments, said, capsys):
    assert run(arguments) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1
    assert "\x1b" not in shown


def test_app_that_cannot_be_imported_shows_the_users_traceback(tmp_path):
    (tmp_path / "broken_app.py").write_text("x = 1\n\nundefined_name\n")
    result = fwtrace("request", "/", "--app", "broken_app.py", cwd=tmp_path)
    assert result.returncode == 1
    assert "broken_app.py:3" in result.stderr
    assert "undefined_name" in result.stderr
    assert "NameError" in result.stderr
    assert "importlib" not in result.stderr


@pytest.mark.parametrize(
    ("path", "code"), [("/users/1", 0), ("/users/99", 1), ("/boom", 1)]
)
def test_check_fails_on_errors(path, code):
    assert fwtrace("request", "GET", path, "--check").returncode == code
    assert fwtrace("request", "GET", path).returncode == 0


def test_output_goes_to_a_file(tmp_path):
    file = tmp_path / "trace.json"
    result = fwtrace("request", "/users/1", "--json", "--output", str(file))
    assert result.stdout == ""
    assert Trace.from_json(file.read_text(encoding="utf-8")).status == 200


def test_colour_only_where_a_terminal_wants_it():
    assert "\x1b[" not in fwtrace("request", "/users/1").stdout
    forced = fwtrace("request", "/users/1", FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b[" in forced.stdout
    both = fwtrace("request", "/users/1", FORCE_COLOR="1", NO_COLOR="1", TERM="xterm")
    assert "\x1b[3" not in both.stdout


def test_terminal_without_unicode_gets_ascii():
    result = fwtrace("request", "/users", PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert result.stdout.isascii()
    assert "|- middleware" in result.stdout


def test_users_own_file_is_traced_with_its_source(tmp_path):
    (tmp_path / "hello_app.py").write_text(
        "from fwtrace.frameworks.micro import App\n\napp = App()\n\n\n"
        "@app.route('/hello/<name>')\ndef hello(request, name):\n"
        "    return f'Hello, {name}!'\n"
    )
    result = fwtrace(
        "request", "/hello/Ann", "--app", "hello_app.py", "--source", cwd=tmp_path
    )
    assert "view hello(name='Ann') → str" in result.stdout
    assert "hello_app.py:6" in result.stdout
    assert "return f'Hello, {name}!'" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="pipes of a POSIX shell")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("request /users/1", 0),
        ("request /users/1 --json", 0),
        ("request /users/99 --check", 1),
        ("routes", 0),
        ("-h", 0),
        ("--version", 0),
    ],
)
def test_broken_pipe_is_silent(arguments, code):
    process = subprocess.run(
        f"({shlex.join(PROGRAM)} {arguments}; echo $? >&3) 3>&2 | exec true",
        shell=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={key: os.environ[key] for key in os.environ if key != "PYTHONUNBUFFERED"},
        timeout=60,
    )
    assert process.stderr == f"{code}\n"


def test_reader_of_the_first_line_gets_it():
    process = subprocess.run(
        f"{shlex.join(PROGRAM)} request /users/1 --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert (process.stdout, process.stderr) == ("{\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", ["routes", "request / --json", "--version", "-h"])
def test_full_disk_is_one_sentence(arguments):
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*PROGRAM, *arguments.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            timeout=60,
        )
    assert result.returncode == 1
    assert result.stderr == "Error: Cannot write the output: No space left on device.\n"


def test_a_deleted_working_directory_is_no_obstacle(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    program = shlex.join([*PROGRAM, "request", "/users/1", "--check"])
    process = subprocess.run(
        f"rmdir {shlex.quote(str(gone))}; {program}",
        shell=True,
        capture_output=True,
        encoding="utf-8",
        cwd=gone,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert "GET /users/1 · micro · 200 OK" in process.stdout


def test_a_malformed_body_says_nothing_on_standard_error():
    kind = "Content-Type:multipart/form-data; boundary=a"
    result = fwtrace("request", "POST", "/users", kind, "--body", "x")
    assert "400 Bad Request" in result.stdout
    assert result.stderr == ""


def test_what_an_app_prints_stays_out_of_the_result(tmp_path):
    (tmp_path / "loud_app.py").write_text(
        "print('imported')\n"
        "def app(environ, start_response):\n"
        "    print('called')\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [b'\\x1b[31m [bold]red[/bold]']\n"
    )
    result = fwtrace("request", "/", "--app", "loud_app.py", "--json", cwd=tmp_path)
    assert Trace.from_json(result.stdout).status == 200
    assert result.stderr == "imported\ncalled\n"
    drawn = fwtrace("request", "/", "--app", "loud_app.py", cwd=tmp_path).stdout
    assert "[bold]red[/bold]" in drawn
    assert "\x1b" not in drawn


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fwtrace re", ["request", "resolve"]),
        ("fwtrace request --app wsgi_", ["wsgi_hello"]),
        ("fwtrace request --stage si", ["signal"]),
        ("fwtrace request --format ta", ["table"]),
        ("fwtrace routes --da", ["--database"]),
    ],
)
def test_shells_complete(words, expected):
    result = fwtrace(
        _FWTRACE_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(words.count(" ")),
    )
    assert result.stdout.split() == expected


ITEMS = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.builds(
            "".join,
            st.tuples(
                st.text(max_size=6),
                st.sampled_from(["=", ":=", "==", ":", ";", "@", "[]=", "[a]="]),
                st.text(alphabet=st.characters(exclude_characters="@"), max_size=6),
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.usefixtures("users_database")
@given(
    st.sampled_from(["request", "environ", "resolve"]),
    st.sampled_from([[], ["--form"], ["--json"], ["--check"], ["--body", "x"]]),
    ITEMS,
)
@settings(deadline=None)
def test_any_words_are_answered_or_refused_in_one_sentence(command, options, words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([command, *options, "--", *words])
    assert code in (0, 1, 2)
    assert "Unexpected" not in err.getvalue()
    assert "\x1b" not in out.getvalue() + err.getvalue()
    if code == 2:
        assert err.getvalue().startswith("Error: ")
        assert err.getvalue().count("\n") == 1
        assert out.getvalue() == ""


def test_unforeseen_exception_is_one_sentence_too(tmp_path):
    (tmp_path / "odd_app.py").write_text(
        "class Stop(BaseException): pass\n"
        "def app(environ, start_response): raise Stop('now')\n"
    )
    result = fwtrace("request", "/", "--app", "odd_app.py", cwd=tmp_path)
    assert result.returncode == (0 if result.stdout else 1)
    assert "Traceback" not in result.stderr


def test_ctrl_c_is_130_without_a_traceback(tmp_path):
    (tmp_path / "slow_app.py").write_text(
        "import pathlib, time\n"
        "def app(environ, start_response):\n"
        "    pathlib.Path('started').touch()\n"
        "    time.sleep(30)\n"
    )
    process = subprocess.Popen(
        [*PROGRAM, "request", "/", "--app", "slow_app.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in stderr


@pytest.mark.parametrize("when", ["import fwtrace.cli.app", "import rich.console"])
def test_ctrl_c_while_starting_is_130(when):
    code = (
        "import sys, signal, os, fwtrace.__main__ as m\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {when.split()[1]!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "sys.argv[1:] = ['request', '/users/1']\n"
        "m.main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (130, "")


def test_request_imports_no_heavyweight():
    code = (
        "import sys; from fwtrace.cli.app import run; run(['request', '/users/1']); "
        "print([m for m in ('asyncio', 'pydantic', 'gunicorn', 'markdown_it', "
        "'pygments', 'email', 'http.client') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_version_imports_neither_rich_nor_any_framework():
    code = (
        "import sys; from fwtrace.cli.app import run; run(['--version']); "
        "print([m for m in ('rich', 'jinja2', 'sqlparse', 'fwtrace.toolkit', "
        "'fwtrace.tracer', 'pydantic') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_importing_a_framework_loads_no_tracer_and_no_terminal():
    code = (
        "import sys, fwtrace.frameworks.micro, fwtrace.toolkit.orm; "
        "print([m for m in ('rich', 'typer', 'fwtrace.tracer', 'fwtrace.probes', "
        "'jinja2', 'fwtrace.record') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert result.stdout == "[]\n"
