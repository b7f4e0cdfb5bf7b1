"""No message of an exercise can be taken for a real one, and what is measured is the real one."""

from hypothesis import given
from hypothesis import strategies as st

from runbook.model.exercise_mark import MARK, marked, unmarked
from runbook.model.message import Draft, Form, Part

TEXT = st.text(max_size=60).filter(lambda text: MARK not in text)


@given(
    parts=st.dictionaries(
        st.sampled_from(["subject", "title", "body", "text", "page"]), st.builds(Part, text=TEXT, html=st.booleans())
    )
)
def test_taking_the_mark_off_gives_back_every_byte_and_marking_twice_is_marking_once(parts):
    draft = Draft(form=Form.EMAIL, parts=parts)
    once = marked(draft)
    assert marked(once) == once
    assert unmarked(once) == draft
    assert unmarked(draft) == draft
    assert all(part.text.startswith((MARK, f"<p><strong>{MARK}")) for part in once.parts.values())


def test_a_text_begins_and_ends_with_the_mark_and_a_subject_begins_with_it():
    parts = {
        "subject": Part(text="Out"),
        "body": Part(text="It is out."),
        "page": Part(text="<p>Out</p>", html=True),
    }
    draft = marked(Draft(form=Form.EMAIL, parts=parts))
    assert draft.text("subject") == f"{MARK}: Out"
    assert draft.text("body") == f"{MARK}\nIt is out.\n{MARK}"
    assert draft.text("page").endswith(f"<p><strong>{MARK}</strong></p>")
