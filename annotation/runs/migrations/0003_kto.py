from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_reinforcement")]

    operations = [
        migrations.AlterField(
            model_name="trainingrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sft", "Supervised fine-tuning"),
                    ("reward", "Reward model"),
                    ("dpo", "DPO"),
                    ("kto", "KTO"),
                    ("rl", "Reinforcement learning"),
                ],
                max_length=10,
            ),
        ),
    ]
