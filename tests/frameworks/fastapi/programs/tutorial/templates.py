"""Templates: Jinja2 pages with links to routes."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

app = FastAPI()
templates = Jinja2Templates(directory=Path(__file__).parent.parent / "templates")


@app.get("/items/{id}", response_class=HTMLResponse)
async def item(request: Request, id: str, status: int = 200):
    context = {"id": id}
    return templates.TemplateResponse(
        request=request, name="item.html", context=context, status_code=status
    )


ASK = [
    (200, "GET", "/items/7"),
    (404, "GET", "/items/%3Cb%3E?status=404"),
    (422, "GET", "/items/7?status=x"),
]
