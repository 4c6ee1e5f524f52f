"""Whose code a frame is, and where a function was written."""

import functools
import os
import sys
import sysconfig

from fwtrace.tracer import frames
from fwtrace.tracer.frames import UserCode, excerpt, location_of
from fwtrace.tracer.model import Location

SITE = os.path.join(sysconfig.get_paths()["purelib"], "some_package")


def test_python_packages_and_fwtrace_are_not_the_users_code():
    code = UserCode()
    assert not code.owns(os.__file__)
    assert not code.owns(os.path.join(SITE, "views.py"))
    assert not code.owns(frames.__file__)
    assert not code.owns("<string>")
    assert code.owns(__file__)


def test_installed_app_under_trace_is_the_users_code():
    code = UserCode([SITE])
    assert code.owns(os.path.join(SITE, "views.py"))
    assert not code.owns(os.path.join(SITE + "_other", "views.py"))


def test_root_around_fwtrace_does_not_claim_it_nor_its_environment(tmp_path):
    root = os.path.dirname(os.path.dirname(os.path.dirname(frames.__file__)))
    code = UserCode([root, str(tmp_path)])
    assert not code.owns(frames.__file__)
    assert not code.owns(
        str(tmp_path / ".venv" / "lib" / "site-packages" / "jinja2" / "x.py")
    )


def test_caller_is_the_nearest_frame_of_the_users():
    place = UserCode().caller()
    assert place is not None
    assert place.file == __file__
    assert place.function == "test_caller_is_the_nearest_frame_of_the_users"


def decorated(function):
    @functools.wraps(function)
    def wrapper():
        return function()

    return wrapper


@decorated
def view():
    """A docstring."""
    return 1


def test_location_and_excerpt_see_through_decorators():
    place = location_of(view)
    assert place is not None
    shown = excerpt(place)
    assert shown is not None
    assert place.file == __file__
    assert shown["lines"][0] == "@decorated"
    assert shown["lines"][-1] == "    return 1"


def test_excerpt_of_a_long_signature_goes_on_to_the_body(tmp_path):
    file = tmp_path / "views.py"
    file.write_text("def view(\n    a,\n    b,\n):\n    return a\n\n\nx = 1\n")
    shown = excerpt(Location(str(file), 1))
    assert shown is not None
    assert shown["lines"] == ["def view(", "    a,", "    b,", "):", "    return a"]


def test_builtin_has_no_location():
    assert location_of(len) is None


def test_frames_of_a_traceback_leave_hidden_ones_out():
    def hidden():
        __traceback_hide__ = True
        raise ValueError

    try:
        hidden()
    except ValueError:
        found = UserCode().frames(sys.exc_info()[2])
    assert [frame["function"].split(".")[0] for frame in found] == [
        "test_frames_of_a_traceback_leave_hidden_ones_out"
    ]
    assert found[0]["user"]
    assert found[0]["text"] == "hidden()"
