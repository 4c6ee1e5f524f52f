"""Background tasks: what runs after the response, where, and in which order."""

import asyncio
import functools
import threading

import pytest

from tests.toolkit.asgi.drive import http_scope, receiver


@pytest.fixture
def background(part):
    return part("background")


async def perform(task):
    return await task()


def test_a_coroutine_function_is_awaited_with_its_arguments(background):
    seen = []

    async def note(*args, **kwargs):
        await asyncio.sleep(0)
        seen.append((args, kwargs, threading.current_thread()))

    task = background.BackgroundTask(note, 1, 2, name="x")
    assert seen == []
    asyncio.run(perform(task))
    assert seen == [((1, 2), {"name": "x"}, threading.current_thread())]


def test_a_function_runs_in_a_thread_of_its_own(background):
    seen = []

    def note(*args, **kwargs):
        seen.append((args, kwargs, threading.current_thread()))

    asyncio.run(perform(background.BackgroundTask(note, 1, name="x")))
    args, kwargs, thread = seen[0]
    assert (args, kwargs) == ((1,), {"name": "x"})
    assert thread is not threading.current_thread()


def test_a_slow_function_leaves_the_loop_free(background):
    released = threading.Event()

    async def main():
        waiting = asyncio.create_task(
            perform(background.BackgroundTask(released.wait, 10))
        )
        await asyncio.sleep(0.01)
        assert not waiting.done()
        released.set()
        await waiting

    asyncio.run(main())


class Callable:
    def __init__(self):
        self.calls = []

    async def __call__(self, value):
        self.calls.append(value)

    async def method(self, value):
        self.calls.append(value)


def test_other_forms_of_async_callables(background):
    target = Callable()
    for function in (target, target.method, functools.partial(target.method)):
        asyncio.run(perform(background.BackgroundTask(function, "x")))
    partial = functools.partial(functools.partial(target), "y")
    asyncio.run(perform(background.BackgroundTask(partial)))
    assert target.calls == ["x", "x", "x", "y"]


def test_a_lambda_that_gives_a_coroutine_is_not_awaited(background):
    seen = []

    async def note():
        seen.append("ran")

    made = note()
    asyncio.run(perform(background.BackgroundTask(lambda: made)))
    assert seen == []
    made.close()


def test_a_task_gives_nothing_and_can_run_again(background):
    seen = []

    def note():
        seen.append(1)
        return "result"

    task = background.BackgroundTask(note)
    assert asyncio.run(perform(task)) is None
    assert asyncio.run(perform(task)) is None
    assert seen == [1, 1]


def test_what_a_task_is_made_of(background):
    async def later():
        raise NotImplementedError

    task = background.BackgroundTask(later, 1, a=2)
    assert (task.func, task.args, task.kwargs) == (later, (1,), {"a": 2})


@pytest.mark.parametrize("is_async", [True, False])
def test_an_exception_of_a_task_comes_out(background, is_async):
    async def async_fail():
        raise KeyError("failed")

    def fail():
        raise KeyError("failed")

    task = background.BackgroundTask(async_fail if is_async else fail)
    with pytest.raises(KeyError):
        asyncio.run(perform(task))


def test_tasks_run_one_after_another_in_order(background):
    order = []

    def note(name):
        order.append(name)

    async def slow(name):
        order.append(f"{name} begins")
        await asyncio.sleep(0.01)
        order.append(f"{name} ends")

    tasks = background.BackgroundTasks()
    tasks.add_task(slow, "first")
    tasks.add_task(note, "second")
    tasks.add_task(slow, name="third")
    asyncio.run(perform(tasks))
    assert order == [
        "first begins",
        "first ends",
        "second",
        "third begins",
        "third ends",
    ]


def test_tasks_from_a_list_which_they_copy(background):
    seen = []
    one = background.BackgroundTask(seen.append, 1)
    given = [one]
    tasks = background.BackgroundTasks(given)
    tasks.add_task(seen.append, 2)
    assert given == [one]
    assert len(tasks.tasks) == 2
    asyncio.run(perform(tasks))
    assert seen == [1, 2]


def test_no_tasks_are_fine(background):
    for tasks in (background.BackgroundTasks(), background.BackgroundTasks([])):
        asyncio.run(perform(tasks))
        assert tasks.tasks == []


def test_tasks_may_hold_tasks(background):
    seen = []
    inner = background.BackgroundTasks([background.BackgroundTask(seen.append, 1)])
    outer = background.BackgroundTasks([inner])
    outer.add_task(seen.append, 2)
    assert isinstance(inner, background.BackgroundTask)
    asyncio.run(perform(outer))
    assert seen == [1, 2]


def test_a_task_that_fails_ends_the_row(background):
    seen = []

    def fail():
        raise KeyError("failed")

    tasks = background.BackgroundTasks()
    tasks.add_task(seen.append, 1)
    tasks.add_task(fail)
    tasks.add_task(seen.append, 2)
    with pytest.raises(KeyError):
        asyncio.run(perform(tasks))
    assert seen == [1]


def test_a_task_may_add_another_while_they_run(background):
    seen = []
    tasks = background.BackgroundTasks()

    async def more():
        tasks.add_task(seen.append, "added")

    tasks.add_task(more)
    asyncio.run(perform(tasks))
    assert seen == ["added"]


@pytest.mark.parametrize("kind", ["Response", "JSONResponse", "StreamingResponse"])
def test_the_response_is_out_before_its_tasks_fail(part, background, kind):
    sent = []

    async def send(message):
        sent.append(message)

    def fail():
        raise KeyError("failed")

    task = background.BackgroundTask(fail)
    response = getattr(part("responses"), kind)("x", background=task)
    with pytest.raises(KeyError):
        asyncio.run(response(http_scope(), receiver([]), send))
    assert sent[0]["type"] == "http.response.start"
    assert not sent[-1].get("more_body", False)
