"""The Flask clone (project 7): ``from fwtrace.frameworks.flask import Flask``.

An application written for Flask 3 runs with only its import lines changed. The module
of a name here is that of the original; what is Werkzeug's there is in ``exceptions``,
``routing``, ``datastructures``, ``security`` and ``utils``.
"""

from fwtrace.frameworks.flask import json as json
from fwtrace.frameworks.flask.app import Flask as Flask
from fwtrace.frameworks.flask.blueprints import Blueprint as Blueprint
from fwtrace.frameworks.flask.config import Config as Config
from fwtrace.frameworks.flask.ctx import (
    after_this_request as after_this_request,
    copy_current_request_context as copy_current_request_context,
    has_app_context as has_app_context,
    has_request_context as has_request_context,
)
from fwtrace.frameworks.flask.globals import (
    current_app as current_app,
    g as g,
    request as request,
    session as session,
)
from fwtrace.frameworks.flask.helpers import (
    abort as abort,
    flash as flash,
    get_flashed_messages as get_flashed_messages,
    get_template_attribute as get_template_attribute,
    make_response as make_response,
    redirect as redirect,
    send_file as send_file,
    send_from_directory as send_from_directory,
    stream_with_context as stream_with_context,
    url_for as url_for,
)
from fwtrace.frameworks.flask.json import jsonify as jsonify
from fwtrace.frameworks.flask.signals import (
    appcontext_popped as appcontext_popped,
    appcontext_pushed as appcontext_pushed,
    appcontext_tearing_down as appcontext_tearing_down,
    before_render_template as before_render_template,
    got_request_exception as got_request_exception,
    message_flashed as message_flashed,
    request_finished as request_finished,
    request_started as request_started,
    request_tearing_down as request_tearing_down,
    template_rendered as template_rendered,
)
from fwtrace.frameworks.flask.templating import (
    render_template as render_template,
    render_template_string as render_template_string,
    stream_template as stream_template,
    stream_template_string as stream_template_string,
)
from fwtrace.frameworks.flask.wrappers import Request as Request, Response as Response
