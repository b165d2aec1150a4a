"""Tokens get a scope and always an end. Those there are keep working as they did, for 90 days."""

from datetime import timedelta

import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models

RIGHTS = ["read", "judge", "import", "export", "train", "manage"]
LABELS = [
    "Read what the project has",
    "Judge items",
    "Bring in items and judgments",
    "Take judgments out",
    "Freeze datasets and train",
    "Manage the project",
]
END_THOSE_WITHOUT_AN_END = """
UPDATE accounts_apitoken SET expires_at = least(
  coalesce(expires_at, now() + interval '90 days'), created_at + interval '366 days')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_creators"),
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apitoken",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="rights",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=list(zip(RIGHTS, LABELS, strict=True)), max_length=10
                ),
                default=RIGHTS,
                size=None,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apitoken",
            name="is_for_all_projects",
            field=models.BooleanField(default=True),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="is_for_all_projects",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="projects",
            field=models.ManyToManyField(related_name="+", to="projects.project"),
        ),
        migrations.RunSQL(END_THOSE_WITHOUT_AN_END, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="apitoken", name="expires_at", field=models.DateTimeField()
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(expires_at__lte=models.F("created_at") + timedelta(days=366)),
                name="api_token_ends_within_a_year",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("rights__len__gt", 0), ("rights__contained_by", RIGHTS)),
                name="api_token_has_known_rights",
            ),
        ),
    ]
