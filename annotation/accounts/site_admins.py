"""The pages of the site itself are its admins': to everybody else they are not there."""

from functools import wraps

from django.http import Http404
from django.utils.translation import gettext as _

from annotation.accounts.models import User
from annotation.core.errors import Conflict


def site_admins_only(view):
    """Over a view: 404 to whoever is no site admin, as for an address there is not."""

    @wraps(view)
    def checked(request, *args, **kwargs):
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    return checked


def hold_site_admins() -> set[int]:
    """Their rows, until the transaction ends, in one order: before the row of a single account."""
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    return set(admins.order_by("pk").values_list("pk", flat=True))


def keep_a_site_admin(*, without) -> None:
    """Refuse to take the last one away. Of two who close each other's account at once, the second
    one waits, counts and is refused."""
    if hold_site_admins() == {without.pk}:
        raise Conflict(_("This is the last admin of the site: make somebody else one first."))
