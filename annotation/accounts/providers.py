"""The providers of single sign-on, for the pages that offer them."""

from allauth.socialaccount.adapter import get_adapter


def sign_on_links(request) -> list[tuple[str, str]]:
    """[(name, address)]: a form is posted there, so that no link from elsewhere signs one in."""
    providers = get_adapter().list_providers(request)
    return [(provider.name, provider.get_login_url(request)) for provider in providers]
