from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import MD5, Cast


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0018_repeats"),
        ("projects", "0010_repeats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="golditem",
            index=models.Index(
                models.F("project"),
                MD5(Cast("id", models.TextField())),
                condition=models.Q(is_active=True, use="queue"),
                name="gold_circle",
            ),
        ),
    ]
