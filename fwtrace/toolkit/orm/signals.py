"""What the ORM tells of itself: classes, instances, relations, connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fwtrace.toolkit.signals import Signal

__all__ = [
    "ModelSignal",
    "class_prepared",
    "connection_created",
    "m2m_changed",
    "post_delete",
    "post_init",
    "post_migrate",
    "post_save",
    "pre_delete",
    "pre_init",
    "pre_migrate",
    "pre_save",
]


class ModelSignal(Signal):
    """A signal whose sender is a model, or its name: then it is connected once a model
    of that name is there."""

    def connect(
        self,
        receiver: Callable[..., Any] | None = None,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> Any:
        if receiver is None:
            return lambda found: self.connect(found, sender, weak, dispatch_uid)
        if not isinstance(sender, str):
            return super().connect(receiver, sender, weak, dispatch_uid)
        from fwtrace.toolkit.orm.registry import registry

        connect, disconnect = super().connect, super().disconnect
        before: list[Any] = []

        def connect_to(model: Any) -> None:
            if before:  # that was not the one that was meant
                disconnect(receiver, before.pop(), dispatch_uid)
            connect(receiver, model, weak, dispatch_uid)
            before.append(model)

        registry.when_defined(sender, connect_to)
        return receiver

    def disconnect(
        self,
        receiver: Callable[..., Any] | None = None,
        sender: Any = None,
        dispatch_uid: Any = None,
    ) -> bool:
        if isinstance(sender, str):
            from fwtrace.toolkit.orm.registry import registry

            sender = registry.find(sender)
        return super().disconnect(receiver, sender, dispatch_uid)


class_prepared = Signal("class_prepared")
connection_created = Signal("connection_created")
pre_init = ModelSignal("pre_init")
post_init = ModelSignal("post_init")
pre_save = ModelSignal("pre_save")
post_save = ModelSignal("post_save")
pre_delete = ModelSignal("pre_delete")
post_delete = ModelSignal("post_delete")
m2m_changed = ModelSignal("m2m_changed")
pre_migrate = Signal("pre_migrate")
post_migrate = Signal("post_migrate")
