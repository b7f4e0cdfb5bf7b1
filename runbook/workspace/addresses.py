"""Whether a text is an e-mail address that a message can be sent to."""

_RESERVED = frozenset({"test", "invalid", "localhost", "local"})


class NotAnAddress(ValueError):
    """The text is not an e-mail address. Its message is one sentence that says why."""


def checked_address(text: str) -> str:
    """Return the address as it goes into an envelope: the domain in lower case ASCII, the local part as written.

    Syntax alone: no question is asked of any server. Domains set aside for tests and examples (RFC 2606, RFC 6761) are
    accepted: rehearsals use them. Raises `NotAnAddress`; also for a local part that is not ASCII, which only servers
    with SMTPUTF8 (RFC 6531) take.
    """
    # Imported here: a command that reads no list need not wait for it.
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - the line above says why

    # The library refuses reserved names whatever it is told; below a name that it takes, they are checked like others.
    reserved = text.rpartition("@")[2].rpartition(".")[2].lower() in _RESERVED
    suffix = ".example" if reserved else ""
    try:
        checked = validate_email(text + suffix, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise NotAnAddress(str(error)) from error
    return (checked.ascii_email or checked.normalized).removesuffix(suffix)
