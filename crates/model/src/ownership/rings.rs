//! Parties in an order in which owners come before what they own, those that own each other in a ring together.

use super::sorted;

/// Returns the rings of parties `0..parties`, each sorted: parties that are reachable from each other, each alone if there
/// is none.
///
/// `owners` appends those on whom a party depends; their rings come first. This is Tarjan's algorithm, with a stack of its
/// own, so that no chain of owners is too deep for it.
pub(super) fn rings(parties: u32, mut owners: impl FnMut(u32, &mut Vec<u32>)) -> Rings {
    let size = parties as usize;
    let mut search =
        Search { found: vec![0; size], low: vec![0; size], done: vec![false; size], open: Vec::new() };
    let mut rings = Rings { members: Vec::with_capacity(size), ends: Vec::new() };
    // Owners that are still to be looked at lie in one stack; each visit knows where its own begin.
    let (mut pending, mut visits): (Vec<u32>, Vec<Visit>) = (Vec::new(), Vec::new());
    let mut next = 1u32;
    for root in 0..parties {
        if search.found.get(root as usize).is_some_and(|&found| found > 0) {
            continue;
        }
        let mut entering = Some(root);
        loop {
            if let Some(party) = entering.take() {
                search.enter(party, next);
                next = next.saturating_add(1);
                visits.push(Visit { party, base: pending.len() });
                owners(party, &mut pending);
            }
            let Some(Visit { party, base }) = visits.last().copied() else { break };
            let owner = if pending.len() > base { pending.pop() } else { None };
            match owner {
                Some(owner) => match search.found.get(owner as usize) {
                    Some(0) => entering = Some(owner),
                    Some(&found) if !search.is_done(owner) => search.lower(party, found),
                    _ => {}
                },
                None => {
                    visits.pop();
                    if let Some(above) = visits.last() {
                        let low = search.low.get(party as usize).copied().unwrap_or_default();
                        search.lower(above.party, low);
                    }
                    search.close(party, &mut rings);
                }
            }
        }
    }
    rings
}

#[derive(Clone, Copy)]
struct Visit {
    party: u32,
    base: usize,
}

struct Search {
    /// When a party was found; 0 is not yet.
    found: Vec<u32>,
    /// When the earliest was found that can be reached from it and is still open.
    low: Vec<u32>,
    done: Vec<bool>,
    open: Vec<u32>,
}

impl Search {
    fn enter(&mut self, party: u32, when: u32) {
        for times in [&mut self.found, &mut self.low] {
            if let Some(time) = times.get_mut(party as usize) {
                *time = when;
            }
        }
        self.open.push(party);
    }

    fn lower(&mut self, party: u32, when: u32) {
        if let Some(low) = self.low.get_mut(party as usize) {
            *low = (*low).min(when);
        }
    }

    fn is_done(&self, party: u32) -> bool {
        self.done.get(party as usize).copied().unwrap_or(true)
    }

    /// Takes the ring of a party off, if the party was the first of it to be found.
    fn close(&mut self, party: u32, rings: &mut Rings) {
        if self.found.get(party as usize) != self.low.get(party as usize) {
            return;
        }
        while let Some(member) = self.open.pop() {
            if let Some(done) = self.done.get_mut(member as usize) {
                *done = true;
            }
            rings.members.push(member);
            if member == party {
                break;
            }
        }
        let begin = rings.ends.last().copied().unwrap_or_default();
        if rings.members.len() > begin.saturating_add(1) {
            let ring = sorted(rings.members.split_off(begin));
            rings.members.extend(ring);
        }
        rings.ends.push(rings.members.len());
    }
}

/// The rings in order.
#[derive(Debug, Clone)]
pub(super) struct Rings {
    members: Vec<u32>,
    ends: Vec<usize>,
}

impl Rings {
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let begins = core::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).filter_map(|(begin, &end)| self.members.get(begin..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parties: u32, edges: &[(u32, u32)], expected: &[&[u32]]) {
        let owners = |party: u32, into: &mut Vec<u32>| {
            into.extend(edges.iter().filter(|edge| edge.1 == party).map(|edge| edge.0));
        };
        let found: Vec<Vec<u32>> = rings(parties, owners).iter().map(<[u32]>::to_vec).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn owners_come_before_what_they_own() {
        check(3, &[(2, 1), (1, 0)], &[&[2], &[1], &[0]]);
        check(4, &[(0, 1), (0, 2), (1, 3), (2, 3)], &[&[0], &[1], &[2], &[3]]);
    }

    #[test]
    fn parties_that_own_each_other_stand_together() {
        check(4, &[(0, 1), (1, 2), (2, 1), (2, 3)], &[&[0], &[1, 2], &[3]]);
        check(5, &[(0, 1), (1, 0), (1, 2), (2, 3), (3, 4), (4, 2)], &[&[0, 1], &[2, 3, 4]]);
        check(2, &[(0, 0), (0, 1)], &[&[0], &[1]]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_not_too_deep() {
        let order = rings(100_000, |party, into| into.extend((party < 99_999).then_some(party + 1)));
        assert_eq!(order.iter().count(), 100_000);
        assert_eq!(order.iter().next(), Some([99_999].as_slice()));
    }
}
