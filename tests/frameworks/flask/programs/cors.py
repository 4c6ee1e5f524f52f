"""Flask-CORS: who may read from another origin."""

from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
CORS(app, origins="https://example.org")


@app.get("/")
def index():
    return "hello"


client = app.test_client()
for origin in ("https://example.org", "https://evil.example"):
    answer = client.get("/", headers={"Origin": origin})
    print(answer.text, answer.headers.get("Access-Control-Allow-Origin"))
asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "PUT"}
answer = client.options("/", headers=asked)
print(answer.status, sorted(answer.headers["Access-Control-Allow-Methods"].split(", ")))
