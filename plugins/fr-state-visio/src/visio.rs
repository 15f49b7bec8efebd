//! The announced rules on videoconference tools: `visio-transition`, `visio-only` and `own-deadline`.

use crate::bodies::{Bodies, Follows};
use crate::lists::{Deadlines, Words};
use crate::{Codes, nothing};
use lexgate_sdk::{Answer, Condition, Date, Findings, Obligation, Request, Truth, Weighed};

/// The last day on which the State's services may use other tools.
const LAST_DAY: Date = Date::constant(2027, 12, 31);

/// Categories that are known not to be videoconference tools. Another word may be one.
const OTHERS: [&str; 6] = ["compute", "ai-model", "chatbot", "storage", "material", "component"];

/// How near a name must be to one on the list for a person to look, in percent; chosen by feel.
const ALIKE: u8 = 80;

const TRANSITION: Codes = Codes {
    not_covered: "no-state-videoconference",
    permitted: "visio-used",
    bound: "migrate-to-visio",
    review: "scope-unverified",
    denied: "visio-only",
    open: "visio-open",
};
const ONLY: Codes = Codes { bound: "exception-documented", ..TRANSITION };
const OWN: Codes = Codes {
    not_covered: "no-own-deadline",
    permitted: "visio-used",
    bound: "own-deadline",
    review: "own-deadline-perhaps",
    denied: "own-deadline-over",
    open: "own-deadline-open",
};

/// What a request says of videoconference tools in the public sector.
pub(crate) struct Visio<'b, 'a> {
    today: Date,
    bodies: &'b Bodies<'b, 'a>,
    videoconference: Condition<'a>,
    visio: Condition<'a>,
    exception: Condition<'a>,
}

impl<'b, 'a> Visio<'b, 'a> {
    pub(crate) fn of(request: Request<'a>, bodies: &'b Bodies<'b, 'a>, tools: &Words) -> Visio<'b, 'a> {
        let resource = request.resource();
        let expected = "what it is, such as `videoconference` or `compute`";
        let videoconference = Condition::of(resource.category(), expected, |category| {
            let known = category == "videoconference" || OTHERS.contains(&category);
            if known { Truth::from(category == "videoconference") } else { Truth::Unknown }
        });
        let expected = "the name of the product, such as `Visio`";
        let visio = Condition::of(resource.text("productName"), expected, |name| tools.has(name));
        let exception = request.authorized("exception", |paper| {
            Condition::all([paper.covers("videoconference"), paper.valid_on(request.date())])
        });
        Visio { today: request.date(), bodies, videoconference, visio, exception }
    }

    pub(crate) fn report(&self, deadlines: &Deadlines, findings: &mut Findings) {
        let migrate = self.unless_visio(Weighed::settled(migrate_by(LAST_DAY), []));
        TRANSITION.tell("visio-transition", &self.of_the_state(migrate), findings);
        ONLY.tell("visio-only", &self.of_the_state(self.barred()), findings);
        OWN.tell("own-deadline", &self.own_deadline(deadlines), findings);
    }

    /// Weighs what follows for services of the State. Whether other public bodies are meant is not known: a person looks.
    fn of_the_state(&self, follows: Weighed<'a>) -> Weighed<'a> {
        let (other, rest) = (self.unverified(), self.unverified());
        let who = self.bodies.strictest(&Follows { state: follows, other, rest });
        self.videoconference.choose(who, nothing())
    }

    /// Weighs what follows from the dates that bodies set themselves; of several customers the strictest.
    fn own_deadline(&self, deadlines: &Deadlines) -> Weighed<'a> {
        let own = Weighed::strictest(deadlines.0.iter().flat_map(|(body, day)| {
            let is = self.bodies.some(|party| body.has(party));
            let may_be =
                self.bodies.some(|party| Condition::all([body.alike(party, ALIKE), body.has(party).not()]));
            [is.choose(self.until(*day), nothing()), may_be.choose(self.unverified(), nothing())]
        }));
        self.videoconference.choose(own, nothing())
    }

    /// Weighs what follows where other tools may be used up to a day.
    fn until(&self, day: Date) -> Weighed<'a> {
        if self.today > day {
            self.barred()
        } else {
            self.unless_visio(Weighed::settled(migrate_by(day), []))
        }
    }

    /// Weighs what follows where other tools are barred: only a documented exception lets one pass.
    fn barred(&self) -> Weighed<'a> {
        let record = Answer::PermitWith(Obligation::binding("record-exception"));
        self.unless_visio(self.exception.then(record, Answer::Deny))
    }

    /// Weighs what follows where a person must look.
    fn unverified(&self) -> Weighed<'a> {
        self.unless_visio(Weighed::settled(Answer::Review, []))
    }

    fn unless_visio(&self, follows: Weighed<'a>) -> Weighed<'a> {
        self.visio.choose(Weighed::settled(Answer::Permit, []), follows)
    }
}

fn migrate_by(day: Date) -> Answer {
    Answer::PermitWith(Obligation::binding("migrate-by").day("date", day).text("tool", "Visio"))
}
