from django.db import migrations

FORWARD = """
CREATE TRIGGER judgment_append_only BEFORE UPDATE OR DELETE ON labeling_judgment
  FOR EACH ROW EXECUTE FUNCTION concord_refuse_change();

-- What a CHECK cannot say because it looks at another row, or inside an array.
CREATE FUNCTION concord_judgment_fits_item() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  n smallint;
  tiers int;
BEGIN
  SELECT response_count INTO n FROM labeling_item
   WHERE id = NEW.item_id AND project_id = NEW.project_id;
  IF n IS NULL OR cardinality(NEW.ranks) <> n THEN
    RAISE EXCEPTION 'judgment does not fit its item' USING ERRCODE = 'check_violation';
  END IF;
  SELECT count(DISTINCT tier) INTO tiers FROM unnest(NEW.ranks) AS tier WHERE tier IS NOT NULL;
  IF EXISTS (SELECT 1 FROM unnest(NEW.ranks) AS tier WHERE tier < 1 OR tier > tiers) THEN
    RAISE EXCEPTION 'tiers of a judgment have gaps' USING ERRCODE = 'check_violation';
  END IF;
  IF cardinality(NEW.strength) NOT IN (0, greatest(tiers - 1, 0)) THEN
    RAISE EXCEPTION 'strength of a judgment is not between its tiers'
      USING ERRCODE = 'check_violation';
  END IF;
  IF cardinality(NEW."order") > 0 AND
     (SELECT array_agg(position ORDER BY position) FROM unnest(NEW."order") AS position)
       <> (SELECT array_agg(position::smallint ORDER BY position) FROM generate_series(1, n) AS position) THEN
    RAISE EXCEPTION 'order of a judgment is no permutation' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER judgment_fits_item BEFORE INSERT ON labeling_judgment
  FOR EACH ROW EXECUTE FUNCTION concord_judgment_fits_item();
"""
BACKWARD = """
DROP TRIGGER judgment_fits_item ON labeling_judgment;
DROP FUNCTION concord_judgment_fits_item();
DROP TRIGGER judgment_append_only ON labeling_judgment;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0001_initial"),
        ("core", "0002_append_only_events"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
