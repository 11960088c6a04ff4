"""A08: payments are watched provider by provider over half an hour."""

from tests.stories.scenes import about, story
from watchkeeper.decide.values import State


def test_a08_fires_for_the_provider_that_fails_and_not_for_the_other():
    told = story("jamfind")
    for provider in ("stripe", "paystack"):
        told.traffic(payments={"provider": provider, "status": "ok", "duration": 1.0}, per_minute=10)
    told.at("12:05")
    told.traffic(payments={"provider": "stripe", "status": "failed", "duration": 1.0}, per_minute=2, minutes=10)
    assert told.at("12:08").alert("payment-errors", provider="stripe").state is State.INACTIVE  # 6 of 306

    told.at("12:50")

    stripe = "payment-errors[provider=stripe]"
    assert about(told, "]") == [f"12:08 P2 firing {stripe}", f"12:43 P2 resolved {stripe}"]
    assert told.alert("payment-errors", provider="paystack").state is State.INACTIVE
    assert told.manual.alerts["payment-errors"].runbook == "payment-webhook-retries"
