"""The wheel: what it carries, and that it works from an empty folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built by hatchling, as ``pip wheel`` would have it built."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_wheel_carries_the_sample_apps_their_templates_and_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "fwtrace/py.typed",
        "sample_apps/users/templates/users.html",
        "sample_apps/file_server/files/hello.txt",
        "sample_apps/file_server/templates/home.html",
    ):
        assert wanted in names
    assert not any(name.startswith("tests/") for name in names)


def test_wheel_works_from_an_empty_folder(installed, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "fwtrace", "request", "GET", "/users/1"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONIOENCODING": "utf-8"},
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert "200 OK" in result.stdout
    assert "sample_apps/users/service.py" in result.stdout
