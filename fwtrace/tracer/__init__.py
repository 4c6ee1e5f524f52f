"""The core: spans, traces and the recorder. Standard library only."""
