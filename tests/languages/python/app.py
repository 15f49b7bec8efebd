"""The common workload of the benchmark as a policy in Python.

Supply is denied to a customer that is formed or headquartered in a restricted place, or of which owners from there hold
more than half; processors take a licence from more than a quarter on. It keeps to what is stated exactly, and refuses the
rest. With the parameter `misbehave` it does what a policy must not, as the category of the service says; what becomes of
that is for tests/languages.rs.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.types import (
    Element_Interest,
    Element_Item,
    Element_Party,
    Finding,
    InterestedParty_Known,
    LicensingPolicy,
    Outcome,
    Place,
    Refusal_Unsupported,
)

# Percents are whole numbers of these. No float decides.
DIGITS = 18


def percent(text):
    """Returns a percentage that is written as a decimal."""
    whole, _, rest = text.partition(".")
    return int(whole + rest.ljust(DIGITS, "0"))


def exactly(share):
    """Returns a share that is stated, and not as a band."""
    if share is None or share.minimum != share.maximum:
        raise unsupported("a share is not stated exactly")
    value = share.minimum.value
    return value.coefficient * 10 ** (value.exponent + DIGITS)


def unsupported(why):
    return Err(Refusal_Unsupported(why))


def finding(code, outcome, evidence, rule="supply"):
    licensing = LicensingPolicy.CASE_BY_CASE if outcome == Outcome.LICENCE_REQUIRED else None
    return Finding(rule, code, outcome, outcome, licensing, [], evidence, [], [], [])


class Policy(exports.Policy):
    """What was configured is kept by the class: every call gets an object of its own."""

    def configure(self, parameters):
        given = json.loads(parameters)
        Policy.restricted = frozenset(given["restricted"])
        Policy.denied = percent(given["denied"])
        Policy.licensed = percent(given["licensed"])
        Policy.misbehave = given["misbehave"]

    def evaluate(self, request):
        if self.misbehave:
            wrong = misbehave(request.resource.category)
            if wrong:
                return wrong
        customer = next((one.party for one in request.participants if one.role == "endUser"), None)
        if customer is None:
            raise unsupported("there is no end user")
        party = request.parties[customer]
        seats = [
            (party.jurisdiction, Place(Element_Party(customer), "jurisdiction")),
            (party.headquarters, Place(Element_Party(customer), "headquarters")),
        ]
        for place, stated in seats:
            if place in self.restricted:
                return [finding("place", Outcome.DENY, [stated])]
        if any(place is None for place, _ in seats):
            raise unsupported("a place of the customer is not stated")
        owned, interests = self.owned(request, customer)
        if owned > self.denied:
            return [finding("owned", Outcome.DENY, interests)]
        if owned > self.licensed and request.resource.category == "gpu-cloud":
            category = Place(Element_Item(), "category")
            return [finding("licence", Outcome.LICENCE_REQUIRED, [*interests, category])]
        return [finding("clear", Outcome.PERMIT, [stated for _, stated in seats])]

    def owned(self, request, customer):
        """Returns how much owners from restricted places hold, and by which interests."""
        total, interests = 0, []
        for number, relationship in enumerate(request.relationships or []):
            if relationship.subject != customer:
                continue
            owner = relationship.interested_party
            if not isinstance(owner, InterestedParty_Known):
                raise unsupported("an owner is not known")
            if request.parties[owner.value].jurisdiction not in self.restricted:
                continue
            for index, interest in enumerate(relationship.interests or []):
                total += exactly(interest.share)
                interests.append(Place(Element_Interest((number, index)), ""))
        return total, interests


def misbehave(how):
    """Does what a policy must not do."""
    if how == "loop":
        while True:
            pass
    if how == "grow":
        kept = []
        while True:
            kept.append(bytearray(1 << 20))
    if how == "recurse":
        deeper(0)
    if how == "lie":
        return [finding("clear", Outcome.PERMIT, [], rule="another")]
    if how == "refuse":
        raise unsupported("it was told to refuse")
    return None


def deeper(depth):
    return deeper(depth + 1) + 1
