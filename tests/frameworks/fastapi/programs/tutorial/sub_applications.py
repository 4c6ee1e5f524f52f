"""Sub-applications, WSGI applications and what root_path does to them."""

from fastapi import FastAPI, Request

app = FastAPI()
sub = FastAPI(title="Below")


@app.get("/app")
async def above():
    return "above"


@sub.get("/sub")
async def below(request: Request):
    return {"root": request.scope["root_path"], "url": str(request.url_for("below"))}


app.mount("/subapi", sub)

ASK = [
    (200, "GET", "/app"),
    (200, "GET", "/subapi/sub"),
    (200, "GET", "/subapi/openapi.json"),
    (404, "GET", "/subapi/app"),
]
