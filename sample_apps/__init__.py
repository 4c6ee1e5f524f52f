"""The same small service on every framework, then one app per project."""
