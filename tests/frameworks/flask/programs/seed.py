"""The program of the seventh project, as its document gives it."""

from flask import Blueprint, Flask, current_app, redirect, render_template, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "dev"

auth_bp = Blueprint("auth", __name__, url_prefix="/auth")


@auth_bp.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        username = request.form["username"]
        secret = current_app.config["SECRET_KEY"]
        app.logger.info("%s, %s", username, secret)
        return redirect("/")
    return render_template("login.html")


app.register_blueprint(auth_bp)


class MyExtension:
    def __init__(self, app=None):
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        app.config.setdefault("MY_SETTING", "default")
        app.extensions["my_extension"] = self


MyExtension(app)

if __name__ == "__main__":
    app.run(debug=True)
