"""The history of the service's tables, from its first day."""
