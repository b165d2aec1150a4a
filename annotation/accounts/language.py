"""The language a page is written in: the person's own choice before the browser's."""

from django.conf import settings
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from annotation.accounts.preferences import preferences_of


class PersonsLanguageMiddleware(MiddlewareMixin):
    """After Django's own, which knows the cookie and the browser, and after the sign-in."""

    def process_request(self, request):
        # What a program is answered is compared and looked up: one wording for all.
        is_program = request.path_info.startswith("/api/")
        language = settings.LANGUAGE_CODE if is_program else preferences_of(request.user).language
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
