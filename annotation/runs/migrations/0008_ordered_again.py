import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0007_model_pushes")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="ordered_after",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="ordered_again",
                to="runs.trainingrun",
            ),
        ),
    ]
