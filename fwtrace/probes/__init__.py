"""The only place that knows both sides: one table of seams per framework or library.

A probe names frameworks by string, never by import, so that importing a probe loads
no framework and one table can serve a clone and its original.
"""
