"""WSGI by hand (project 1): request, response, sessions, middleware, static files."""
