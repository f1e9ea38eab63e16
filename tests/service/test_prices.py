"""`wannb.service.prices`: amounts of money, and prices that a person can replace."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wannb import Money
from wannb.service import prices


@pytest.mark.parametrize(
    ("amount", "currency", "long", "short"),
    [
        ("0.15", "USD", "0.15 USD", "$0.15"),
        ("0.0750", "USD", "0.075 USD", "$0.075"),
        (1, "CNY", "1.00 CNY", "¥1.00"),
        ("1E+3", "CNY", "1000.00 CNY", "¥1000.00"),
        ("2.5", "EUR", "2.50 EUR", "2.50 EUR"),
    ],
)
def test_money_has_its_currency_in_words_and_short_on_buttons(
    amount: float | str, currency: str, long: str, short: str
) -> None:
    money = Money(amount=amount, currency=currency)  # type: ignore[arg-type]
    assert (str(money), money.short) == (long, short)
    assert float(money) == float(amount)


def test_a_price_that_a_person_sets_is_used_and_keeps_its_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "_TABLE", dict(prices._TABLE))
    prices.set_price("wan2.7-image", "singapore", "0.05", "USD", as_of="2027-01-31")
    found = prices.price("wan2.7-image", "singapore")
    assert found
    assert (str(found.times(3)), found.as_of) == ("0.15 USD", "2027-01-31")
    assert prices.price("wan2.8", "singapore") is None, "unknown is not zero"


@pytest.mark.parametrize("budget", ["much", -1, "nan", float("inf")])
def test_a_budget_is_an_amount(budget: float | str) -> None:
    with pytest.raises(ValueError, match="not an amount of money"):
        prices.as_budget(budget, "singapore")
    assert prices.as_budget("2.50", "beijing") == Money(amount=Decimal("2.5"), currency="CNY")
