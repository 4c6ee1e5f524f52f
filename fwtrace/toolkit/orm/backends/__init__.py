"""Databases that the ORM speaks to."""
