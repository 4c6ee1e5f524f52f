"""First steps: a function for a path."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def greet():
    return {"greeting": "Good morning"}


@app.get("/plain")
def count():
    return [1, 2.5, "three", None, True]


ASK = [
    (200, "GET", "/"),
    (200, "GET", "/plain"),
    (404, "GET", "/nowhere"),
    (405, "POST", "/"),
    (405, "HEAD", "/"),
    (307, "GET", "/plain/"),
    (200, "GET", "/openapi.json"),
]
