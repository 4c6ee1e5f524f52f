"""Templates: from a name and a context to text."""
