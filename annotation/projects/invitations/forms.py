"""Whom to invite, and the account of somebody who accepts."""

from django import forms
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.password_validation import validate_password
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from annotation.accounts.models import User
from annotation.core.errors import DomainError
from annotation.projects.invitations.addresses import HANDLE, Listed, listed, text_of
from annotation.projects.models import Membership

USERNAME = User._meta.get_field("username")


class InviteForm(forms.Form):
    """A list of people. `found` once it is valid; it may hold problems."""

    people = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("E-mail addresses"),
        help_text=gettext_lazy(
            "One a line, or the lines of a CSV file. Its first line names the columns: email, and "
            "if you like role, handle and pool."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(
        required=False,
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("Instead of pasting it above. At most 500 people at once."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    role = forms.ChoiceField(
        choices=Membership.Role,
        initial=Membership.Role.LABELER,
        label=gettext_lazy("Role"),
        help_text=gettext_lazy("For everybody whose line names none."),
    )
    take_good = forms.BooleanField(
        required=False, label=gettext_lazy("Leave these out and invite the others")
    )

    # A pasted file may have what no text field should: the list itself says in which line.
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["people"].validators = []
        self.found: Listed | None = None
        self.text = ""

    def clean(self):
        upload = self.cleaned_data.get("file")
        try:
            self.text = text_of(upload.read()) if upload else self.cleaned_data.get("people", "")
            self.found = listed(self.text)
        except DomainError as error:
            self.add_error("file" if upload else "people", str(error))
        return self.cleaned_data


class LinkForm(forms.Form):
    """An invitation that somebody hands over themselves."""

    link_role = forms.ChoiceField(
        choices=Membership.Role, initial=Membership.Role.LABELER, label=gettext_lazy("Role")
    )
    handle = forms.CharField(
        required=False,
        max_length=150,
        label=gettext_lazy("Handle"),
        help_text=gettext_lazy("What exports call this person. Without one: their user name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_handle(self):
        handle = self.cleaned_data["handle"]
        if handle and not HANDLE.fullmatch(handle):
            raise forms.ValidationError(
                gettext(
                    "The handle must begin with a letter or digit and have up to 150 characters."
                )
            )
        return handle


class InvitationForm(forms.Form):
    """What is to become of an invitation."""

    class Do(models.TextChoices):
        RESEND = "resend"
        LINK = "link"
        REVOKE = "revoke"

    do = forms.ChoiceField(choices=Do)


class NewAccountForm(forms.Form):
    """The account of somebody who comes by an invitation."""

    username = UsernameField(
        max_length=USERNAME.max_length,
        validators=USERNAME.validators,
        label=gettext_lazy("User name"),
        help_text=gettext_lazy("Letters, digits, and . + - _ Others in the project may see it."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        strip=False,
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least ten characters; a few words are easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        strip=False,
        label=gettext_lazy("The password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self):
        username = self.cleaned_data["username"]
        if "@" in username:  # it would stand before somebody's address at the sign-in
            raise forms.ValidationError(gettext("A user name has no @ in it."))
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(gettext("This user name is taken. Choose another one."))
        return username

    def clean(self):
        data = self.cleaned_data
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", gettext("The two passwords differ."))
        if password:
            try:
                validate_password(password, User(username=data.get("username", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
