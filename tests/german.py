"""A page as somebody sees it whose language is German."""

from django.utils import translation


def get_in_german(client, url, **headers):
    with translation.override("de"):
        return client.get(url, headers={"Accept-Language": "de", **headers})
