"""ASGI by hand: requests, responses, WebSockets, routing, lifespan, middleware.

The module of a name is that of Starlette, so that code written for it reads the same
here, and one probe sees both.
"""
