"""What the ORM tells of itself: init, save and delete of an instance."""

from fwtrace.toolkit.signals import Signal

__all__ = [
    "class_prepared",
    "connection_created",
    "m2m_changed",
    "post_delete",
    "post_init",
    "post_save",
    "pre_delete",
    "pre_init",
    "pre_save",
]

pre_init = Signal("pre_init")
post_init = Signal("post_init")
pre_save = Signal("pre_save")
post_save = Signal("post_save")
pre_delete = Signal("pre_delete")
post_delete = Signal("post_delete")
class_prepared = Signal("class_prepared")
m2m_changed = Signal("m2m_changed")
connection_created = Signal("connection_created")
