from django.db import migrations

FORWARD = """
CREATE FUNCTION concord_published_rubric_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.published_at IS NOT NULL THEN
    RAISE EXCEPTION 'a published rubric never changes' USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER published_rubric_stays BEFORE UPDATE OR DELETE ON projects_rubricversion
  FOR EACH ROW EXECUTE FUNCTION concord_published_rubric_stays();

-- Nor does it gain or lose a criterion, or one of them changes its version.
CREATE FUNCTION concord_published_criteria_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM projects_rubricversion
              WHERE published_at IS NOT NULL
                AND (TG_OP <> 'INSERT' AND id = OLD.rubric_version_id
                     OR TG_OP <> 'DELETE' AND id = NEW.rubric_version_id)) THEN
    RAISE EXCEPTION 'the criteria of a published rubric never change'
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER published_criteria_stay BEFORE INSERT OR UPDATE OR DELETE ON projects_criterion
  FOR EACH ROW EXECUTE FUNCTION concord_published_criteria_stay();

CREATE FUNCTION concord_published_examples_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM projects_criterion c
               JOIN projects_rubricversion v ON v.id = c.rubric_version_id
              WHERE v.published_at IS NOT NULL
                AND (TG_OP <> 'INSERT' AND c.id = OLD.criterion_id
                     OR TG_OP <> 'DELETE' AND c.id = NEW.criterion_id)) THEN
    RAISE EXCEPTION 'the examples of a published rubric never change'
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER published_examples_stay BEFORE INSERT OR UPDATE OR DELETE ON projects_rubricexample
  FOR EACH ROW EXECUTE FUNCTION concord_published_examples_stay();
"""
BACKWARD = """
DROP TRIGGER published_examples_stay ON projects_rubricexample;
DROP TRIGGER published_criteria_stay ON projects_criterion;
DROP TRIGGER published_rubric_stays ON projects_rubricversion;
DROP FUNCTION concord_published_examples_stay();
DROP FUNCTION concord_published_criteria_stay();
DROP FUNCTION concord_published_rubric_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_rubrics")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
