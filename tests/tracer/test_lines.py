"""Lines that ran: distinct ones, of this thread, whoever else may be looking."""

import sys
import threading

import pytest

from fwtrace.tracer.lines import LineCounter


def branches(flag):
    if flag:
        found = 1
    else:
        found = 2
    for _ in range(10):
        found += 1
    return found


def counted(counter):
    return counter.files().get(__file__, 0)


def test_a_line_counts_once_however_often_it_runs():
    counter = LineCounter()
    with counter:
        branches(True)
    assert counted(counter) == 5


def test_blocks_add_up():
    counter = LineCounter()
    for flag in (True, False, True):
        with counter:
            branches(flag)
    assert counted(counter) == 6


def test_what_runs_outside_does_not_count():
    counter = LineCounter()
    with counter:
        pass
    branches(True)
    assert counted(counter) == 0


def test_an_error_ends_the_counting():
    counter = LineCounter()
    with pytest.raises(ZeroDivisionError), counter:
        branches(1 / 0)
    branches(True)
    assert counted(counter) == 0


def test_other_threads_do_not_count():
    counter = LineCounter()
    with counter:
        thread = threading.Thread(target=branches, args=(True,))
        thread.start()
        thread.join()
    assert counted(counter) == 0


def test_threads_that_the_block_starts_count_where_it_is_asked_for():
    counter = LineCounter(threads=True)
    with counter:
        thread = threading.Thread(target=branches, args=(True,))
        thread.start()
        thread.join()
    assert counted(counter) == 5
    thread = threading.Thread(target=branches, args=(False,))
    thread.start()
    thread.join()
    assert counted(counter) == 5


def test_who_traced_before_traces_again():
    seen = []

    def tracer(frame, event, argument):
        seen.append(event)

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with LineCounter():
            branches(True)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
