"""Signals: who hears, who does not, and nobody is kept alive by listening."""

import asyncio
import gc
import threading

import pytest

from fwtrace.toolkit.signals import Signal, receiver


class Sender:
    pass


class Listener:
    def __init__(self):
        self.heard = []

    def hear(self, sender, **named):
        self.heard.append(named.get("value"))


def test_decorator_forms_of_connect():
    signal = Signal("saved")
    heard = []

    @signal.connect
    def anyone(sender, **named):
        heard.append("anyone")

    @signal.connect(sender=Sender)
    def only_sender(sender, **named):
        heard.append("only")

    signal.send(Sender)
    signal.send(Listener)
    assert heard == ["anyone", "only", "anyone"]


def test_send_returns_each_receiver_with_its_response():
    signal = Signal()

    def double(sender, value, **named):
        return value * 2

    signal.connect(double)
    assert signal.send(None, value=3) == [(double, 6)]


def test_receiver_is_held_weakly_unless_asked():
    signal = Signal()
    listener = Listener()
    signal.connect(listener.hear)
    signal.connect(lambda sender, **named: 1, weak=False)
    signal.send(None, value=1)
    assert listener.heard == [1]
    del listener
    gc.collect()
    assert len(signal.connections) == 1
    assert signal.send(None) != []


def test_connecting_twice_is_connecting_once():
    signal = Signal()
    listener = Listener()
    signal.connect(listener.hear)
    signal.connect(listener.hear)
    signal.connect(Listener().hear, dispatch_uid="one", weak=False)
    signal.connect(Listener().hear, dispatch_uid="one", weak=False)
    assert len(signal.connections) == 2


def test_send_from_nobody_does_not_reach_those_whose_sender_died():
    signal = Signal()
    listener = Listener()
    sender = Listener()
    signal.connect(listener.hear, sender=sender)
    del sender
    gc.collect()
    assert signal.send(None, value=1) == []
    assert listener.heard == []


def test_receiver_that_dies_while_another_connects_is_forgotten_later():
    signal = Signal()
    listener = Listener()
    signal.connect(listener.hear)
    with signal._lock:
        del listener
        gc.collect()
    assert signal.send(None) == []
    signal.connect(print)
    assert [c.receiver for c in signal.connections] == [print]


def test_disconnect_undoes_the_same_connect():
    signal = Signal()
    listener = Listener()
    signal.connect(listener.hear, sender=Sender)
    assert not signal.disconnect(listener.hear)
    assert signal.disconnect(listener.hear, sender=Sender)
    assert not signal.has_listeners(Sender)
    with pytest.raises(TypeError, match="dispatch_uid"):
        signal.disconnect()


def test_error_of_a_receiver_comes_out_of_send_but_not_of_send_robust(caplog):
    signal = Signal()

    def broken(sender, **named):
        raise ValueError("no")

    def fine(sender, **named):
        return "fine"

    signal.connect(broken)
    signal.connect(fine)
    with pytest.raises(ValueError, match="no"):
        signal.send(None)
    (_, error), (_, answer) = signal.send_robust(None)
    assert isinstance(error, ValueError)
    assert answer == "fine"
    assert "failed" in caplog.text


def test_connected_to_lasts_for_its_block():
    signal = Signal()
    listener = Listener()
    with signal.connected_to(listener.hear):
        signal.send(None, value=1)
    signal.send(None, value=2)
    assert listener.heard == [1]


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="called"):
        Signal().connect(3)  # type: ignore[call-overload]


def test_receivers_may_come_and_go_while_it_is_sent():
    signal = Signal()
    stop = threading.Event()
    failures = []

    def churn():
        while not stop.is_set():
            listener = Listener()
            signal.connect(listener.hear)
            signal.disconnect(listener.hear)

    def send():
        try:
            for _ in range(2_000):
                signal.send(None, value=1)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=churn) for _ in range(2)]
    for thread in threads:
        thread.start()
    send()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert signal.connections == ()


def test_async_and_plain_receivers_are_sent_to_alike():
    signal = Signal("mixed")
    running = []

    @signal.connect
    def plain(value, **named):
        return value

    @signal.connect
    async def slow(value, **named):
        running.append("in")
        await asyncio.sleep(0.01)
        running.append("out")
        return value + 1

    @signal.connect
    async def other(value, **named):
        running.append("in")
        await asyncio.sleep(0.01)
        return value + 2

    async def main():
        return await signal.asend(value=1), signal.send(value=5)

    expected = [(plain, 1), (slow, 2), (other, 3)]
    assert signal.send(value=1) == expected
    assert running == ["in", "in", "out"]
    awaited, within_a_loop = asyncio.run(main())
    assert awaited == expected
    assert [response for _, response in within_a_loop] == [5, 6, 7]


def test_errors_of_async_receivers(caplog):
    signal = Signal()

    @signal.connect
    async def failing(**named):
        raise ValueError("no")

    @signal.connect
    def fine(**named):
        return 1

    with pytest.raises(ValueError, match="no"):
        signal.send()
    with pytest.raises(ValueError, match="no"):
        asyncio.run(signal.asend())
    for responses in (signal.send_robust(), asyncio.run(signal.asend_robust())):
        assert responses[0] == (fine, 1)
        assert str(responses[1][1]) == "no"
    assert asyncio.run(Signal().asend()) == []


def test_async_methods_and_callables_are_known():
    class Listener:
        async def hear(self, **named):
            return "method"

        async def __call__(self, **named):
            return "object"

    signal, listener = Signal(), Listener()
    signal.connect(listener.hear)
    signal.connect(listener)
    assert [response for _, response in signal.send()] == ["method", "object"]


def test_receiver_decorator_takes_several_signals():
    first, second = Signal("first"), Signal("second")

    @receiver([first, second], sender=int)
    def heard(signal, **named):
        return signal.name

    assert [r for _, r in first.send(int)] == ["first"]
    assert [r for _, r in second.send(int)] == ["second"]
    assert first.send(str) == []


def test_a_sender_that_died_is_not_mistaken_for_another_of_its_id():
    class Sender:
        pass

    signal = Signal()
    heard = []

    def hear(sender, **named):
        heard.append(sender)

    for _ in range(200):
        sender = Sender()
        signal.connect(hear, sender=sender)
        del sender
    signal.send(Sender())
    assert heard == []
