"""What an item is called where its labeler may read it."""

from django.utils.crypto import salted_hmac

from annotation.labeling.models import Assignment, Judgment


def name_of_item(asked: Assignment | Judgment) -> str:
    """The same item has the same name, and the name says nothing: ids in files may tell where an
    item comes from, and their order which ones are out of order. A repeat goes by a name of its
    own, or a program would know it again."""
    return item_name(asked.item_id, is_repeat=asked.is_repeat)


def item_name(item_id: int, *, is_repeat: bool) -> str:
    said = f"{item_id}/again" if is_repeat else str(item_id)
    return salted_hmac("labeling.item", said).hexdigest()[:16]
