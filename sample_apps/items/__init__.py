"""An API of items for sale, on FastAPI: ``uvicorn sample_apps.items.main:app``.

POST   /accounts          register: a name and a password
POST   /token             log in (OAuth2, password flow): a token for an hour
GET    /me                who the token is of
GET    /items             a page of items; ``q``, ``offset`` and ``limit``
POST   /items             offer an item; it is announced when the answer is out
GET    /items/{id}        one item
PATCH  /items/{id}        change some of it: the owner may
DELETE /items/{id}        take it back: the owner may
PUT    /items/{id}/image  upload its picture: the owner may
GET    /items/{id}/image  the picture
GET    /events            what is announced, as server-sent events
WS     /echo?token=...    sends back what it is sent

``/docs`` shows and tries all of it. A request's way through the modules: a router's
function states its needs as types of ``needs.py``, which open the database
(``database.py``) and check the token (``tokens.py``); ``schemas.py`` says what goes in
and out, ``store.py`` what is asked of the database.

``ITEMS_DATABASE`` is the file of the database, a temporary one by default;
``SECRET_KEY`` signs the tokens.
"""
