"""Forms and files: fields, models of them, uploads, and limits."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, Json

pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with")

URLENCODED = "application/x-www-form-urlencoded"
INT = "Input should be a valid integer, unable to parse string as an integer"


class Person(BaseModel):
    name: str
    tags: list[str] = []
    size: int = Field(3, alias="the-size")


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    name: str


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tags: list[str] = []


def make(fastapi, part, annotation, *default, **settings):
    """A client of an application which answers with its field ``a``."""
    app = fastapi.FastAPI(**settings)
    if default:

        @app.post("/")
        def read(a: annotation = default[0]):
            return {"a": a}

    else:

        @app.post("/")
        def read(a: annotation):
            return {"a": a}

    return part("testclient").TestClient(app)


def send(client, text, content_type=URLENCODED):
    return client.post("/", content=text, headers={"content-type": content_type})


def error(kind, msg, given, *loc, **ctx):
    found = {"type": kind, "loc": ["body", *loc], "msg": msg, "input": given}
    return found | ({"ctx": ctx} if ctx else {})


def missing(*loc, given=None):
    return error("missing", "Field required", given, *loc)


class Errors(tuple):
    def __new__(cls, *errors):
        return super().__new__(cls, errors)


def check(answer, expected):
    if isinstance(expected, Errors):
        assert answer.status_code == 422
        assert answer.json() == {"detail": list(expected)}
    else:
        assert (answer.status_code, answer.json()) == (200, {"a": expected})


def refused(answer, detail):
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


FIELDS = [
    (str, {}, "a=x", "x"),
    (str, {}, "a=1&a=2", "2"),
    (str, {}, "a=a+b%26%C3%A9", "a b&é"),
    (str, {}, "a=1;n=2", "1;n=2"),
    (str, {}, "a=", Errors(missing("a"))),
    (str, {}, "a", Errors(missing("a"))),
    (str, {}, "A=1", Errors(missing("a"))),
    (str, {}, "", Errors(missing("a"))),
    (int, {}, "a=7", 7),
    (int, {}, "a=x", Errors(error("int_parsing", INT, "x", "a"))),
    (int, {"default": 5}, "a=", 5),
    (int, {"default": 5}, "", 5),
    (str | None, {"default": None}, "a=", None),
    (bool, {"default": False}, "a=on", True),
    (list[int], {}, "a=1&a=2", [1, 2]),
    (list[int], {}, "a=1", [1]),
    (list[int], {}, "", Errors(missing("a"))),
    (list[int], {}, "a=", Errors(error("int_parsing", INT, "", "a", 0))),
    (list[int], {}, "a=1&a=x", Errors(error("int_parsing", INT, "x", "a", 1))),
    (str, {"alias": "x-a"}, "x-a=1", "1"),
    (str, {"alias": "x-a"}, "a=1", Errors(missing("x-a"))),
    (str, {"validation_alias": "v"}, "v=1", "1"),
    (
        str,
        {"min_length": 2},
        "a=1",
        Errors(
            error(
                "string_too_short",
                "String should have at least 2 characters",
                "1",
                "a",
                min_length=2,
            )
        ),
    ),
]


@pytest.mark.parametrize(("annotation", "options", "sent", "expected"), FIELDS)
def test_form_reads_a_field(fastapi, part, annotation, options, sent, expected):
    client = make(fastapi, part, annotation, fastapi.Form(**options))
    check(send(client, sent), expected)


def test_the_annotated_style_reads_a_field_too(fastapi, part):
    client = make(fastapi, part, Annotated[int, fastapi.Form(gt=1)], 5)
    check(client.post("/", data={"a": "7"}), 7)
    check(client.post("/"), 5)
    too_small = error("greater_than", "Input should be greater than 1", "1", "a", gt=1)
    check(client.post("/", data={"a": "1"}), Errors(too_small))


def test_fields_come_from_multipart_as_well(fastapi, part):
    client = make(fastapi, part, Annotated[list[str], fastapi.Form()])
    sent = [("a", (None, "x")), ("a", (None, "é"))]
    check(client.post("/", files=sent), ["x", "é"])


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json", "multipart/x"]
)
def test_another_content_type_has_no_fields(fastapi, part, content_type):
    client = make(fastapi, part, Annotated[str, fastapi.Form()])
    check(send(client, '{"a": "x"}', content_type), Errors(missing("a")))


@pytest.mark.parametrize(
    ("model", "sent", "expected"),
    [
        (
            Person,
            "name=n&tags=1&tags=2&the-size=4&z=1",
            {"name": "n", "tags": ["1", "2"], "the-size": 4},
        ),
        (Person, "name=n", {"name": "n", "tags": [], "the-size": 3}),
        (Person, "name=n&size=9", {"name": "n", "tags": [], "the-size": 3}),
        (Person, "tags=1", Errors(missing("name", given={"tags": ["1"]}))),
        (Person, "name=", Errors(missing("name", given={}))),
        (Person, "", Errors(missing("name", given={}))),
        (
            Person,
            "name=n&the-size=x",
            Errors(error("int_parsing", INT, "x", "the-size")),
        ),
        (
            Strict,
            "name=n&z=1&y=1&y=2",
            Errors(
                error("extra_forbidden", "Extra inputs are not permitted", "1", "z"),
                error(
                    "extra_forbidden",
                    "Extra inputs are not permitted",
                    ["1", "2"],
                    "y",
                ),
            ),
        ),
        (Strict | None, "", None),
        (Person | None, "z=1", None),
        (Person | None, "the-size=1", Errors(missing("name", given={"the-size": "1"}))),
    ],
)
def test_a_model_gathers_the_fields(fastapi, part, model, sent, expected):
    optional = [] if isinstance(model, type) else [None]
    client = make(fastapi, part, Annotated[model, fastapi.Form()], *optional)
    check(send(client, sent), expected)


def test_a_model_stands_beside_single_fields(fastapi, app, client):
    @app.post("/")
    def read(
        person: Annotated[Person, fastapi.Form()], x: Annotated[str, fastapi.Form()]
    ):
        return [person.name, x]

    assert send(client, "name=n&x=1").json() == ["n", "1"]
    answer = send(client, "person=n")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [missing("name", given={"person": "n"}), missing("x")]
    }


def test_two_models_read_the_same_form(fastapi, app, client):
    @app.post("/")
    def read(
        person: Annotated[Person, fastapi.Form()], dog: Annotated[Dog, fastapi.Form()]
    ):
        return [person.tags, dog.tags]

    answer = send(client, "name=n&kind=dog&tags=1&tags=2")
    assert answer.json() == [["1", "2"], ["1", "2"]]
    answer = send(client, "kind=dog")
    assert answer.status_code == 422
    assert answer.json() == {"detail": [missing("name", given={"kind": "dog"})]}


@pytest.mark.parametrize(
    ("options", "sent", "expected"),
    [
        ({}, "kind=cat&lives=3", {"kind": "cat", "lives": 3}),
        ({}, "kind=dog&tags=1", {"kind": "dog", "tags": ["1"]}),
        ({}, "kind=dog&tags=1&tags=2", {"kind": "dog", "tags": ["1", "2"]}),
        (
            {},
            "",
            Errors(
                missing("Cat", "kind", given={}),
                missing("Cat", "lives", given={}),
                missing("Dog", "kind", given={}),
            ),
        ),
        ({"discriminator": "kind"}, "kind=dog&tags=1", {"kind": "dog", "tags": ["1"]}),
        (
            {"discriminator": "kind"},
            "kind=cat",
            Errors(missing("cat", "lives", given={"kind": "cat"})),
        ),
        (
            {"discriminator": "kind"},
            "",
            Errors(
                error(
                    "union_tag_not_found",
                    "Unable to extract tag using discriminator 'kind'",
                    {},
                    discriminator="'kind'",
                )
            ),
        ),
    ],
)
def test_a_union_of_models_reads_a_form(fastapi, part, options, sent, expected):
    annotation = Annotated[Cat | Dog, fastapi.Form(**options)]
    check(send(make(fastapi, part, annotation), sent), expected)


def test_a_field_may_hold_json(fastapi, part):
    client = make(fastapi, part, Annotated[Json[list[int]], fastapi.Form()])
    check(send(client, "a=[1,2]"), [1, 2])
    reason = "expected value at line 1 column 2"
    bad = error("json_invalid", f"Invalid JSON: {reason}", "[x", "a", error=reason)
    check(send(client, "a=[x"), Errors(bad))


def test_a_default_of_a_field_is_made_or_validated(fastapi, part):
    made = Annotated[int, fastapi.Form(default_factory=lambda: 3)]
    check(make(fastapi, part, made).post("/"), 3)
    asked = Annotated[int, fastapi.Form(validate_default=True)]
    check(make(fastapi, part, asked, "4").post("/"), 4)


def test_a_model_may_hold_an_upload_file(fastapi, app, client):
    class Upload(BaseModel):
        name: str
        file: fastapi.UploadFile

    @app.post("/")
    def read(upload: Annotated[Upload, fastapi.Form()]):
        return [upload.name, upload.file.filename, upload.file.size]

    files = {"file": ("x", b"1")}
    assert client.post("/", data={"name": "n"}, files=files).json() == ["n", "x", 1]
    answer = client.post("/", data={"name": "n"})
    assert answer.status_code == 422
    assert answer.json() == {"detail": [missing("file", given={"name": "n"})]}


FILES = [
    (bytes, {}, {"a": ("a.txt", b"abc")}, "abc"),
    (bytes, {}, {"a": ("a.txt", b"")}, ""),
    (bytes, {}, {"b": ("a.txt", b"abc")}, Errors(missing("a"))),
    (bytes, {}, {}, Errors(missing("a"))),
    (bytes, {}, {"a": (None, "text")}, "text"),
    (bytes, {"alias": "f"}, {"f": ("a.txt", b"abc")}, "abc"),
    (bytes, {"max_length": 3}, {"a": ("a.txt", b"abc")}, "abc"),
    (
        bytes,
        {"max_length": 2},
        {"a": ("a.txt", b"abc")},
        Errors(
            error(
                "bytes_too_long",
                "Data should have at most 2 bytes",
                "abc",
                "a",
                max_length=2,
            )
        ),
    ),
    (bytes | None, {"default": None}, {}, None),
    (bytes | None, {"default": None}, {"a": ("", b"")}, None),
    (list[bytes], {}, [("a", ("x", b"1")), ("a", ("y", b"2"))], ["1", "2"]),
    (list[bytes], {}, [("a", ("x", b"1"))], ["1"]),
]


@pytest.mark.parametrize(("annotation", "options", "files", "expected"), FILES)
def test_file_reads_all_the_bytes(fastapi, part, annotation, options, files, expected):
    client = make(fastapi, part, annotation, fastapi.File(**options))
    check(client.post("/", files=files), expected)


@pytest.fixture
def upload(fastapi, app, client):
    """Send one file ``a``: what the ``UploadFile`` says of it."""

    @app.post("/")
    async def read(a: fastapi.UploadFile):
        text = (await a.read()).decode()
        return [a.filename, a.size, a.content_type, text, a.headers.get("x-kind")]

    return lambda *file: client.post("/", files={"a": file})


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (("a.txt", b"abc", "text/x"), ["a.txt", 3, "text/x", "abc", None]),
        (("a.txt", b"", "text/x"), ["a.txt", 0, "text/x", "", None]),
        (
            ("é.bin", b"\xc3\xa9", "a/b; c=d", {"X-Kind": "v"}),
            ["é.bin", 2, "a/b; c=d", "é", "v"],
        ),
    ],
)
def test_an_upload_file_knows_its_name_size_and_type(upload, file, expected):
    assert upload(*file).json() == expected


def test_text_is_no_upload_file(upload):
    answer = upload(None, "text")
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            error(
                "value_error",
                "Value error, Expected UploadFile, received: <class 'str'>",
                "text",
                "a",
                error={},
            )
        ]
    }


def test_an_empty_file_input_is_a_missing_file(upload):
    answer = upload("", b"")
    assert answer.status_code == 422
    assert answer.json() == {"detail": [missing("a")]}


def test_an_upload_file_is_read_in_pieces_and_closed(fastapi, app, client):
    seen = []

    @app.post("/")
    async def read(a: fastapi.UploadFile):
        seen.append(a)
        first = await a.read(2)
        rest = await a.read()
        end = await a.read()
        await a.seek(1)
        again = await a.read()
        await a.seek(0)
        await a.write(b"XY")
        await a.seek(0)
        return [first, rest, end, again, await a.read()]

    answer = client.post("/", files={"a": ("a.txt", b"abcd")})
    assert answer.json() == ["ab", "cd", "", "bcd", "XYcd"]
    assert seen[0].file.closed


def test_a_plain_function_reads_the_file_itself(fastapi, app, client):
    @app.post("/")
    def read(a: fastapi.UploadFile):
        return [line.decode() for line in a.file]

    answer = client.post("/", files={"a": ("a.txt", b"x\ny\n")})
    assert answer.json() == ["x\n", "y\n"]


def test_a_large_file_arrives_whole(fastapi, app, client):
    @app.post("/")
    async def read(a: fastapi.UploadFile):
        return [a.size, len(await a.read())]

    size = 3 * 1024 * 1024
    answer = client.post("/", files={"a": ("big", b"\r\n" * (size // 2))})
    assert answer.json() == [size, size]


@pytest.mark.parametrize(
    ("files", "status", "body"),
    [
        ([("a", ("x", b"1")), ("a", ("y", b"2"))], 200, ["x", "y"]),
        ([("a", ("x", b"1"))], 200, ["x"]),
        ([("b", ("x", b"1"))], 422, {"detail": [missing("a")]}),
        ([], 422, {"detail": [missing("a")]}),
    ],
)
def test_a_list_of_upload_files(fastapi, app, client, files, status, body):
    @app.post("/")
    def read(a: list[fastapi.UploadFile]):
        return [file.filename for file in a]

    answer = client.post("/", files=files)
    assert (answer.status_code, answer.json()) == (status, body)


def test_an_upload_file_may_be_optional(fastapi, app, client):
    @app.post("/")
    def read(a: fastapi.UploadFile | None = None):
        return a and a.filename

    assert client.post("/").json() is None
    assert client.post("/", files={"a": ("x", b"1")}).json() == "x"


def test_file_may_describe_an_upload_file(fastapi, app, client):
    @app.post("/")
    def read(a: Annotated[fastapi.UploadFile, fastapi.File(alias="the-file")]):
        return a.filename

    assert client.post("/", files={"the-file": ("x", b"1")}).json() == "x"


@pytest.mark.parametrize(
    ("files", "data", "status", "body"),
    [
        ({"f": ("n", b"123")}, {"t": "x", "l": ["1", "2"]}, 200, ["123", "x", [1, 2]]),
        ({"f": ("n", b"123")}, {}, 422, {"detail": [missing("t")]}),
        ({}, {"t": "x"}, 422, {"detail": [missing("f")]}),
        ({}, {}, 422, {"detail": [missing("f"), missing("t")]}),
    ],
)
def test_fields_and_files_stand_together(
    fastapi, app, client, files, data, status, body
):
    @app.post("/")
    def read(
        f: Annotated[bytes, fastapi.File()],
        t: Annotated[str, fastapi.Form()],
        l: Annotated[list[int], fastapi.Form()] = [],  # noqa: B006, E741
    ):
        return [f, t, l]

    answer = client.post("/", files=files, data=data)
    assert (answer.status_code, answer.json()) == (status, body)


LIMITS = {"max_fields": 2, "max_files": 1, "max_part_size": 2048}
TOO_MANY = "Too many {0}. Maximum number of {0} is {1}.".format
# The name of a field counts in its size, that of a part does not.
OVER = [
    ({"data": {"a": "x" * 2048}}, "Field exceeded maximum size of 2KB."),
    ({"files": {"a": (None, "x" * 2049)}}, "Part exceeded maximum size of 2KB."),
    ({"data": {"a": "1", "b": "2", "c": "3"}}, TOO_MANY("fields", 2)),
    ({"files": [("a", (None, "1"))] * 3}, TOO_MANY("fields", 2)),
    ({"files": [("a", ("f", b"1"))] * 2}, TOO_MANY("files", 1)),
]
UNDER = [
    {"data": {"a": "x" * 2047}},
    {"files": {"a": (None, "x" * 2048)}},
    {"data": {"a": "1", "b": "2"}},
    {"files": [("a", (None, "1")), ("b", (None, "2")), ("c", ("f", b"3" * 9000))]},
]


@pytest.mark.parametrize("place", ["app", "route"])
@pytest.mark.parametrize(("sent", "detail"), OVER)
def test_what_is_over_the_form_limits_is_a_400(fastapi, part, place, sent, detail):
    app = fastapi.FastAPI(**({"form_limits": LIMITS} if place == "app" else {}))

    @app.post("/", **({"form_limits": LIMITS} if place == "route" else {}))
    def read(a: Annotated[str, fastapi.Form()]):
        raise NotImplementedError

    refused(part("testclient").TestClient(app).post("/", **sent), detail)


@pytest.mark.parametrize("sent", UNDER)
def test_what_is_under_the_form_limits_is_read(fastapi, part, sent):
    annotation = Annotated[str, fastapi.Form()]
    client = make(fastapi, part, annotation, form_limits=LIMITS)
    assert client.post("/", **sent).status_code == 200


def test_there_are_limits_by_default(fastapi, part):
    client = make(fastapi, part, Annotated[str, fastapi.Form()])
    many = {str(number): "1" for number in range(1001)}
    refused(client.post("/", data=many), TOO_MANY("fields", 1000))
    files = [("f", ("n", b""))] * 1001
    refused(client.post("/", files=files), TOO_MANY("files", 1000))
    large = "x" * (1024 * 1024 + 1)
    refused(
        client.post("/", data={"a": large}), "Field exceeded maximum size of 1024KB."
    )
    refused(
        client.post("/", files={"a": (None, large)}),
        "Part exceeded maximum size of 1024KB.",
    )


@pytest.mark.parametrize(
    "limits", [{"max_x": 1}, {"max_fields": -1}, {"max_files": "1"}]
)
def test_form_limits_are_checked(fastapi, limits):
    with pytest.raises(ValueError, match=next(iter(limits))):
        fastapi.FastAPI(form_limits=limits)


def test_the_request_still_has_the_form(fastapi, app, client):
    @app.post("/")
    async def read(a: Annotated[str, fastapi.Form()], request: fastapi.Request):
        form = await request.form()
        return [a, form.multi_items()]

    answer = send(client, "a=1&b=2&a=3")
    assert answer.json() == ["3", [["a", "1"], ["b", "2"], ["a", "3"]]]
