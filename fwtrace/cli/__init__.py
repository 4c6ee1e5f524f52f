"""The command line: one file per command, each parses, calls, prints.

Exit codes: 0 done; 1 the app failed, --check found an error, or a file could not be
read or written; 2 a mistake in what was typed; 130 Ctrl-C.
"""
