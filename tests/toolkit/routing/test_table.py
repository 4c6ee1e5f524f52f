"""Tables of URLs: path, re_path, include."""

import types

import pytest

from fwtrace.toolkit.routing import NoReverseMatch, Router, include, path, re_path
from fwtrace.toolkit.routing.table import flatten


def router(table):
    return Router(flatten(table))


def test_included_tables_get_prefix_and_namespace():
    inner = [path("", "index", name="index"), path("<int:id>/", "entry", name="entry")]
    routes = router([path("blog/", include(inner, namespace="blog"))])
    assert routes.match("GET", "/blog/").route.endpoint == "index"
    assert routes.match("GET", "/blog/7/").params == {"id": 7}
    assert routes.url_for("blog:entry", id=7) == "/blog/7/"


def test_include_of_a_module_and_of_a_pair():
    module = types.ModuleType("blog_urls")
    vars(module).update(urlpatterns=[path("x", "x", name="x")], app_name="blog")
    routes = router([path("", include(module)), path("y/", include(([], "empty")))])
    assert routes.url_for("blog:x") == "/x"


def test_prefix_may_have_parameters():
    inner = [path("posts/<int:post>", "post", name="post")]
    routes = router([path("users/<int:user>/", include(inner))])
    assert routes.match("GET", "/users/1/posts/2").params == {"user": 1, "post": 2}


@pytest.mark.parametrize(
    ("pattern", "asked", "params"),
    [
        (r"^articles/(?P<year>[0-9]{4})/$", "/articles/2026/", {"year": "2026"}),
        (r"^articles/(?P<year>[0-9]{4})/$", "/articles/26/", None),
        (r"^colou?r$", "/color", {}),
        (r"^(?:a|b)/x$", "/b/x", {}),
        (r"^open", "/opened/anything", {}),
        (r"files/(?P<p>.*)\.txt$", "/files/a/b.txt", {"p": "a/b"}),
        (r"^$", "/", {}),
    ],
)
def test_re_path(pattern, asked, params):
    outcome = router([re_path(pattern, "view")]).match("GET", asked)
    assert (outcome and outcome.params) == params


def test_re_path_is_reversed_where_it_can_be():
    routes = router(
        [
            re_path(r"^a/(?P<y>[0-9]{4})/$", "v", name="y"),
            re_path(r"^b[0-9]+$", "v", name="open"),
        ]
    )
    assert routes.url_for("y", y=2026) == "/a/2026/"
    with pytest.raises(NoReverseMatch, match="does not fit"):
        routes.url_for("y", y="x")
    with pytest.raises(NoReverseMatch, match="more than one"):
        routes.url_for("open")


def test_re_path_needs_named_groups():
    with pytest.raises(ValueError, match="name its groups"):
        re_path(r"^a/([0-9]+)$", "view")


def test_order_of_the_table_is_kept_across_kinds():
    routes = router([re_path(r"^x.*$", "regex"), path("xy", "plain")])
    assert routes.match("GET", "/xy").route.endpoint == "regex"
