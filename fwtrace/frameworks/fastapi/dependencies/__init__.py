"""The graph of dependencies: read of signatures, compiled to a plan, then run."""
