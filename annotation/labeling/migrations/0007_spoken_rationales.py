from django.db import migrations, models

FORWARD = """
ALTER TABLE labeling_judgment ADD CONSTRAINT judgment_recording_of_its_project
  FOREIGN KEY (project_id, recording) REFERENCES prompts_attachment (project_id, sha256);
"""
BACKWARD = "ALTER TABLE labeling_judgment DROP CONSTRAINT judgment_recording_of_its_project;"


class Migration(migrations.Migration):
    dependencies = [("labeling", "0006_feedback"), ("prompts", "0003_attachments")]

    operations = [
        migrations.AddField(
            model_name="judgment",
            name="recording",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
