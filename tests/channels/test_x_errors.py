"""X: every error of its libraries, and what may be set."""

import pytest
import requests
import tweepy.errors
from pydantic import ValidationError

from runbook.channels import x
from runbook.channels.x_session import Refused
from support import channel_rigs
from support.certificates import authority


@pytest.fixture
def rig(tmp_path):
    with channel_rigs.x(tmp_path, authority()) as made:
        yield made


def errors_of(module, base):
    return sorted(
        (e for e in vars(module).values() if isinstance(e, type) and issubclass(e, base)), key=lambda e: e.__name__
    )


def made(error):
    if issubclass(error, tweepy.errors.HTTPException):
        response = requests.Response()
        response.status_code, response.reason = 418, "I'm a teapot"
        return error(response)
    if issubclass(error, requests.exceptions.JSONDecodeError):
        return error("no JSON", "", 0)
    return error("it failed")


class Failing:
    def __init__(self, error):
        self.error = error

    def get_me(self, **_):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        *errors_of(tweepy.errors, tweepy.errors.TweepyException),
        *errors_of(requests.exceptions, requests.RequestException),
        AttributeError,
        ValueError,
    ],
)
def test_every_error_of_the_libraries_is_translated(rig, error):
    with rig.channel._live._api() as api:
        session = api._client.session
        api._client = Failing(made(error))
        with pytest.raises(Refused) as refused:
            api.me()
        assert refused.value.message
        assert refused.value.remedy
        sure = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)
        assert refused.value.certain is issubclass(error, sure)
        session.close()
        api._client = type("Closed", (), {"session": session})()


# settings


@pytest.mark.parametrize(
    "changed",
    [
        {"account": "ofqual"},
        {"consumer_key": "AbC123secret"},
        {"base_url": "http://api.example.org"},
        {"base_url": "ftp://127.0.0.1"},
        {"timeout": {"connect": 0, "read": 1}},
        {"tiemout": {}},
    ],
)
def test_settings_that_are_not_right_are_refused(rig, changed):
    with pytest.raises(ValidationError) as refused:
        x.Settings.model_validate({**rig.server.settings, **changed})
    assert "AbC123secret" not in "".join(error["msg"] for error in refused.value.errors())


def test_the_address_is_that_of_x_unless_set(rig):
    table = {name: value for name, value in rig.server.settings.items() if name != "base_url"}
    assert x.Settings.model_validate(table).base_url == "https://api.twitter.com"
    assert (
        x.Settings.model_validate({**table, "base_url": "http://127.0.0.1:8000/"}).base_url == "http://127.0.0.1:8000"
    )
