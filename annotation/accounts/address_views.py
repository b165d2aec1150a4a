"""Changing one's e-mail address: the new one counts once a link in a mail to it was followed, and
the old one is told (`adapters.py`). django-allauth's flows; its own page also writes when read."""

from allauth.account.forms import AddEmailForm
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.flows.manage_email import add_email
from allauth.account.models import EmailAddress
from allauth.account.views import ConfirmEmailView
from allauth.decorators import rate_limit
from django.contrib import messages
from django.core.validators import MaxLengthValidator
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django.views.generic import FormView

LONGEST = 254


class NewAddressForm(AddEmailForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.label = gettext_lazy("New e-mail address")
        email.widget.attrs = {"autocomplete": "email", "maxlength": LONGEST}
        email.validators.append(MaxLengthValidator(LONGEST))  # which the column holds


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
@method_decorator(rate_limit(action="manage_email"), name="dispatch")
class ChangeAddress(FormView):
    """What it is, what it is about to be, and a form for another one."""

    template_name = "account/email_change.html"
    form_class = NewAddressForm
    success_url = reverse_lazy("account_email_verification_sent")

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_context_data(self, **kwargs):
        waiting = EmailAddress.objects.get_new(self.request.user)
        return super().get_context_data(**kwargs) | {"waiting": waiting}

    def post(self, request, *args, **kwargs):
        waiting = EmailAddress.objects.get_new(request.user)
        if "again" in request.POST and waiting:
            return self._send_again(waiting)
        if "forget" in request.POST and waiting:
            waiting.delete()
            messages.success(request, _("Your address stays as it is."))
            return redirect("account_email")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        add_email(self.request, form)
        return super().form_valid(form)

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _send_again(self, waiting: EmailAddress):
        if send_verification_email_to_address(self.request, waiting):
            return redirect(self.success_url)
        messages.error(self.request, _("A mail left a moment ago. Wait three minutes."))
        return redirect("account_email")


class ConfirmAddress(ConfirmEmailView):
    """The link of the mail: a page with a button, for programs that read mail open links, too."""

    def logout_other_user(self, confirmation):
        """Nobody is signed out by a link that somebody sent them."""
