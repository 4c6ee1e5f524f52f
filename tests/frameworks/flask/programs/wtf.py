"""Flask-WTF: a form with a CSRF token."""

import re

from flask import Flask, render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import StringField

app = Flask(__name__)
app.secret_key = "a key"
CSRFProtect(app)


class NameForm(FlaskForm):
    name = StringField()


@app.route("/", methods=["GET", "POST"])
def index():
    form = NameForm()
    if form.validate_on_submit():
        return form.name.data
    return render_template_string("{{ form.csrf_token }}", form=form)


client = app.test_client()
token = re.search('value="([^"]+)"', client.get("/").text)[1]
print(client.post("/", data={"name": "x"}).status)
print(client.post("/", data={"name": "Ann", "csrf_token": token}).text)
