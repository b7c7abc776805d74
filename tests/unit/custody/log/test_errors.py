from custody.log import errors


def test_the_docstring_is_the_message_and_the_detail_follows():
    assert str(errors.TileError()) == errors.TileError.__doc__
    assert str(errors.ProofError("too short")) == (
        "The proof does not lead to the signed root. (too short)"
    )


def test_everything_has_one_root():
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(kinds) > 5
    assert all(issubclass(kind, errors.LogError) for kind in kinds)
