import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="reward",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pleased_by",
                to="runs.modelversion",
            ),
        ),
        migrations.AlterField(
            model_name="trainingrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sft", "Supervised fine-tuning"),
                    ("reward", "Reward model"),
                    ("dpo", "DPO"),
                    ("rl", "Reinforcement learning"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="trainingrun",
            constraint=models.CheckConstraint(
                condition=models.Q(kind="rl", reward__isnull=False)
                | (~models.Q(kind="rl") & models.Q(reward=None)),
                name="run_rl_has_its_reward",
            ),
        ),
    ]
