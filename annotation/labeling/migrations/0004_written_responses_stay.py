from django.db import migrations

FORWARD = """
CREATE TRIGGER written_response_append_only BEFORE UPDATE OR DELETE ON labeling_writtenresponse
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
"""
BACKWARD = "DROP TRIGGER written_response_append_only ON labeling_writtenresponse;"


class Migration(migrations.Migration):
    dependencies = [("labeling", "0003_desk")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
