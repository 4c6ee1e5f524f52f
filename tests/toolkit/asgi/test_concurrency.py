"""Functions and iterators in worker threads, and what they can see."""

import asyncio
import contextvars
import threading
import time

import anyio
import anyio.to_thread
import pytest

user = contextvars.ContextVar("user", default="nobody")


@pytest.fixture
def concurrency(part):
    return part("concurrency")


def thread():
    return threading.get_ident()


# run_in_threadpool


def test_a_function_runs_in_another_thread(concurrency):
    async def main():
        return thread(), await concurrency.run_in_threadpool(thread)

    here, there = asyncio.run(main())
    assert here != there


@pytest.mark.parametrize(
    ("args", "kwargs", "result"),
    [
        ((), {}, ((), {})),
        ((1, 2), {}, ((1, 2), {})),
        ((1,), {"a": 2}, ((1,), {"a": 2})),
    ],
)
def test_arguments_and_result(concurrency, args, kwargs, result):
    def show(*args, **kwargs):
        return args, kwargs

    call = concurrency.run_in_threadpool(show, *args, **kwargs)
    assert asyncio.run(call) == result


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError])
def test_an_exception_is_raised_where_it_is_awaited(concurrency, error):
    def fail():
        raise error("tea")

    with pytest.raises(error, match="tea"):
        asyncio.run(concurrency.run_in_threadpool(fail))


def test_the_event_loop_goes_on_while_the_function_waits(concurrency):
    async def main():
        ready = threading.Event()
        waiting = asyncio.create_task(concurrency.run_in_threadpool(ready.wait, 10))
        await asyncio.sleep(0)
        assert not waiting.done()
        ready.set()
        return await waiting

    assert asyncio.run(main()) is True


def test_functions_run_at_the_same_time(concurrency):
    barrier = threading.Barrier(5, timeout=10)

    async def main():
        calls = [concurrency.run_in_threadpool(barrier.wait) for _ in range(5)]
        return await asyncio.gather(*calls)

    assert sorted(asyncio.run(main())) == [0, 1, 2, 3, 4]


def test_the_number_of_threads_is_limited(concurrency):
    running = most = 0
    lock, pair = threading.Lock(), threading.Barrier(2)

    def work():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pair.wait(10)
        time.sleep(0.02)
        with lock:
            running -= 1

    async def main():
        calls = [concurrency.run_in_threadpool(work) for _ in range(60)]
        await asyncio.gather(*calls)

    asyncio.run(main())
    assert 1 < most <= 40


def test_a_contextvar_is_seen_in_the_thread(concurrency):
    async def main():
        user.set("ada")
        return await concurrency.run_in_threadpool(user.get)

    assert asyncio.run(main()) == "ada"


def test_a_contextvar_that_the_thread_sets_is_not_seen_outside(concurrency):
    def login():
        user.set("bob")
        return user.get()

    async def main():
        user.set("ada")
        return await concurrency.run_in_threadpool(login), user.get()

    assert asyncio.run(main()) == ("bob", "ada")


def test_tasks_do_not_share_their_contextvars(concurrency):
    async def visit(name):
        user.set(name)
        await asyncio.sleep(0)
        return await concurrency.run_in_threadpool(user.get)

    async def main():
        return await asyncio.gather(*[visit(name) for name in "abc"]), user.get()

    assert asyncio.run(main()) == (["a", "b", "c"], "nobody")


# iterate_in_threadpool


async def collect(iterator):
    return [item async for item in iterator]


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, 2, 3],
        lambda: (1, 2, 3),
        lambda: iter([1, 2, 3]),
        lambda: (number for number in [1, 2, 3]),
        lambda: range(1, 4),
    ],
    ids=["list", "tuple", "iterator", "generator", "range"],
)
def test_any_iterable_can_be_iterated(concurrency, make):
    iterated = concurrency.iterate_in_threadpool(make())
    assert asyncio.run(collect(iterated)) == [1, 2, 3]


def test_an_empty_iterable_ends_at_once(concurrency):
    assert asyncio.run(collect(concurrency.iterate_in_threadpool([]))) == []


def test_every_step_runs_in_another_thread(concurrency):
    def threads():
        yield thread()
        yield thread()

    async def main():
        return thread(), await collect(concurrency.iterate_in_threadpool(threads()))

    here, there = asyncio.run(main())
    assert len(there) == 2
    assert here not in there


def test_items_are_fetched_only_when_they_are_asked_for(concurrency):
    fetched = []

    def numbers():
        for number in range(10):
            fetched.append(number)
            yield number

    async def main():
        async for number in concurrency.iterate_in_threadpool(numbers()):
            if number == 2:
                break

    asyncio.run(main())
    assert fetched == [0, 1, 2]


def test_an_exception_of_the_iterator_is_raised_on(concurrency):
    def broken():
        yield 1
        raise ValueError("tea")

    seen = []

    async def main():
        async for number in concurrency.iterate_in_threadpool(broken()):
            seen.append(number)

    with pytest.raises(ValueError, match="tea"):
        asyncio.run(main())
    assert seen == [1]


def test_a_contextvar_is_seen_in_every_step(concurrency):
    def names():
        for _ in range(2):
            yield user.get()

    async def main():
        user.set("ada")
        seen = []
        async for name in concurrency.iterate_in_threadpool(names()):
            seen.append(name)
            user.set("bob")
        return seen

    assert asyncio.run(main()) == ["ada", "bob"]


# run_until_first_complete


@pytest.fixture
def until_first(concurrency):
    """``until_first(...)``: the deprecated function, with its warning expected."""
    if not hasattr(concurrency, "run_until_first_complete"):
        pytest.skip("run_until_first_complete is gone")

    def run(*functions):
        with pytest.warns(UserWarning, match="run_until_first_complete"):
            return asyncio.run(concurrency.run_until_first_complete(*functions))

    return run


def test_the_first_that_ends_stops_the_others(until_first):
    steps = []

    async def fast(name):
        steps.append(f"{name} ends")

    async def slow(seconds):
        try:
            await asyncio.sleep(seconds)
            steps.append("slow ends")
        except asyncio.CancelledError:
            steps.append("slow stopped")
            raise

    assert until_first((slow, {"seconds": 60}), (fast, {"name": "fast"})) is None
    assert steps == ["fast ends", "slow stopped"]


@pytest.mark.parametrize(("tokens", "most"), [(1, 1), (2, 2), (40, 4)])
def test_no_more_threads_at_once_than_the_limiter_has_tokens(part, tokens, most):
    running, seen, together = [], [], threading.Barrier(most)

    def work():
        running.append(1)
        seen.append(len(running))
        together.wait(10)
        time.sleep(0.02)
        running.pop()

    async def main():
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = tokens
        call = part("concurrency").run_in_threadpool
        await asyncio.gather(*(call(work) for _ in range(4)))
        assert limiter.borrowed_tokens == 0

    asyncio.run(main())
    assert max(seen) == most


def test_a_place_is_given_back_after_an_error(part):
    def fail():
        raise ValueError("no")

    async def main():
        call = part("concurrency").run_in_threadpool
        with pytest.raises(ValueError, match="no"):
            await call(fail)
        limiter = anyio.to_thread.current_default_thread_limiter()
        assert limiter.borrowed_tokens == 0

    asyncio.run(main())
