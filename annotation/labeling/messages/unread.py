"""What waits to be read by one person: for the pages around the desk, never for the desk."""

from dataclasses import dataclass

from annotation.core.markup import render_untrusted
from annotation.labeling.feedback import waiting_count
from annotation.labeling.messages.services import announcements_for, own_questions
from annotation.labeling.models import Announcement, AnnouncementRead


@dataclass(frozen=True)
class Unread:
    feedback_count: int
    answer_count: int

    @property
    def count(self) -> int:
        return self.feedback_count + self.answer_count


def unread_by(user) -> Unread:
    return Unread(waiting_count(user), own_questions(user).unread().count())


def told_at_home(user) -> list[dict]:
    """Announcements above the queue: what this person has not read, and what is pinned."""
    told = list(announcements_for(user).order_by("-is_pinned", "-pk")[:50])
    mine = AnnouncementRead.objects.filter(user=user, announcement__in=told)
    read = set(mine.values_list("announcement", flat=True))
    return [
        shown(one, is_read=one.pk in read) for one in told if one.is_pinned or one.pk not in read
    ]


def shown(announcement: Announcement, *, is_read: bool = False) -> dict:
    """An announcement with its text as HTML."""
    return {
        "announcement": announcement,
        "html": render_untrusted(announcement.text),
        "is_read": is_read,
    }
