//! Whose product it is: of a producer on the list, of one called alike or consolidated by such, or with their components.

use crate::Terms;
use lexgate_sdk::{Amount, Answer, Condition, Decimal, Finding, Interval, Match, Names, Party, Request};
use lexgate_sdk::{Truth, Weighed};

/// How a product is tied to the producers on the list.
pub(crate) struct Product<'l, 'a> {
    terms: Terms,
    producer: Option<Party<'a>>,
    /// The listed name that the producer's is nearest to.
    nearest: Option<Match<'l, 'a>>,
    /// Whether the producer is on the list.
    listed: Condition<'a>,
    /// Whether it is called alike.
    alike: Condition<'a>,
    /// Whether its ultimate parent, or the maker of a component, may be on the list.
    wider: Condition<'a>,
}

impl<'l, 'a> Product<'l, 'a> {
    pub(crate) fn new(request: Request<'a>, names: &'l Names, terms: Terms) -> Product<'l, 'a> {
        let (producer, components) = (request.resource().producer(), request.resource().components());
        let perhaps = |party| names.perhaps(party, terms.alike);
        let of_parent = |party| Condition::of_parents(party, perhaps);
        let of_producer = |test: &dyn Fn(Party<'a>) -> Condition<'a>| match producer.value() {
            Some(party) => test(party).shown_by(producer.evidence()),
            None => Condition::unknown(producer.gap("who makes it")),
        };
        let component = match components.value() {
            Some(makers) => {
                let makers = makers.iter().filter_map(|&maker| request.party(maker));
                Condition::any(makers.map(|maker| Condition::any([perhaps(maker), of_parent(maker)])))
                    .shown_by(components.evidence())
            }
            None => Condition::unknown(components.gap("who makes its components; an empty list for none")),
        };
        Product {
            terms,
            producer: producer.value(),
            nearest: producer.value().and_then(|party| names.nearest(party)),
            listed: of_producer(&|party| names.has(party)),
            alike: of_producer(&|party| names.alike(party, terms.alike)),
            wider: Condition::any([of_producer(&of_parent), component]),
        }
    }

    /// Weighs what follows: `severe` for a product of a producer on the list, and at most that for others.
    pub(crate) fn weigh(&self, severe: Answer) -> Weighed<'a> {
        let alike = self.alike.then(Answer::Review, Answer::Permit);
        let wider = self.wider.then(self.terms.unverified(), Answer::Permit);
        let severe = Weighed::settled(severe, []);
        let other = Weighed::mildest([Weighed::strictest([alike, wider]), severe.clone()]);
        self.listed.choose(severe, other)
    }

    /// Returns whether it is known to be tied to a listed producer, or to one called alike.
    pub(crate) fn is_tied(&self) -> bool {
        [&self.listed, &self.alike, &self.wider].into_iter().any(|tie| tie.truth() == Truth::True)
    }

    /// Returns the message code for an objection: `listed` if the producer is on the list.
    pub(crate) fn code(&self, listed: &'static str) -> &'static str {
        match (self.listed.truth(), self.alike.truth()) {
            (Truth::True, _) => listed,
            (_, Truth::True) => "producer-alike",
            _ => "wider-product",
        }
    }

    /// Adds what messages say about the producer, and how near its name is to a listed one.
    pub(crate) fn explain(&self, finding: Finding<'_>) {
        let finding = finding.argument("producer", self.producer.map_or("", |party| party.called()));
        let (listed, score) = self.nearest.as_ref().map_or(("", 0), |nearest| (nearest.name, nearest.score));
        let finding = finding.argument("listed", listed).argument("score", score);
        if let Ok(score) = Amount::try_from(Decimal::from(i32::from(score))) {
            finding.derived("nameLikeness", "edits-by-word", &Interval::exact(score), "%");
        }
    }
}
