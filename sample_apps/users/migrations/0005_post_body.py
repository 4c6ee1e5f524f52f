from fwtrace.toolkit.orm import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0004_no_address_is_empty")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="body",
            field=models.TextField(default=""),
        ),
    ]
