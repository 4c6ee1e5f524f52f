"""What the blog holds at first. Its authors have no password, so cannot log in."""

from __future__ import annotations

__all__ = ["AUTHORS", "POSTS"]

AUTHORS = ("ada", "grace", "radia")

# Author, title, body; the oldest first.
POSTS = (
    (
        "ada",
        "Hello from a small machine",
        "This blog runs in one process, with its database in memory.\n\n"
        "Turn it off and everything is gone, which is a good way to start over.",
    ),
    (
        "grace",
        "A moth in the log book",
        "Keep the evidence. A mistake that was written down with its date, its time "
        "and its wings is half solved.",
    ),
    (
        "radia",
        "Bridges that talk to each other",
        "Three switches in a circle send a message around for ever.\n\n"
        "Let them agree on a tree first, and each message arrives once.",
    ),
    (
        "ada",
        "Naming the parts",
        "A good name is short, says what the thing is, and is used for nothing else. "
        "Two of the three are easy.",
    ),
    (
        "grace",
        "How long is a nanosecond",
        "About thirty centimetres of wire. Cut some, hand them out, and nobody asks "
        "again why a satellite takes its time.",
    ),
    (
        "radia",
        "What a cookie knows",
        "A signed cookie can be read by whoever holds it, but not changed.\n\n"
        "Put an id in it, never a secret.",
    ),
    (
        "ada",
        "Loops, drawn by hand",
        "Write the values of each round into a table, a row for a round. The row that "
        "surprises you is where the error is.",
    ),
    (
        "grace",
        "Ask for forgiveness",
        "Some checks are true when they are made and false when they count. Try the "
        "thing itself, and handle its refusal.",
    ),
    (
        "radia",
        "A page that does not move",
        "Readers who are given page two expect the same page two a moment later. Order "
        "by something that is unique.",
    ),
    (
        "ada",
        "One query, or forty-one",
        "Both pages look the same. Trace the request and count: one of them asks the "
        "database again for every row.",
    ),
    (
        "grace",
        "Escape on the way out",
        "Keep what was written as it was written. It becomes <b>HTML</b> in the "
        "template only, and that is where it is escaped.",
    ),
    (
        "radia",
        "Where a redirect may lead",
        "To a path of this site and nowhere else: an address that begins with two "
        "slashes is somebody else's.",
    ),
)
