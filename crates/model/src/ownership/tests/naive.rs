//! The definition of what counted owners hold, word by word: what the ledger must agree with.

use super::generated::{Any, PARTIES, rank};
use super::through::rational;
use super::*;
use num_bigint::BigInt;
use num_rational::BigRational;

/// The stakes in a party that may be direct, with what each adds at least and at most.
fn parts(any: &Any, party: u32) -> Vec<(Option<u32>, Interval)> {
    let zero = End::inclusive(Amount::ZERO);
    let direct = any.stakes.iter().filter(|s| s.owned == party && s.direct != Truth::False);
    let part = |stake: &Stake| {
        let share = stake.share.filter(|s| s.maximum().value >= Amount::ZERO).unwrap_or(Interval::ANY_SHARE);
        let below = share.minimum().value < Amount::ZERO || stake.direct == Truth::Unknown;
        let from = if below { zero } else { share.minimum() };
        let part = Interval::new(from, share.maximum()).unwrap_or(Interval::ANY_SHARE);
        (stake.owner.filter(|&owner| owner < PARTIES), part)
    };
    direct.map(part).collect()
}

/// The claims on a party: owner, least and most.
fn claims(any: &Any, party: u32) -> Vec<(Option<u32>, Amount, Amount)> {
    let indirect = any.stakes.iter().filter(|s| s.owned == party && s.direct != Truth::True);
    let claim = |stake: &Stake| {
        let share = stake.share.filter(|s| s.maximum().value >= Amount::ZERO).unwrap_or(Interval::ANY_SHARE);
        let zero = End::inclusive(Amount::ZERO);
        let low = if share.minimum().value < Amount::ZERO { zero } else { share.minimum() };
        let share = Interval::new(low, share.maximum()).unwrap_or(Interval::ANY_SHARE);
        (stake.owner.filter(|&owner| owner < PARTIES), share.minimum().value, share.maximum().value)
    };
    indirect.map(claim).collect()
}

/// Whether no stated chain can carry a claim of an owner.
fn is_open(any: &Any, party: u32, owner: Option<u32>, least: Amount) -> bool {
    let Some(owner) = owner else { return true };
    let leads = |from: u32, to: u32| {
        parts(any, to).iter().any(|(held, part)| *held == Some(from) && part.maximum().value > Amount::ZERO)
    };
    let below = |from: u32| {
        let mut found: Vec<u32> = Vec::new();
        for _ in 0..=PARTIES {
            for next in 0..PARTIES {
                let led = leads(from, next) || found.iter().any(|&found| leads(found, next));
                if led && !found.contains(&next) {
                    found.push(next);
                }
            }
        }
        found
    };
    let (reached, one) = (below(owner), BigRational::from_integer(BigInt::from(1)));
    let zero = || BigRational::from_integer(BigInt::from(0));
    let ring = |at: u32| below(at).contains(&at);
    let mut most: Vec<BigRational> = (0..PARTIES).map(|_| zero()).collect();
    most[owner as usize] = one.clone();
    let sum = |most: &[BigRational], at: u32, without: Option<u32>| {
        let stakes = parts(any, at);
        let stakes =
            stakes.iter().filter(|(from, _)| from.is_some() && *from != without && *from != Some(at));
        stakes.fold(zero(), |sum, (from, part)| {
            let share = rational(part.maximum().value) / BigInt::from(100);
            sum + share * &most[from.unwrap() as usize]
        })
    };
    for _ in 0..=PARTIES {
        for &at in reached.iter().filter(|&&at| at != owner) {
            most[at as usize] = if ring(at) { one.clone() } else { sum(&most, at, None).min(one.clone()) };
        }
    }
    let carried = sum(&most, party, Some(owner)) * BigInt::from(100);
    let round = ring(party) && reached.contains(&party);
    !round && (carried == zero() || carried < rational(least))
}

/// Whether somebody claims more than those whom nobody owns leave.
fn is_contradicted(any: &Any, party: u32) -> bool {
    let nobodys = |owner: u32| {
        any.stated[owner as usize] && parts(any, owner).is_empty() && claims(any, owner).is_empty()
    };
    let held = parts(any, party).into_iter().filter(|(owner, _)| owner.is_some_and(nobodys));
    let held = held.fold(Amount::ZERO, |sum, (_, part)| sum.plus(part.minimum().value));
    let claims = claims(any, party).into_iter().filter(|(owner, _, _)| *owner != Some(party));
    claims.into_iter().any(|(_, least, _)| least > Amount::HUNDRED.minus(held))
}

