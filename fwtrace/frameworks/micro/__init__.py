"""The micro framework (project 2): routes by decorator or table, requests, templates.

from fwtrace.frameworks.micro import App, JsonResponse, render_template

app = App()

@app.route("/users/<int:id>")
def user(request, id):
    return JsonResponse({"id": id})

app.run()
"""

from fwtrace.frameworks.micro.app import App, Request, render_template, url_for
from fwtrace.toolkit.http.errors import HTTPError, abort
from fwtrace.toolkit.routing.table import include, path, re_path
from fwtrace.toolkit.wsgi.response import (
    FileResponse,
    JsonResponse,
    Response,
    redirect,
)

__all__ = [
    "App",
    "FileResponse",
    "HTTPError",
    "JsonResponse",
    "Request",
    "Response",
    "abort",
    "include",
    "path",
    "re_path",
    "redirect",
    "render_template",
    "url_for",
]
