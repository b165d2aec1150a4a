"""A generated column is empty in a row that is being changed: the comparison leaves it aside."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION concord_judgment_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  emptied text[] := ARRAY['rationale', 'highlights', 'recording', 'content_sha256' {0}];
BEGIN
  IF TG_OP = 'UPDATE' AND concord_is_erasing(OLD.labeler_id)
     AND to_jsonb(NEW) - emptied = to_jsonb(OLD) - emptied
     AND NEW.rationale IN ('', OLD.rationale)
     AND NEW.content_sha256 IN ('', OLD.content_sha256)
     AND (NEW.recording IS NULL OR NEW.recording = OLD.recording)
     AND jsonb_array_length(NEW.highlights) = jsonb_array_length(OLD.highlights) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_a_narrow_path"), ("labeling", "0018_repeats")]
    operations = [
        migrations.RunSQL(FUNCTION.replace("{0}", ", 'is_repeat'"), FUNCTION.replace("{0}", ""))
    ]
