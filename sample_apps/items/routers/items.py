"""Items: listed a page at a time, offered, changed and taken back, with pictures."""

from __future__ import annotations

from typing import Annotated

from fwtrace.frameworks.fastapi import (
    APIRouter,
    BackgroundTasks,
    HTTPException,
    Query,
    Request,
    Response,
    UploadFile,
    status,
)
from sample_apps.items import store
from sample_apps.items.needs import (
    CurrentAccount,
    CurrentFeed,
    CurrentSession,
    CurrentSettings,
    OwnItem,
    WantedItem,
    problems,
)
from sample_apps.items.schemas import Item, ItemChange, ItemPage, NewItem, Paging

__all__ = ["router"]

router = APIRouter(prefix="/items", tags=["items"])

IMAGES = {"image/gif", "image/jpeg", "image/png", "image/webp"}


@router.get("")
def list_items(
    request: Request, paging: Annotated[Paging, Query()], session: CurrentSession
) -> ItemPage:
    """A page of items, the oldest first; ``next`` is the address of the next one."""
    items, total = store.items(session, paging)
    end = paging.offset + len(items)
    following = request.url.include_query_params(offset=end)
    has_more = bool(items) and end < total
    return ItemPage(items=items, total=total, next=str(following) if has_more else None)


@router.post("", status_code=201, responses=problems(401))
def offer_item(
    new: NewItem,
    account: CurrentAccount,
    session: CurrentSession,
    feed: CurrentFeed,
    tasks: BackgroundTasks,
    request: Request,
    response: Response,
) -> Item:
    item = store.add_item(session, account, new)
    tasks.add_task(feed.announce, "offered", item.id)
    response.headers["Location"] = str(request.url_for("show_item", id=item.id))
    return item


@router.get("/{id}", responses=problems(404))
def show_item(item: WantedItem) -> Item:
    return item


@router.patch("/{id}", responses=problems(401, 403, 404))
def change_item(change: ItemChange, item: OwnItem, session: CurrentSession) -> Item:
    return store.change_item(session, item, change.model_dump(exclude_unset=True))


@router.delete("/{id}", status_code=204, responses=problems(401, 403, 404))
def take_item_back(
    item: OwnItem, session: CurrentSession, feed: CurrentFeed, tasks: BackgroundTasks
) -> None:
    store.delete_item(session, item)
    tasks.add_task(feed.announce, "taken back", item.id)


@router.put("/{id}/image", status_code=204, responses=problems(401, 403, 404, 413, 415))
def upload_image(
    file: UploadFile, item: OwnItem, session: CurrentSession, settings: CurrentSettings
) -> None:
    kind = file.content_type or ""
    if kind not in IMAGES:
        raise HTTPException(
            status.HTTP_415_UNSUPPORTED_MEDIA_TYPE,
            f"An image is one of {', '.join(sorted(IMAGES))}.",
        )
    if (file.size or 0) > settings.image_size:
        raise HTTPException(413, f"Send at most {settings.image_size} bytes.")
    store.set_image(session, item, kind, file.file.read())


@router.get(
    "/{id}/image",
    response_class=Response,
    responses={
        **problems(404),
        200: {"content": {kind: {} for kind in sorted(IMAGES)}},
    },
)
def show_image(item: WantedItem, session: CurrentSession) -> Response:
    found = store.image(session, item)
    if found is None:
        detail = f"Item {item.id} has no image."
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail)
    kind, content = found
    # The owner said what it is; a browser is not to see a page in it.
    return Response(content, 200, {"X-Content-Type-Options": "nosniff"}, kind)
