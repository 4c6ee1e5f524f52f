"""Status code: fixed, named, and changed while answering."""

from fastapi import FastAPI, Response, status

app = FastAPI()


@app.post("/notes", status_code=201)
async def note(text: str):
    return {"text": text}


@app.delete("/notes/{number}", status_code=status.HTTP_204_NO_CONTENT)
async def forget(number: int) -> None:
    return None


@app.put("/notes/{number}")
async def put(number: int, response: Response):
    if number > 10:
        response.status_code = status.HTTP_201_CREATED
    return number


ASK = [
    (201, "POST", "/notes?text=a"),
    (204, "DELETE", "/notes/1"),
    (200, "PUT", "/notes/1"),
    (201, "PUT", "/notes/11"),
]
