import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0015_checkpoint_copies"),
    ]

    operations = [
        migrations.AddField(
            model_name="checkpointcopy",
            name="begun_at",
            field=models.DateTimeField(auto_now_add=True, default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="checkpointcopy",
            name="arrived_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RemoveConstraint(
            model_name="checkpointcopy",
            name="checkpoint_copy_once",
        ),
        migrations.AddConstraint(
            model_name="checkpointcopy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("destination", "folder"),
                name="checkpoint_copy_once",
            ),
        ),
    ]
