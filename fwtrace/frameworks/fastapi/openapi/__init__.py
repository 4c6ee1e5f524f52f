"""The description of an application in OpenAPI 3.1, and the pages that show it.

Nothing here is imported before someone asks for it, but ``security_models``.
"""