/// The definition of what is held, word by word.
fn naive_held(any: &Any, party: u32, counted: &[Truth], method: Method, line: Threshold) -> (Interval, bool) {
    let zero = End::inclusive(Amount::ZERO);
    let (mut certain, mut possible, mut uncounted, mut all, mut firm) =
        (Interval::ZERO, Interval::ZERO, Interval::ZERO, Interval::ZERO, Interval::ZERO);
    let counts = |owner: Option<u32>| match owner {
        Some(owner) if owner == party => Truth::False,
        Some(owner) => counted[owner as usize],
        None => Truth::Unknown,
    };
    let nobodys = |owner: u32| {
        any.stated[owner as usize] && parts(any, owner).is_empty() && claims(any, owner).is_empty()
    };
    for (owner, part) in parts(any, party) {
        all = all.plus(&part);
        match counts(owner) {
            Truth::False => uncounted = uncounted.plus(&part),
            Truth::True => (certain, possible) = (certain.plus(&part), possible.plus(&part)),
            Truth::Unknown => possible = possible.plus(&part),
        }
        if owner.is_some_and(|owner| nobodys(owner) && any.base[owner as usize] == Truth::False)
            && !line.passed_by(&Interval::ZERO).possible()
        {
            firm = firm.plus(&part);
        }
    }
    let less = |amount: &Interval| End {
        value: Amount::HUNDRED.minus(amount.minimum().value),
        exclusive: amount.minimum().exclusive,
    };
    let inconsistent =
        less(&all).value < Amount::ZERO || (less(&all).value == Amount::ZERO && less(&all).exclusive);
    let inconsistent = inconsistent || (method != Direct && is_contradicted(any, party));
    let most = parts(any, party).iter().fold(Amount::ZERO, |sum, (_, part)| sum.plus(part.maximum().value));
    let nobody = most == Amount::ZERO && claims(any, party).iter().all(|(_, _, most)| *most == Amount::ZERO);
    let named = any.stated[party as usize] && (most >= Amount::HUNDRED || nobody);
    if let (false, false, Some(rest)) = (named, inconsistent, Interval::new(zero, less(&all))) {
        possible = possible.plus(&rest);
    }
    let low = certain.minimum();
    let held = Interval::new(low, possible.maximum()).unwrap();
    if inconsistent {
        return (held, true);
    }
    let held = held.intersection(&Interval::new(low, less(&uncounted)).unwrap()).unwrap();
    if method == Direct {
        return (held, false);
    }
    let claims: Vec<_> =
        claims(any, party).into_iter().filter(|(owner, _, _)| *owner != Some(party)).collect();
    let opened = claims.iter().any(|&(owner, least, most)| {
        counts(owner).possible() && most > Amount::ZERO && is_open(any, party, owner, least)
    });
    let held = if opened { Interval::new(low, less(&firm)).unwrap() } else { held };
    let passed = line.passed_by(&Interval::exact(Amount::HUNDRED)).certain();
    if passed && claims.iter().any(|&(owner, least, _)| counts(owner).certain() && least >= Amount::HUNDRED) {
        let all = End::inclusive(Amount::HUNDRED);
        let least = if held.maximum() == all || held.maximum().value > all.value { all } else { low };
        return (Interval::new(least, all).unwrap(), false);
    }
    (held, false)
}

/// Rounds over all parties until nothing changes: first who possibly counts, then who surely does.
pub(super) fn naive(any: &Any, method: Method, threshold: Threshold) -> Vec<(Truth, Interval)> {
    let held = |party: u32, counted: &[Truth]| naive_held(any, party, counted, method, threshold);
    let passes = |party: u32, counted: &[Truth]| match held(party, counted) {
        (_, true) => Truth::Unknown,
        (held, false) => threshold.passed_by(&held),
    };
    let mut counted = vec![Truth::False; PARTIES as usize];
    for level in [Truth::Unknown, Truth::True] {
        loop {
            let before = counted.clone();
            for party in 0..PARTIES {
                let base = any.base[party as usize];
                let caught = if method == Cascade { base.or(passes(party, &before)) } else { base };
                if rank(caught) >= rank(level) {
                    counted[party as usize] = level;
                }
            }
            if counted == before {
                break;
            }
        }
    }
    (0..PARTIES).map(|party| (passes(party, &counted), held(party, &counted).0)).collect()
}
