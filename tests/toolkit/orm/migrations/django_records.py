"""Run with Django, to use its table of applied migrations.

python -m tests.toolkit.orm.migrations.django_records url [app name]
    records a migration if one is given, and prints what is recorded
"""

from __future__ import annotations

import json
import sys
from urllib.parse import urlsplit

ENGINES = {"sqlite": "sqlite3", "postgresql": "postgresql", "mysql": "mysql"}


def set_up(url: str) -> None:
    import django
    from django.conf import settings

    parts = urlsplit(url)
    if parts.scheme == "mysql":
        import pymysql

        pymysql.version_info = (2, 2, 1, "final", 0)  # that of the driver it stands for
        pymysql.install_as_MySQLdb()
    database = {
        "ENGINE": f"django.db.backends.{ENGINES[parts.scheme]}",
        "NAME": parts.path[1:],
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
    }
    settings.configure(
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def main(url: str, *names: str) -> None:
    set_up(url)
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    if names:
        recorder.record_applied(*names)
    found = recorder.applied_migrations().values()
    print(json.dumps([[each.app, each.name, str(each.applied)] for each in found]))


if __name__ == "__main__":
    main(*sys.argv[1:])
