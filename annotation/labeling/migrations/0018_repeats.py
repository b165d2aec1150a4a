from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0017_messages"),
        ("projects", "0010_repeats"),
        ("prompts", "0003_attachments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assignment",
            name="assignment_once",
        ),
        migrations.RemoveConstraint(
            model_name="judgment",
            name="judgment_revision_once",
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_repeat",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(models.When(purpose="repeat", then=True), default=False),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddField(
            model_name="judgment",
            name="is_repeat",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(models.When(purpose="repeat", then=True), default=False),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AlterField(
            model_name="assignment",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("work", "Work"),
                    ("gold", "Gold"),
                    ("training", "Training"),
                    ("test", "Test"),
                    ("calibration", "Calibration"),
                    ("repeat", "Repeat"),
                ],
                db_default="work",
                default="work",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="judgment",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("work", "Work"),
                    ("gold", "Gold"),
                    ("training", "Training"),
                    ("test", "Test"),
                    ("calibration", "Calibration"),
                    ("repeat", "Repeat"),
                ],
                db_default="work",
                default="work",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                fields=("item", "labeler", "is_repeat"), name="assignment_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="judgment",
            constraint=models.UniqueConstraint(
                fields=("item", "labeler", "is_repeat", "revision"), name="judgment_revision_once"
            ),
        ),
    ]
