"""The program of the seeds' project 8, as it stands there."""

from fastapi import Body, FastAPI, Path, Query
from pydantic import BaseModel

app = FastAPI(title="My API", version="1.0.0")


class Item(BaseModel):
    name: str
    price: float
    description: str | None = None


@app.get("/items/{item_id}")
async def get_item(
    item_id: int = Path(..., gt=0),
    q: str | None = Query(None, max_length=50),
) -> Item:
    """Get an item by ID."""
    return Item(name="Example", price=9.99)


@app.post("/items/", status_code=201)
async def create_item(item: Item = Body(...)) -> Item:  # noqa: B008
    """Create a new item."""
    # item is already validated by Pydantic!
    return item


# Auto-generated OpenAPI docs at /docs
# Async handling built-in
# Type-based validation automatic
if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app)
