from fwtrace.toolkit.orm import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0002_member_age_post")]

    operations = [
        migrations.RenameModel(old_name="Member", new_name="User"),
        migrations.AlterModelTable(name="user", table="users"),
        migrations.AlterModelOptions(name="user", options={"ordering": ["id"]}),
        migrations.RenameField(
            model_name="user", old_name="full_name", new_name="name"
        ),
        migrations.AlterField(
            model_name="user",
            name="name",
            field=models.CharField(max_length=100),
        ),
    ]
