"""Flask-Talisman: HTTPS only, and a content security policy."""

from flask import Flask, render_template_string
from flask_talisman import Talisman

app = Flask(__name__)
app.secret_key = "a key"
Talisman(app, content_security_policy_nonce_in=["script-src"])


@app.get("/")
def index():
    return render_template_string("{{ csp_nonce() | length }}")


client = app.test_client()
answer = client.get("/")
print(answer.status, answer.location)
answer = client.get("/", base_url="https://localhost")
print(answer.text, answer.headers["Strict-Transport-Security"])
print("'nonce-" in answer.headers["Content-Security-Policy"])
