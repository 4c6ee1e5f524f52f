"""How a migration becomes the text of a file.

literals    plain values
names       what is imported, and under which name
operators   conditions and sums, as they are written
layout      lines of at most 88 columns
imports     the lines at the top
"""
