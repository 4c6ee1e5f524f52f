"""The path operations, by what they are about."""
