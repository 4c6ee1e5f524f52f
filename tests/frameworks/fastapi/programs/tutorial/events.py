"""Events: startup and shutdown, as it was done before lifespans."""

from fastapi import FastAPI

app = FastAPI()
LOG: list[str] = []


@app.on_event("startup")
async def start():
    LOG.append("async")


@app.on_event("startup")
def start_too():
    LOG.append("sync")


@app.on_event("shutdown")
def stop():
    LOG.append("stop")


@app.get("/")
async def index():
    return LOG


ASK = [(200, "GET", "/")]
