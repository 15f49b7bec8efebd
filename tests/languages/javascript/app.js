// The common workload of the benchmark as a policy in JavaScript.
//
// Supply is denied to a customer that is formed or headquartered in a restricted place, or of which owners from there hold
// more than half; processors take a licence from more than a quarter on. It keeps to what is stated exactly, and refuses the
// rest. With the parameter `misbehave` it does what a policy must not, as the category of the service says; what becomes of
// that is for tests/languages.rs.

// Percents are whole numbers of these, as `BigInt`. No float decides.
const DIGITS = 18;

let terms;

/** Returns a percentage that is written as a decimal. */
function percent(text) {
  const [whole, rest = ""] = text.split(".");
  return BigInt(whole + rest.padEnd(DIGITS, "0"));
}

/** Returns a share that is stated, and not as a band. */
function exactly(share) {
  if (share == null || !equal(share.minimum, share.maximum)) {
    throw unsupported("a share is not stated exactly");
  }
  const { coefficient, exponent } = share.minimum.value;
  return coefficient * 10n ** BigInt(exponent + DIGITS);
}

function equal(one, other) {
  return (
    one.value.coefficient === other.value.coefficient &&
    one.value.exponent === other.value.exponent &&
    one.exclusive === other.exclusive
  );
}

// What is thrown and is no `Error` becomes the error of the call.
function unsupported(why) {
  return { tag: "unsupported", val: why };
}

function place(tag, val, field) {
  return { at: { tag, val }, field };
}

function finding(code, outcome, evidence, rule = "supply") {
  return {
    rule,
    code,
    floor: outcome,
    ceiling: outcome,
    licensing: outcome === "licence-required" ? "case-by-case" : undefined,
    arguments: [],
    evidence,
    derived: [],
    obligations: [],
    missing: [],
  };
}

/** Returns how much owners from restricted places hold, and by which interests. */
function owned(request, customer) {
  let total = 0n;
  const interests = [];
  for (const [number, relationship] of (request.relationships ?? []).entries()) {
    if (relationship.subject !== customer) continue;
    const owner = relationship.interestedParty;
    if (owner.tag !== "known") throw unsupported("an owner is not known");
    if (!terms.restricted.has(request.parties[owner.val].jurisdiction)) continue;
    for (const [index, interest] of (relationship.interests ?? []).entries()) {
      total += exactly(interest.share);
      interests.push(place("interest", [number, index], ""));
    }
  }
  return { total, interests };
}

/** Does what a policy must not do. */
function misbehave(how) {
  if (how === "loop") for (;;);
  if (how === "grow") {
    const kept = [];
    for (;;) kept.push(new Uint8Array(1 << 20).fill(1));
  }
  if (how === "recurse") deeper(0);
  if (how === "lie") return [finding("clear", "permit", [], "another")];
  if (how === "refuse") throw unsupported("it was told to refuse");
}

function deeper(depth) {
  return deeper(depth + 1) + 1;
}

export const policy = {
  configure(parameters) {
    const given = JSON.parse(parameters);
    terms = {
      restricted: new Set(given.restricted),
      denied: percent(given.denied),
      licensed: percent(given.licensed),
      misbehave: given.misbehave,
    };
  },

  evaluate(request) {
    const wrong = terms.misbehave && misbehave(request.resource.category);
    if (wrong) return wrong;
    const customer = request.participants.find((one) => one.role === "endUser")?.party;
    if (customer === undefined) throw unsupported("there is no end user");
    const party = request.parties[customer];
    const fields = ["jurisdiction", "headquarters"];
    const caught = fields.find((field) => terms.restricted.has(party[field]));
    if (caught) return [finding("place", "deny", [place("party", customer, caught)])];
    if (fields.some((field) => party[field] == null)) {
      throw unsupported("a place of the customer is not stated");
    }
    const { total, interests } = owned(request, customer);
    if (total > terms.denied) return [finding("owned", "deny", interests)];
    if (total > terms.licensed && request.resource.category === "gpu-cloud") {
      const category = place("item", undefined, "category");
      return [finding("licence", "licence-required", [...interests, category])];
    }
    return [finding("clear", "permit", fields.map((field) => place("party", customer, field)))];
  },
};
