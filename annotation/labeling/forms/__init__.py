"""What the judging page's form says, as a verdict. The names in the form go by the letters that
are shown (`rank_a`), never by the item's own order: that could tell who wrote what.

    rank_<letter>  strength_<step>  preference  rating_<criterion>_<letter>  flag_<key>_<letter>
    highlights (JSON)  edit_<letter>  demonstration  confidence  rationale  recording
    quote_<letter>  quote_label_<letter>  quote_note_<letter>: a mark by its words, see quoted.py
    open: what a button of a page without script asks for, see writing.py
    on  seconds  rubric  key  token
"""

from annotation.labeling.forms.judgment import JudgmentForm, entered_in
from annotation.labeling.forms.problem import Problem

__all__ = ["JudgmentForm", "Problem", "entered_in"]
