"""Flask-Login: a page for members only."""

from flask import Flask
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)

app = Flask(__name__)
app.secret_key = "a key"
manager = LoginManager(app)
manager.login_view = "login"


class User(UserMixin):
    def __init__(self, id):
        self.id = id


manager.user_loader(User)


@app.get("/login")
def login():
    login_user(User("7"), remember=True)
    return "in"


@app.get("/me")
@login_required
def me():
    return current_user.id


@app.get("/logout")
def logout():
    logout_user()
    return "out"


client = app.test_client()
answer = client.get("/me")
print(answer.status, answer.location)
client.get("/login")
print(client.get("/me").text, sorted(c for _, _, c in client._cookies))
client.delete_cookie("session")
print(client.get("/me").text, "by the cookie that remembers")
client.get("/logout")
print(client.get("/me").status)
