"""Price table, with dates, and amounts of money. A price that is not in the table is unknown, never zero.

Prices are per image that came back, the same for every size and mode; failed calls and input images are free
(documented).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from wannb.request import PRO, STANDARD
from wannb.translation import say

from .keys import environment

_SYMBOLS = {"USD": "$", "CNY": "¥"}


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in a currency.

    >>> str(Money(amount=Decimal("0.150"), currency="USD"))
    '0.15 USD'
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", Decimal(str(self.amount)))

    def __str__(self) -> str:
        return f"{self._digits} {self.currency}"

    @property
    def short(self) -> str:
        """The amount with the currency's sign, for buttons.

        >>> Money(amount=Decimal("0.150"), currency="USD").short, Money(amount=Decimal(1), currency="CNY").short
        ('$0.15', '¥1.00')
        """
        return f"{_SYMBOLS[self.currency]}{self._digits}" if self.currency in _SYMBOLS else str(self)

    @property
    def _digits(self) -> str:
        whole, _, part = f"{self.amount.normalize():f}".partition(".")
        return f"{whole}.{part:0<2}"

    def __float__(self) -> float:
        return float(self.amount)


@dataclass(frozen=True, kw_only=True)
class Price:
    """Price of one image: `amount` in `currency`, as read on the day `as_of` (YYYY-MM-DD)."""

    amount: Decimal
    currency: str
    as_of: str

    def times(self, images: int) -> Money:
        """Return the price of several images."""
        return Money(amount=self.amount * images, currency=self.currency)


#: As read on the page "Model pricing" of Model Studio.
_TABLE = {
    (PRO, "singapore"): Price(amount=Decimal("0.075"), currency="USD", as_of="2026-09-16"),
    (STANDARD, "singapore"): Price(amount=Decimal("0.03"), currency="USD", as_of="2026-09-16"),
    (PRO, "beijing"): Price(amount=Decimal("0.50"), currency="CNY", as_of="2026-09-16"),
    (STANDARD, "beijing"): Price(amount=Decimal("0.20"), currency="CNY", as_of="2026-09-16"),
}


def price(model: str, region: str) -> Price | None:
    """Return the price of one image, None where it is unknown.

    >>> price("wan2.7-image", "singapore").times(4)
    Money(amount=Decimal('0.12'), currency='USD')
    """
    return _TABLE.get((str(model), region))


def set_price(model: str, region: str, amount: float | str | Decimal, currency: str, *, as_of: str) -> None:
    """Replace a price for this session, such as after a change of the vendor's price list.

    Raises:
        ValueError: an unknown model or region, an amount below zero, or a day not written YYYY-MM-DD.

    >>> set_price("wan2.7-image-pro", "singapore", "0.075", "USD", as_of="2026-09-16")
    """
    if (model, region) not in _TABLE:
        known = ", ".join(f"{name} in {place}" for name, place in _TABLE)
        raise ValueError(
            say(
                "there is no {model} in {region}; there are {known}",
                model=repr(model),
                region=repr(region),
                known=known,
            )
        )
    value = _amount(amount)
    if value is None:
        raise ValueError(say("amount={amount} is not a price; write it like 0.075", amount=repr(amount)))
    date.fromisoformat(as_of)
    _TABLE[model, region] = Price(amount=value, currency=currency, as_of=as_of)


def as_budget(budget: float | str | Decimal | Money | None, region: str) -> Money | None:
    """Return a limit, or that of `WANNB_BUDGET`, as money of a region's currency; `ValueError` if it is no amount."""
    name = "budget" if budget is not None else "WANNB_BUDGET"
    budget = environment(name) if budget is None else budget
    if budget is None or isinstance(budget, Money):
        return budget
    amount = _amount(budget)
    if amount is None:
        wrong = repr(budget)
        raise ValueError(say("{name}={budget} is not an amount of money; write it like 2.50", name=name, budget=wrong))
    known = price(PRO, region)
    return Money(amount=amount, currency=known.currency if known else "USD")


def _amount(written: float | str | Decimal) -> Decimal | None:
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
