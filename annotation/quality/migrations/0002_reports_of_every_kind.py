import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quality", "0001_agreement_report")]

    operations = [
        migrations.RenameModel("AgreementReport", "Report"),
        migrations.AlterField(
            "report",
            "project",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reports",
                to="projects.project",
            ),
        ),
        migrations.AddField(
            "report",
            "kind",
            models.CharField(max_length=20, default="agreement"),
            preserve_default=False,
        ),
        migrations.RemoveConstraint("report", "agreement_report_once"),
        migrations.RemoveIndex("report", "agreement_report_newest"),
        migrations.AddConstraint(
            "report",
            models.UniqueConstraint(
                fields=("project", "kind", "input_sha256", "code_version"), name="report_once"
            ),
        ),
        migrations.AddConstraint(
            "report",
            models.CheckConstraint(
                condition=models.Q(("kind", ""), _negated=True), name="report_has_kind"
            ),
        ),
        migrations.AddIndex(
            "report",
            models.Index(fields=["project", "kind", "-computed_at"], name="report_newest"),
        ),
    ]
