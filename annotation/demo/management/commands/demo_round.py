"""One whole round from a terminal, with progress and a table at the end."""

import json
import time

from django.core.management.base import BaseCommand, CommandError

from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.demo import presentation, rounds, services
from annotation.demo.evaluation import say_rate
from annotation.demo.options import METHODS


class Command(BaseCommand):
    help = (
        "Run one round of the demo: demonstrations, supervised tuning, candidates, simulated "
        "labelers, agreement, dataset, reward model, DPO or PPO, blind comparison, win rate. The "
        "workers of a running demo do the work; with --local this process does it, which needs "
        "a database only. Ctrl-C cancels the round."
    )

    def add_arguments(self, parser):
        parser.add_argument("--local", action="store_true", help="do the work here")
        parser.add_argument(
            "--method", choices=METHODS, default="dpo", help="how the policy is tuned (dpo)"
        )
        parser.add_argument(
            "--again",
            type=int,
            metavar="ROUND",
            help="tune once more from the policy, comparisons and reward model of that round",
        )
        parser.add_argument(
            "--options",
            default="{}",
            metavar="JSON",
            help='other sizes, such as {"prompts": 50, "sft": {"epochs": 1.0}}',
        )

    def handle(self, *args, local, method, again, options, **rest):
        try:
            chosen = json.loads(options)
        except ValueError as error:
            raise CommandError(f"--options is not JSON: {error}") from error
        if not isinstance(chosen, dict):
            raise CommandError('--options is an object, such as {"prompts": 50}.')
        wanted = {"method": method, "again": again, **chosen}
        try:
            found = rounds.start_round(project=services.seed(), options=wanted)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.say(f"Round {found.number} of {found.project}")
        try:
            self.follow(found, local)
        except KeyboardInterrupt:
            found.refresh_from_db()
            rounds.cancel_round(found=found)
            raise CommandError(f"Round {found.number} was cancelled.") from None
        self.report(found)
        if found.job.state != "done":
            cause = found.job.error or "somebody cancelled it"
            raise CommandError(f"The round ended as {found.job.state}: {cause}")

    def follow(self, found, local):
        """Say each stage as it ends, until the round is over."""
        self.told, self.note = set(), ""
        while True:
            if local:
                jobs.run(found.job_id)
            self.tell(found)
            if not found.job.is_active:
                return
            child = rounds.waiting_for(found) if local else None
            if child is not None and child.is_active:
                jobs.run(child.pk)  # what the train worker would do
            else:
                time.sleep(0.1 if local else 1.0)

    def tell(self, found):
        found.refresh_from_db()
        found.job.refresh_from_db()
        for number, stage in enumerate(rounds.stages_of(found)):
            if stage.state == "done" and number not in self.told:
                self.told.add(number)
                self.say(f"{stage.seconds:7.1f} s  {stage.title}: {stage.detail}")
            elif stage.state == "running" and self.progress(stage) != self.note:
                self.note = self.progress(stage)
                self.say(f"           {stage.title}: {self.note}")

    def progress(self, stage):
        if stage.job is None:
            return stage.detail or "at work"
        return f"{stage.job.state} {stage.job.progress_note}".strip()

    def report(self, found):
        result = found.result
        self.say(f"\nRound {found.number}: {found.job.state} after {found.job.seconds or 0:.0f} s")
        for stage in rounds.stages_of(found):
            seconds = "" if stage.seconds is None else f"{stage.seconds:.1f} s"
            self.say(f"  {stage.title:<22}{stage.state:<10}{seconds:>9}")
        if "win_rate" not in result:
            return
        self.say(f"\nWin rate by fresh labelers:     {say_rate(result['win_rate'])}")
        self.say(f"Win rate by the hidden quality: {say_rate(result['hidden_win_rate'])}")
        self.say(f"\n  {'':<32}{'before':>8}{'after':>8}")
        for name, before, after in presentation.figures(result):
            self.say(f"  {name:<32}{before:>8}{after:>8}")

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()
