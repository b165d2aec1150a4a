"""One line of each format, to copy. The tests import them."""

from django.utils.translation import gettext_lazy as _

EXAMPLES = [
    (
        _("An item"),
        "items",
        '{"id": "x1", "prompt": "Name a prime above 10.", "responses": ['
        '{"id": "a", "text": "11", "generator": "llama-7b"}, '
        '{"id": "b", "text": "12 is a prime.", "generator": "llama-13b"}]}',
    ),
    (
        _("An item with a picture"),
        "items",
        '{"id": "x2", "prompt": [{"role": "user", "content": "What is on it?", "attachments": ['
        '{"file": "cat.png", "transcript": "A red cat."}]}], "responses": ['
        '{"id": "a", "text": "A cat."}, {"id": "b", "text": "A dog."}]}',
    ),
    (
        _("A preference"),
        "items",
        '{"prompt": "Name a prime above 10.", "chosen": "11", "rejected": "12 is a prime."}',
    ),
    (
        _("An HH transcript"),
        "items",
        '{"chosen": "\\n\\nHuman: Name a prime.\\n\\nAssistant: 11", '
        '"rejected": "\\n\\nHuman: Name a prime.\\n\\nAssistant: 12"}',
    ),
    (
        _("A judgment"),
        "judgments",
        '{"item": "x1", "labeler": "w1", "ranking": [["a"], ["b"]], "strength": [2], '
        '"rationale": "12 is even."}',
    ),
    (
        _("An answer on a scale"),
        "judgments",
        '{"item": "x1", "labeler": "w2", "scale": 7, "preference": -2, "confidence": 4}',
    ),
]
