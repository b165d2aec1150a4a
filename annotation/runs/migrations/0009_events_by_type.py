from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0008_ordered_again")]

    operations = [
        migrations.AddIndex(
            model_name="runevent",
            index=models.Index(fields=["run", "type", "step"], name="run_event_by_type"),
        ),
    ]
