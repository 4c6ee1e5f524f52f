"""An unknown address becomes an empty one: first in the rows, then for the column."""

from typing import Any

from fwtrace.toolkit.orm import migrations, models


def empty_unknown(apps: Any, schema_editor: Any) -> None:
    User = apps.get_model("users", "User")
    users = User.objects.using(schema_editor.alias)
    users.filter(email__isnull=True).update(email="")


class Migration(migrations.Migration):
    dependencies = [("users", "0003_rename_member_user")]

    operations = [
        migrations.RunPython(empty_unknown, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
    ]
