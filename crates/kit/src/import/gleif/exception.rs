//! Reporting exceptions: why a legal entity reports no parent.

use crate::import::fields::View;
use crate::import::report::{Notes, Reason};

/// Which parent is not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Direct,
    Ultimate,
}

/// Reads which parent is not reported, and why, exactly as it is published.
pub(super) fn read<'t>(record: &View<'t>, notes: &mut Notes) -> Option<(Category, &'t str)> {
    let Some(category) = record.get("ExceptionCategory").or_else(|| record.at(&["Exception", "Category"]))
    else {
        notes.add("/ExceptionCategory", Reason::Missing, "is not there");
        return None;
    };
    let code = category.text(notes)?;
    let category = match code {
        "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT" => Category::Direct,
        "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT" => Category::Ultimate,
        other => {
            let says = format!("`{}` is not a category of exceptions", crate::import::error::shorten(other));
            notes.add(&category.pointer, Reason::UnknownCode, says);
            return None;
        }
    };
    let Some(reasons) = record.get("ExceptionReason").or_else(|| record.at(&["Exception", "Reason"])) else {
        notes.add("/ExceptionReason", Reason::Missing, "is not there");
        return None;
    };
    let all: Vec<&str> = reasons.each().iter().filter_map(|reason| reason.text(notes)).collect();
    let (first, others) = all.split_first()?;
    if !others.is_empty() {
        notes.add(
            &reasons.pointer,
            Reason::Remark,
            format!("also gives {}; the first is used", others.join(", ")),
        );
    }
    Some((category, first))
}
