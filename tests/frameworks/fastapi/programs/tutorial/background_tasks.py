"""Background tasks: after the answer, also from a dependency."""

from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
SENT: list[str] = []


def send(to: str, text: str = "nothing"):
    SENT.append(f"{to}: {text}")


async def send_later(to: str):
    SENT.append(f"later {to}")


def note_query(tasks: BackgroundTasks, q: str | None = None):
    if q:
        tasks.add_task(send, "query", q)
    return q


@app.post("/mail/{to}", status_code=202)
async def mail(
    to: str, tasks: BackgroundTasks, q: Annotated[str | None, Depends(note_query)]
):
    tasks.add_task(send, to, text="hello")
    tasks.add_task(send_later, to)
    return {"sent": list(SENT)}


@app.get("/sent")
async def sent():
    return SENT


ASK = [
    (202, "POST", "/mail/ann"),
    (202, "POST", "/mail/bob?q=news"),
    (200, "GET", "/sent"),
]
