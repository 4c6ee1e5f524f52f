"""What Flask's quickstart teaches, chapter by chapter, each tried with its client."""

import io
import logging
import sys

from flask import (
    Flask,
    abort,
    flash,
    get_flashed_messages,
    make_response,
    redirect,
    render_template_string,
    request,
    session,
    url_for,
)
from markupsafe import Markup, escape

app = Flask(__name__)
app.secret_key = b'_5#y2L"F4Q8z\n\xec]/'
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")


@app.route("/")
def hello():
    return "<p>Hello</p>"


@app.route("/hello/<name>")
def named(name):
    return f"Hello, {escape(name)}!"


@app.route("/post/<int:number>")
def post(number):
    return f"Post {number}"


@app.route("/path/<path:rest>")
def below(rest):
    return f"Rest {escape(rest)}"


@app.route("/projects/")
def projects():
    return "projects"


@app.route("/about")
def about():
    return "about"


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        session["name"] = request.form["name"]
        flash("You are in.")
        return redirect(url_for("index"))
    return "a form"


@app.route("/index")
def index():
    found = f"{session.get('name')} {get_flashed_messages()}"
    return escape(found)


@app.route("/logout")
def logout():
    session.pop("name", None)
    return redirect(url_for("index"))


@app.get("/template")
def template():
    return render_template_string(
        "{% if person %}Hello {{ person }}{% else %}Hello{% endif %} {{ safe }}",
        person=request.args.get("person"),
        safe=Markup("<em>safe</em>"),
    )


@app.post("/upload")
def upload():
    file = request.files["file"]
    return {"name": file.filename, "size": len(file.read())}


@app.get("/cookie")
def cookie():
    response = make_response(request.cookies.get("name", "none"))
    response.set_cookie("name", "the name")
    return response


@app.get("/secret")
def secret():
    abort(401)


@app.errorhandler(404)
def missing(error):
    response = make_response("no such page", 404)
    response.headers["X-Something"] = "a value"
    return response


@app.route("/me")
def me():
    return {
        "username": "ann",
        "theme": "dark",
        "image": url_for("static", filename="a.png"),
    }


@app.route("/users")
def users():
    return [{"id": 1}, {"id": 2}]


@app.route("/log")
def log():
    app.logger.warning("A warning occurred (%d apples)", 42)
    return "logged"


with app.test_request_context():
    print(url_for("index"), url_for("login", next="/"), url_for("named", name="John D"))
with app.test_request_context("/hello", method="POST"):
    print(request.path, request.method)

client = app.test_client()
for path in (
    "/ /hello/<b> /post/7 /post/x /path/a/b /projects /projects/ /about /about/ /login "
    "/index /template /template?person=A%3C /cookie /cookie /secret /me /users /log"
).split():
    answer = client.get(path)
    body = answer.text if answer.status_code in (200, 404) else ""
    print(path, answer.status, answer.mimetype, answer.location, body)
print(client.get("/nothing").headers["X-Something"])
answer = client.post("/login", data={"name": "ann"}, follow_redirects=True)
print(answer.text, [step.status for step in answer.history])
print(client.get("/logout", follow_redirects=True).text)
print(client.post("/login", data={"user": "x"}).status, client.put("/login").status)
print(client.post("/upload", data={"file": (io.BytesIO(b"abc"), "a.txt")}).json)
