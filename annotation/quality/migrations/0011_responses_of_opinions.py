"""An opinion names its two responses, no longer their positions.

An item that a judge was asked about has kept its places so far, so the positions say which
responses they were. Back again they are positions as they are then: what was said of responses
that have left their items cannot be told by positions, and goes.
"""

import django.db.models.deletion
from django.db import migrations, models

# A place that nothing stands in cannot be: should there be one, nobody can tell what was meant.
FILL = """
UPDATE quality_opinion said
   SET first_response_id = one.response_id, second_response_id = other.response_id
  FROM labeling_itemresponse one, labeling_itemresponse other
 WHERE one.item_id = said.item_id AND one.position = said."first"
   AND other.item_id = said.item_id AND other.position = said."second";
DELETE FROM quality_opinion WHERE first_response_id IS NULL;
"""
BACK = """
UPDATE quality_opinion said SET "first" = one.position, "second" = other.position
  FROM labeling_itemresponse one, labeling_itemresponse other
 WHERE one.item_id = said.item_id AND one.response_id = said.first_response_id
   AND other.item_id = said.item_id AND other.response_id = said.second_response_id;
DELETE FROM quality_opinion WHERE "first" IS NULL;
"""


def response(**more):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="prompts.response",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0026_removed_places"),
        ("prompts", "0003_attachments"),
        ("quality", "0010_judge_findings"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="opinion", name="opinion_answered_once"),
        migrations.RemoveConstraint(model_name="opinion", name="opinion_of_two"),
        migrations.RemoveConstraint(model_name="opinion", name="opinion_1_to_9"),
        # Without a value for a moment, in either direction.
        migrations.AlterField(
            model_name="opinion",
            name="first",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="opinion",
            name="second",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="opinion", name="first_response", field=response(null=True)
        ),
        migrations.AddField(
            model_name="opinion", name="second_response", field=response(null=True)
        ),
        migrations.RunSQL(FILL, BACK),
        migrations.AlterField(model_name="opinion", name="first_response", field=response()),
        migrations.AlterField(model_name="opinion", name="second_response", field=response()),
        migrations.RemoveField(model_name="opinion", name="first"),
        migrations.RemoveField(model_name="opinion", name="second"),
        migrations.AddConstraint(
            model_name="opinion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("fault", "")),
                fields=("run", "item", "first_response", "second_response"),
                name="opinion_answered_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="opinion",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_response", models.F("second_response")), _negated=True),
                name="opinion_of_two",
            ),
        ),
    ]
