"""Append-only has one exception: while the transaction that wrote a person's erasure lasts, the
texts of that person's judgments and events may be emptied. Nothing else of them, by nobody else."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION concord_is_erasing(person bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM privacy_erasure
   WHERE user_id = person AND transaction_id = pg_current_xact_id()::text::bigint)
$$;

CREATE FUNCTION concord_judgment_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  emptied text[] := ARRAY['rationale', 'highlights', 'recording', 'content_sha256'];
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
DROP TRIGGER judgment_append_only ON labeling_judgment;
CREATE TRIGGER judgment_append_only BEFORE UPDATE OR DELETE ON labeling_judgment
  FOR EACH ROW EXECUTE FUNCTION concord_judgment_append_only();

CREATE FUNCTION concord_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'payload' = to_jsonb(OLD) - 'payload'
     AND (concord_is_erasing(OLD.actor_id)
          OR OLD.target ~ '^user:[0-9]{1,18}$'
             AND concord_is_erasing(substr(OLD.target, 6)::bigint)) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER event_append_only ON core_event;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON core_event
  FOR EACH ROW EXECUTE FUNCTION concord_event_append_only();

CREATE FUNCTION concord_stage_change_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason'
     AND NEW.reason = '[removed]'
     AND (concord_is_erasing(OLD.changed_by_id) OR concord_is_erasing(
          (SELECT user_id FROM projects_membership WHERE id = OLD.membership_id))) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER stage_change_append_only ON labeling_stagechange;
CREATE TRIGGER stage_change_append_only BEFORE UPDATE OR DELETE ON labeling_stagechange
  FOR EACH ROW EXECUTE FUNCTION concord_stage_change_append_only();

CREATE FUNCTION concord_adjudication_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason'
     AND NEW.reason = '[removed]'
     AND (concord_is_erasing(OLD.reviewer_id) OR concord_is_erasing(
          (SELECT labeler_id FROM labeling_judgment WHERE id = OLD.returned_id))) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER adjudication_append_only ON labeling_adjudication;
CREATE TRIGGER adjudication_append_only BEFORE UPDATE OR DELETE ON labeling_adjudication
  FOR EACH ROW EXECUTE FUNCTION concord_adjudication_append_only();

CREATE TRIGGER erasure_append_only BEFORE UPDATE OR DELETE ON privacy_erasure
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
"""
BACKWARD = """
DROP TRIGGER erasure_append_only ON privacy_erasure;
DROP TRIGGER adjudication_append_only ON labeling_adjudication;
CREATE TRIGGER adjudication_append_only BEFORE UPDATE OR DELETE ON labeling_adjudication
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
DROP TRIGGER stage_change_append_only ON labeling_stagechange;
CREATE TRIGGER stage_change_append_only BEFORE UPDATE OR DELETE ON labeling_stagechange
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
DROP TRIGGER event_append_only ON core_event;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON core_event
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
DROP TRIGGER judgment_append_only ON labeling_judgment;
CREATE TRIGGER judgment_append_only BEFORE UPDATE OR DELETE ON labeling_judgment
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();
DROP FUNCTION concord_adjudication_append_only();
DROP FUNCTION concord_stage_change_append_only();
DROP FUNCTION concord_event_append_only();
DROP FUNCTION concord_judgment_append_only();
DROP FUNCTION concord_is_erasing(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0001_initial"),
        ("core", "0002_append_only_events"),
        ("labeling", "0014_review"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
