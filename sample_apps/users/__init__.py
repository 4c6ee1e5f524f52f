"""Users and their posts: the same service on every framework."""
