"""Bookkeeping of migrations, folded."""

from fwtrace.render.folding import fold_bookkeeping
from fwtrace.tracer.model import Span, Trace


def statement(name, start, kind=""):
    attributes = {"fwtrace.migration.bookkeeping": kind} if kind else {}
    return Span("sql", name, start, start + 10, attributes)


def folded(*children):
    root = Span("call", "migrate", 0, 100, children=list(children))
    return fold_bookkeeping(Trace("app", {}, root)).root.children


def test_what_follows_each_other_becomes_one():
    inner = [
        statement("BEGIN", 0, "transaction"),
        statement("CREATE users", 20),
        statement("INSERT django_migrations", 40, "record"),
        statement("UPDATE journal", 50, "journal"),
        statement("UPDATE journal", 70, "journal"),
    ]
    (migration,) = folded(Span("migration", "users.0001", 0, 90, children=inner))
    assert [(each.stage, each.name) for each in migration.children] == [
        ("bookkeeping", "transaction"),
        ("sql", "CREATE users"),
        ("bookkeeping", "record, journal ×2"),
    ]
    assert [each.duration for each in migration.children] == [10, 10, 30]
    assert len(inner) == 5  # the trace itself is as it was


def test_statement_that_failed_is_not_folded():
    failed = statement("COMMIT", 0, "transaction")
    failed.error = {"type": "IntegrityError", "message": "no"}
    assert folded(failed) == [failed]
