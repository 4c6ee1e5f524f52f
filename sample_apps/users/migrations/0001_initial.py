"""The first day: users with a name and an address, in a table called after the app."""

from fwtrace.toolkit.orm import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.AutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("full_name", models.CharField(max_length=60)),
                ("email", models.CharField(max_length=200, null=True)),
            ],
        ),
    ]
