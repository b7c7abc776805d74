"""Values for the property tests."""

from hypothesis import strategies as st

from custody.log.canonical import MAX_INTEGER

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)

#: Facts and details.
facts = st.dictionaries(st.text("abc_", min_size=1, max_size=5), values, max_size=3)
