//! The flame graph: a picture in SVG that needs nothing else. A box is a function, as wide as the fuel that it and those it
//! called used; those it called stand on it. How much that is shows where a pointer rests.

use super::{Of, Profile, percent};
use crate::escape::{cut, markup};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Widths and heights, in units of the picture.
const MARGIN: u64 = 12;
const TITLE: u64 = 56;
const ROW: u64 = 18;
const WIDTH: u64 = 1_200;

/// Parts of one unit in which boxes are placed, so that thousands of them stand side by side without a gap.
const PARTS: u64 = 100;

/// Boxes narrower than this are left out, in parts of a unit.
const NARROWEST: u64 = 20;

/// What a letter takes, in units of the picture.
const LETTER: u64 = 7;

/// Colours of boxes, for which black letters are easy to read. Which one says nothing: a function has the same everywhere.
const COLOURS: [&str; 8] =
    ["#ffd9a8", "#ffc48c", "#ffb98f", "#ffd08a", "#f9c49a", "#ffe0a3", "#fbb982", "#ffcba6"];

/// A function called by those below it, with what it called.
#[derive(Default)]
struct Node<'p> {
    total: u64,
    own: u64,
    called: BTreeMap<&'p str, Node<'p>>,
}

impl Profile {
    /// Returns the flame graph as a picture in SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut root = Node::default();
        for stack in &self.stacks {
            root.total = root.total.saturating_add(stack.fuel);
            let mut node = &mut root;
            for name in &stack.functions {
                node = node.called.entry(name).or_default();
                node.total = node.total.saturating_add(stack.fuel);
            }
            node.own = node.own.saturating_add(stack.fuel);
        }
        let rows = rows(&root, &root);
        let (width, height) = (WIDTH + 2 * MARGIN, TITLE + ROW * rows + 2 * MARGIN);
        let what = match self.of {
            Of::Configure => "configure",
            Of::Evaluate => "evaluate",
        };
        let title = markup(&format!("Fuel of `{what}` of {} {}", self.policy.id, self.policy.version));
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"t d\" font-family=\"ui-monospace,monospace\" font-size=\"11\" fill=\"#1a1a1a\">\n"
        );
        let _ = writeln!(text, "<title id=\"t\">{title}</title>");
        let _ = writeln!(
            text,
            "<desc id=\"d\">A box is a function, as wide as the fuel that it and those it called used; those it called stand on it.</desc>"
        );
        let _ = writeln!(text, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>");
        let _ = writeln!(
            text,
            "<text x=\"{MARGIN}\" y=\"30\" font-size=\"16\" font-weight=\"700\">{title}</text>"
        );
        let fault = self.fault.as_ref().map_or(String::new(), |fault| format!(", until it {fault}"));
        let below = cut(&format!("{} fuel{fault}", self.fuel), (WIDTH / LETTER) as usize);
        let _ = writeln!(text, "<text x=\"{MARGIN}\" y=\"50\">{}</text>", markup(&below));
        let picture = Picture { whole: root.total, bottom: TITLE + MARGIN + ROW * rows };
        picture.draw_all(&root, 0, 0, &mut text);
        text.push_str("</svg>\n");
        text
    }
}

/// Returns how many rows are drawn.
fn rows(node: &Node<'_>, root: &Node<'_>) -> u64 {
    let drawn = node.called.values().filter(|called| width(called.total, root.total) >= NARROWEST);
    drawn.map(|called| rows(called, root) + 1).max().unwrap_or(0)
}

/// Returns how wide so much fuel is, in parts of a unit.
fn width(fuel: u64, whole: u64) -> u64 {
    let width = u128::from(fuel) * u128::from(WIDTH * PARTS) / u128::from(whole.max(1));
    u64::try_from(width).unwrap_or(WIDTH * PARTS)
}

struct Picture {
    whole: u64,
    bottom: u64,
}

