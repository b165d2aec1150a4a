"""What Concord decides where django-allauth asks: nobody signs up, mail that cannot be sent breaks
no page, and single sign-on opens an account only where an address was proven on both sides."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.accounts import outgoing, services
from annotation.accounts.models import User
from annotation.accounts.notices import tell
from annotation.accounts.recent import signed_in_recently
from annotation.accounts.sign_in_events import count_refused, record_sign_in
from annotation.core import audit
from annotation.core.sealed import CannotOpen, seal, unseal

logger = logging.getLogger(__name__)

# One sentence for an unknown name, a wrong password and a closed account.
MISMATCH = _("Please enter a correct name and password. Both may be case-sensitive.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "too_many_login_attempts": _(
            "Too many attempts. Wait five minutes, then try again. Your account is not harmed."
        ),
        "rate_limited": _("Too many attempts. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request):
        return False

    def is_reauthentication_required(self, *, app, **kwargs):
        return not signed_in_recently(self.request)

    def authentication_failed(self, request, **credentials):
        # Without the name: people type passwords there.
        logger.warning("sign-in refused from %s", self.get_client_ip(request))
        count_refused()

    def login(self, request, user):
        super().login(request, user)
        logger.info("user %s signed in", user.pk)
        record_sign_in(user)

    def set_password(self, user, password):
        """Every other session of this person ends: whoever knew the old password is out."""
        super().set_password(user, password)
        services.end_sessions(user=user, but=self.request.session.session_key)
        audit.record("password.changed", actor=user, target=f"user:{user.pk}")
        tell(user, "password.changed")

    def confirm_email(self, request, email_address):
        """A proven address takes the place of every other one. The old one is told: whoever
        changed it from an open browser does not read mail that goes there."""
        with transaction.atomic():
            user = User.objects.select_for_update().get(pk=email_address.user_id)
            others = User.objects.filter(kind=User.Kind.PERSON).exclude(pk=user.pk)
            if others.filter(email__iexact=email_address.email).exists():
                template = "account/messages/email_confirmation_failed.txt"
                self.add_message(request, messages.ERROR, template)
                return False
            if not super().confirm_email(request, email_address):
                return False
            audit.record("email.changed", actor=user, target=f"user:{user.pk}")
            if user.email:
                tell(user, "email.changed", address=user.email)
        return True

    def format_email_subject(self, subject):
        return f"[Concord] {subject}"

    def send_mail(self, template_prefix, email, context):
        """A mail that cannot be sent is the operator's trouble: a page that failed only for
        addresses with an account would tell which those are."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:  # every smtplib error is one
            logger.exception("a mail of %s could not be sent", template_prefix)


# allauth does not say whose secret it is, so a row moved to another user would open.
SECOND_FACTOR = "mfa_authenticator.data"


class SecondFactorAdapter(DefaultMFAAdapter):
    def _get_site_name(self):
        return "Concord"

    def encrypt(self, text):
        """Secrets of one-time codes, and what recovery codes are made from."""
        return seal(text, place=SECOND_FACTOR)

    def decrypt(self, encrypted_text):
        try:
            return unseal(encrypted_text, place=SECOND_FACTOR)
        except CannotOpen:
            if ":" in encrypted_text:
                raise
            return encrypted_text  # kept before secrets were sealed: base32 has no colon

    def generate_authenticator_name(self, user, type):
        count = user.authenticator_set.filter(type=type).count()
        return gettext("Passkey %(number)d") % {"number": count + 1}


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request, sociallogin):
        return False

    @staticmethod
    def proven_addresses(sociallogin) -> list[str]:
        """Those of which the provider says that they are this person's."""
        return [a.email for a in sociallogin.email_addresses if a.verified is True]

    def authenticate_by_email(self, sociallogin):
        """The account of an address that the provider has proven, and so have we."""
        for email in self.proven_addresses(sociallogin):
            if user := _account_behind(email):
                return user, email
        return None

    def get_requests_session(self):
        return outgoing.session()

    def validate_disconnect(self, account, accounts):
        return None


def _account_behind(email: str) -> User | None:
    """Somebody who has proven this address, or was invited by it and never came. An address that
    is only written beside an account would hand that account to whoever wrote it there."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    owners = EmailAddress.objects.filter(email__iexact=email, verified=True)
    found = list(people.filter(pk__in=owners.values("user_id"))[:2])
    if not found:
        invited = people.filter(email__iexact=email, last_login=None)
        found = [user for user in invited[:2] if not user.has_usable_password()]
    if len(found) != 1:
        return None
    services.confirm_address(user=found[0], email=email)
    return found[0]
