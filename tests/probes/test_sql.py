"""Statements: what their text tells, and which parameters are secret."""

import pytest

from fwtrace.probes.sql import read_statement


@pytest.mark.parametrize(
    ("sql", "summary"),
    [
        ('SELECT "a"."id" FROM "users" AS "a" WHERE 1', "SELECT users"),
        ("insert into posts (title) values (?)", "INSERT posts"),
        ('UPDATE "users" SET "name" = ?', "UPDATE users"),
        ("DELETE FROM `users` WHERE id = %s", "DELETE users"),
        ("CREATE TABLE IF NOT EXISTS users (id)", "CREATE users"),
        ("BEGIN", "BEGIN"),
        ("", "?"),
    ],
)
def test_summary_is_operation_and_target(sql, summary):
    assert read_statement(sql).summary == summary


@pytest.mark.parametrize(
    ("sql", "secret"),
    [
        ('INSERT INTO u ("name", "password") VALUES (?, ?), (?, ?)', {1, 3}),
        ('UPDATE u SET "name" = ?, "api_key" = %s WHERE "id" = ?', {1}),
        ('SELECT 1 FROM u WHERE "id" = ? AND "token" = ?', {1}),
        ("SELECT name FROM u WHERE id = ?", set()),
        ('SELECT 1 FROM u WHERE ("u"."id", "u"."token") = (?, ?) AND "n" = ?', {1}),
        ("SELECT 1 FROM u WHERE (token, id) IN ((%s, %s), (%s, %s)) LIMIT %s", {0, 2}),
        ("SELECT 1 FROM u WHERE (id, token) IN (SELECT a, b FROM json_each(?))", {0}),
        ("SELECT token FROM u WHERE (id, name) > (?, ?)", set()),
    ],
)
def test_parameters_of_secret_columns_are_known(sql, secret):
    assert read_statement(sql).secret == secret