impl Picture {
    /// Draws what a function called, from the fuel on that was used before.
    fn draw_all(&self, node: &Node<'_>, before: u64, row: u64, text: &mut String) {
        let mut at = before;
        for (name, called) in &node.called {
            let left = width(at, self.whole);
            let wide = width(at.saturating_add(called.total), self.whole).saturating_sub(left);
            if wide >= NARROWEST {
                self.draw(name, called, (left, wide), row, text);
                self.draw_all(called, at, row + 1, text);
            }
            at = at.saturating_add(called.total);
        }
    }

    fn draw(&self, name: &str, node: &Node<'_>, (left, wide): (u64, u64), row: u64, text: &mut String) {
        let share = percent(node.total, self.whole);
        let tip = format!("{name}: {} fuel, {share}; by itself {}", node.total, node.own);
        let (x, y) = (left + MARGIN * PARTS, self.bottom.saturating_sub(ROW * (row + 1)));
        let colour = colour(name);
        let _ = write!(
            text,
            "<g><title>{}</title><rect x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{colour}\" stroke=\"#fff\" stroke-width=\"0.5\"/>",
            markup(&tip),
            units(x),
            units(wide),
            ROW - 1,
        );
        let letters = usize::try_from(wide / PARTS / LETTER).unwrap_or(0);
        if letters > 3 {
            let words = markup(&cut(name, letters - 1));
            let _ = write!(text, "<text x=\"{}\" y=\"{}\">{words}</text>", units(x + 3 * PARTS), y + 13);
        }
        text.push_str("</g>\n");
    }
}

fn units(parts: u64) -> String {
    format!("{}.{:02}", parts / PARTS, parts % PARTS)
}

/// Returns the colour of a function: by FNV-1a of its name.
fn colour(name: &str) -> &'static str {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let hash = name.bytes().fold(2_166_136_261, mix);
    COLOURS.get(hash as usize % COLOURS.len()).copied().unwrap_or("#ffd9a8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lexgate_engine::Stack;
    use lexgate_model::Digest;
    use lexgate_model::record::PolicyIdentity;

    fn svg(stacks: &[(&[&str], u64)]) -> String {
        let stack = |(functions, fuel): &(&[&str], u64)| Stack {
            functions: functions.iter().map(|&name| name.to_owned()).collect(),
            fuel: *fuel,
        };
        let stacks: Vec<_> = stacks.iter().map(stack).collect();
        let profile = Profile {
            policy: PolicyIdentity {
                id: "rules".to_owned(),
                version: "1.0.0".to_owned(),
                package: Digest::of(b""),
            },
            of: Of::Evaluate,
            meter: String::new(),
            fuel: stacks.iter().map(|stack| stack.fuel).sum(),
            fault: None,
            functions: super::super::functions(&stacks),
            stacks,
        };
        profile.svg()
    }

    #[test]
    fn boxes_are_as_wide_as_the_fuel_and_stand_on_those_that_called() {
        let svg = svg(&[(&["evaluate"], 50), (&["evaluate", "one"], 25), (&["realloc"], 25)]);
        for part in [
            "<title>evaluate: 75 fuel, 75.0 %; by itself 50</title><rect x=\"12.00\" y=\"86\" width=\"900.00\"",
            "<title>one: 25 fuel, 25.0 %; by itself 25</title><rect x=\"12.00\" y=\"68\" width=\"300.00\"",
            "<title>realloc: 25 fuel, 25.0 %; by itself 25</title><rect x=\"912.00\" y=\"86\" width=\"300.00\"",
            "Fuel of `evaluate` of rules 1.0.0",
            "100 fuel",
        ] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
    }

    #[test]
    fn names_are_no_markup_and_what_is_too_narrow_is_left_out() {
        let svg = svg(&[(&["<script>\"&\u{202e}"], 1_000_000), (&["narrow"], 1)]);
        assert!(svg.contains("&lt;script&gt;&quot;&amp;\u{fffd}: 1000000 fuel"), "{svg}");
        assert!(!svg.contains("<script>") && !svg.contains("narrow"), "{svg}");
    }

    #[test]
    fn nothing_used_is_a_picture_too() {
        assert!(svg(&[]).ends_with("</svg>\n"));
    }
}
