from django.db import migrations

FORWARD = """
CREATE TRIGGER stage_change_append_only BEFORE UPDATE OR DELETE ON labeling_stagechange
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
"""
BACKWARD = "DROP TRIGGER stage_change_append_only ON labeling_stagechange;"


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0012_ladder"),
        ("core", "0002_append_only_events"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
