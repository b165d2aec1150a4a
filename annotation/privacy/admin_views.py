"""For site admins: who asked to be erased, what it would do, and doing it."""

from functools import reduce
from operator import or_

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.accounts.models import User
from annotation.accounts.recent import needs_recent_sign_in
from annotation.accounts.site_admins import site_admins_only
from annotation.core.errors import DomainError
from annotation.labeling.personal import judgment_counts
from annotation.privacy.closing import close_account, open_account
from annotation.privacy.erasing import erase_person, erasure_of, preview
from annotation.privacy.forms import ErasureForm, TextsForm
from annotation.privacy.models import Erasure
from annotation.privacy.provenance import Held
from annotation.privacy.requests import open_request_of, open_requests
from annotation.privacy.wording import lines

MOST = 50
NAMES = ("username", "email", "first_name", "last_name")


@require_safe
@site_admins_only
def list_people(request):
    query = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    people = User.objects.filter(kind=User.Kind.PERSON).order_by("username")
    people = people.annotate(is_erased=Exists(Erasure.objects.filter(user=OuterRef("pk"))))
    if query:
        named = [Q(**{f"{field}__icontains": query}) for field in NAMES]
        people = people.filter(reduce(or_, named))
    context = {"people": people[:MOST], "query": query, "requests": open_requests(), "most": MOST}
    return render(request, "privacy/people.html", context)


@require_POST
@site_admins_only
@needs_recent_sign_in
def change_account(request, user_id):
    """Close somebody's account, or open it again."""
    person = get_object_or_404(User, pk=user_id, kind=User.Kind.PERSON)
    closes = request.POST.get("do") == "close"
    try:
        (close_account if closes else open_account)(user=person, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        said = (
            _("The account of %(name)s is closed. Their sessions and tokens have ended.")
            if closes
            else _("The account of %(name)s is open again.")
        )
        messages.success(request, said % {"name": person.display_name})
    query = urlencode({"q": request.POST["q"]}) if request.POST.get("q") else ""
    return redirect(f"{reverse('privacy:list-people')}{query and '?'}{query}")


@require_http_methods(["GET", "HEAD", "POST"])
@site_admins_only
@needs_recent_sign_in
def erase(request, user_id):
    person = get_object_or_404(User, pk=user_id, kind=User.Kind.PERSON)
    if done := erasure_of(person):
        return _after(request, person, done)
    asked = open_request_of(person)
    wish = asked is not None and asked.removes_texts
    form = ErasureForm(request.POST or None, person=person, wishes_texts_removed=wish)
    if request.method == "POST" and form.is_valid():
        try:
            done = erase_person(
                user=person, actor=request.user, removes_texts=form.cleaned_data["removes_texts"]
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("Erased. The judgments are under %(name)s.") % {"name": done.pseudonym}
            )
            return redirect("privacy:list-people")
    return _show_preview(request, person, form, asked)


def _show_preview(request, person, form, asked):
    seen = preview(user=person, removes_texts=True)
    context = {
        "person": person,
        "form": form,
        "seen": seen,
        "goes": lines(seen.counts),
        "judgments": sorted(judgment_counts(person).items()),
        "asked": asked,
    }
    return render(request, "privacy/erase.html", context, status=422 if form.errors else 200)


def _after(request, person, done):
    """Who is erased already: what stayed may still go, under the same pseudonym."""
    if done.removes_texts:
        return _show_done(request, person, done)
    form = TextsForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            erase_person(user=person, actor=request.user, removes_texts=True)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The free texts are gone, too."))
            return redirect("privacy:erase-person", person.pk)
    return _show_done(request, person, done, form)


def _show_done(request, person, done, form=None):
    context = {
        "person": person,
        "form": form,
        "done": done,
        "judgments": sorted(judgment_counts(person).items()),
        "held": [Held(dataset, None) for dataset in done.dataset_rows()],
        "model_versions": done.model_version_rows(),
    }
    status = 422 if form and form.errors else 200
    return render(request, "privacy/erased.html", context, status=status)
