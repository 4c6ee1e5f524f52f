"""OpenAPI callbacks and webhooks: requests that go the other way, described."""

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, HttpUrl

app = FastAPI()
callbacks = APIRouter()


class Invoice(BaseModel):
    number: str
    total: float


class Paid(BaseModel):
    at: str


class Received(BaseModel):
    ok: bool


@callbacks.post("{$callback_url}/invoices/{$request.body.number}")
def notify(paid: Paid) -> Received:
    pass


@app.post("/invoices", callbacks=callbacks.routes)
def create(invoice: Invoice, callback_url: HttpUrl | None = None):
    """Tells the callback's URL once it is paid."""
    return {"number": invoice.number, "tell": callback_url}


@app.webhooks.post("new-invoice")
def new_invoice(invoice: Invoice):
    """Sent to everyone who asked for it."""


INVOICE = {"number": "7", "total": 3}
ASK = [
    (200, "POST", "/invoices?callback_url=https://a.example", {"json": INVOICE}),
    (404, "POST", "/new-invoice", {"json": INVOICE}),
]
