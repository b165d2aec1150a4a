from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0009_round_keys")]

    operations = [
        migrations.AddIndex(
            model_name="runevent",
            index=models.Index(fields=["run", "type", "step"], name="run_event_by_type"),
        ),
    ]
