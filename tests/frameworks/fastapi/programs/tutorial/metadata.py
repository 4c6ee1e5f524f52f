"""Metadata: of the application, its tags and the addresses of its pages."""

from fastapi import FastAPI

app = FastAPI(
    title="Weather",
    summary="What it is like outside.",
    description="**Rain**, mostly.",
    version="2.1.0",
    terms_of_service="https://example.org/terms",
    contact={"name": "Ann", "url": "https://example.org", "email": "a@example.org"},
    license_info={"name": "MIT", "identifier": "MIT"},
    openapi_tags=[
        {"name": "rain", "description": "When it **rains**."},
        {"name": "sun", "externalDocs": {"url": "https://example.org/sun"}},
    ],
    servers=[{"url": "https://api.example.org", "description": "The real one"}],
    openapi_url="/api/v1/openapi.json",
    docs_url="/documentation",
    redoc_url=None,
    openapi_external_docs={"url": "https://example.org/more"},
)


@app.get("/rain", tags=["rain"])
async def rain():
    return "rain"


ASK = [
    (200, "GET", "/api/v1/openapi.json"),
    (404, "GET", "/openapi.json"),
    (404, "GET", "/docs"),
    (404, "GET", "/redoc"),
]
