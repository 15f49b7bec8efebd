//! `lexgate set`: the policy set of a tenant, shown and changed at a server.

mod diff;
mod file;

use crate::ambient;
use crate::args::{self, SetsWhat};
use crate::client::{Answer, Client};
use crate::exit::Exit;
use crate::explain::{BOLD, DIM, plain};
use anyhow::{Context, Result};
use diff::{Difference, diff, lines};
use file::Wanted;
use lexgate_server::{SetDocument, TenantName};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;

/// A revision, as a server tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revision {
    revision: String,
    put: String,
    by: String,
    rollback_to: Option<String>,
    set: SetDocument,
    #[serde(default)]
    status: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    binding: String,
    policy: Policy,
    starts: String,
}

#[derive(Deserialize)]
struct Policy {
    id: String,
    version: String,
}

/// A page of the history.
#[derive(Deserialize)]
struct History {
    revisions: Vec<Value>,
    next: Option<u64>,
}

/// What is known of a package.
#[derive(Deserialize)]
struct Packages {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    digest: String,
}

pub(crate) fn run(args: &args::Sets, json: bool) -> Result<Exit> {
    let tenant = args.tenant.as_deref().context("say whose set it is: `--tenant NAME`")?;
    let tenant: TenantName = tenant.parse()?;
    let client = Client::new(&args.server, args.key_file.as_deref(), args.ca.as_deref())?;
    let sets = Sets { client, at: format!("/v1/tenants/{tenant}/set"), tenant, json };
    match &args.what {
        SetsWhat::Show { revision } => sets.show(revision.as_deref()),
        SetsWhat::History { last } => sets.history(*last),
        SetsWhat::Apply { file, dry_run } => sets.apply(file, *dry_run),
        SetsWhat::Diff { file, from, to } => sets.diff(file.as_deref(), from.as_deref(), to.as_deref()),
        SetsWhat::Rollback { revision } => sets.rollback(revision),
    }
}

/// The sets of a tenant.
struct Sets {
    client: Client,
    at: String,
    tenant: TenantName,
    json: bool,
}

impl Sets {
    fn show(&self, revision: Option<&str>) -> Result<Exit> {
        let answer = match revision {
            Some(revision) => self.client.get(&format!("{}/revisions/{}", self.at, segment(revision)))?,
            None => self.client.get(&self.at)?,
        };
        if self.json {
            return ambient::print_json(&answer.read::<Value>()?);
        }
        let Revision { revision, put, by, rollback_to, set, status } = answer.read()?;
        let otherwise = word(&serde_json::to_value(set.otherwise)?);
        let back = rollback_to.map(|to| format!(", a rollback to {to}")).unwrap_or_default();
        let head = format!("{revision}{DIM}, put {put} by {by}{back}{DIM:#}");
        let mut text = format!("{BOLD}{}{BOLD:#} {head}\notherwise {otherwise}\n", self.tenant);
        for binding in &set.bindings {
            let mode = word(&serde_json::to_value(binding.mode)?);
            let found = status.iter().find(|status| status.binding == binding.id);
            let policy = found.map_or_else(
                || binding.package.to_string(),
                |status| format!("{} {}, starts {}", status.policy.id, status.policy.version, status.starts),
            );
            text.push_str(&format!("  {BOLD}{}{BOLD:#}  {mode}  {}\n", plain(&binding.id), plain(&policy)));
            let parameters = (!binding.parameters.is_empty()).then(|| json!(binding.parameters).to_string());
            text.push_str(&parameters.map(|text| format!("    {}\n", plain(&text))).unwrap_or_default());
        }
        ambient::print(&text)?;
        Ok(Exit::DONE)
    }

    fn history(&self, last: usize) -> Result<Exit> {
        let (mut revisions, mut before) = (Vec::new(), String::new());
        while revisions.len() < last {
            let page: History = self.client.get(&format!("{}/revisions{before}", self.at))?.read()?;
            revisions.extend(page.revisions);
            match page.next {
                Some(next) => before = format!("?before={next}"),
                None => break,
            }
        }
        revisions.truncate(last);
        if self.json {
            return ambient::print_json(&json!({ "revisions": revisions }));
        }
        for past in &revisions {
            let text = |name: &str| past.get(name).and_then(Value::as_str).map(plain);
            let bindings =
                past.get("bindings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let bindings: Vec<_> = bindings.iter().filter_map(Value::as_str).map(plain).collect();
            let back = text("rollbackTo").map(|to| format!("rollback to {to}  ")).unwrap_or_default();
            ambient::print(&format!(
                "{BOLD}{}{BOLD:#}  {}  {DIM}by{DIM:#} {}  {back}{}\n",
                text("revision").unwrap_or_default(),
                text("put").unwrap_or_default(),
                text("by").unwrap_or_default(),
                bindings.join(", ")
            ))?;
        }
        Ok(Exit::DONE)
    }

    fn apply(&self, path: &Path, dry_run: bool) -> Result<Exit> {
        let wanted = file::read(path, self.json)?;
        let last = self.last()?;
        let changes = diff(last.as_ref().map(|last| &last.set), &wanted.document);
        let from = last.as_ref().map(|last| last.revision.as_str());
        let (mut uploaded, mut revision) = (Vec::new(), None);
        self.tell(&changes, from)?;
        if !dry_run && !changes.is_empty() {
            uploaded = self.upload(&wanted)?;
            let bar = ambient::progress(self.json);
            bar.set_message("the server prepares the set");
            let body = serde_json::to_vec(&wanted.document)?;
            let answer = self.change("PUT", &self.at, from, &body);
            bar.finish_and_clear();
            revision = Some(answer?.read::<Revision>()?.revision);
        }
        self.done(&changes, from, revision.as_deref(), dry_run, &uploaded)
    }

    fn rollback(&self, revision: &str) -> Result<Exit> {
        let last = self.last()?.with_context(|| format!("tenant `{}` has no set yet", self.tenant))?;
        let changes = diff(Some(&last.set), &self.revision(revision)?.set);
        let from = Some(last.revision.as_str());
        self.tell(&changes, from)?;
        let body = serde_json::to_vec(&json!({ "to": revision }))?;
        let answer = self.change("POST", &format!("{}/rollback", self.at), from, &body)?;
        self.done(&changes, from, Some(&answer.read::<Revision>()?.revision), false, &[])
    }

    fn diff(&self, file: Option<&Path>, from: Option<&str>, to: Option<&str>) -> Result<Exit> {
        let wanted = file.map(|file| file::read(file, self.json)).transpose()?;
        let named = |name: Option<&str>| match name {
            Some(name) => self.revision(name).map(Some),
            None => self.last(),
        };
        let before = named(from)?;
        let after = match wanted {
            Some(wanted) => wanted.document,
            None => named(to)?.with_context(|| format!("tenant `{}` has no set yet", self.tenant))?.set,
        };
        let changes = diff(before.as_ref().map(|before| &before.set), &after);
        let from = before.as_ref().map(|before| before.revision.as_str());
        self.tell(&changes, from)?;
        if self.json {
            ambient::print_json(
                &json!({ "tenant": self.tenant.as_str(), "from": from, "changes": changes }),
            )?;
        } else if changes.is_empty() {
            ambient::print("no difference\n")?;
        }
        Ok(if changes.is_empty() { Exit::DONE } else { Exit::CouldNotAnswer })
    }

    /// Returns the last revision that was put, also when it does not serve.
    fn last(&self) -> Result<Option<Revision>> {
        let answer = self.client.get(&format!("{}/revisions", self.at))?;
        if answer.status == 404 {
            return Ok(None);
        }
        let page: History = answer.read()?;
        let name = page.revisions.first().and_then(|last| last.get("revision")).and_then(Value::as_str);
        name.map(|name| self.revision(name)).transpose()
    }

    fn revision(&self, name: &str) -> Result<Revision> {
        self.client.get(&format!("{}/revisions/{}", self.at, segment(name)))?.read()
    }

    /// Changes the set, if the last revision is still the one the difference was made against.
    fn change(&self, method: &str, path: &str, from: Option<&str>, body: &[u8]) -> Result<Answer> {
        let tag = from.map_or_else(|| "*".to_owned(), |from| format!("\"{from}\""));
        let condition = if from.is_some() { "if-match" } else { "if-none-match" };
        let headers = [("content-type", "application/json"), (condition, tag.as_str())];
        let answer = self.client.send(method, path, &headers, body)?;
        match answer.status {
            412 => Err(answer.problem().context("somebody else changed the set meanwhile; look again")),
            _ => Ok(answer),
        }
    }

    /// Uploads what the server lacks, and returns what that was.
    fn upload(&self, wanted: &Wanted) -> Result<Vec<String>> {
        let known: Packages = self.client.get("/v1/packages")?.read()?;
        let (mut uploaded, bar) = (Vec::new(), ambient::progress(self.json));
        for (digest, local) in &wanted.packages {
            let digest = digest.to_string();
            if known.packages.iter().all(|package| package.digest != digest) {
                bar.set_message(format!("uploading {}", local.path.display()));
                let kind = [("content-type", "application/wasm")];
                let answer = self.client.send("POST", "/v1/packages", &kind, &local.bytes)?;
                answer.read::<Value>().with_context(|| format!("package `{}`", local.path.display()))?;
                uploaded.push(digest);
            }
        }
        for (digest, local) in &wanted.datasets {
            bar.set_message(format!("uploading {}", local.path.display()));
            let kind = [("content-type", "application/octet-stream")];
            let answer = self.client.send("POST", "/v1/datasets", &kind, &local.bytes)?;
            // Who may not upload may still bind what is there; if it is not, the set is refused and says so.
            if answer.status != 403 {
                answer.read::<Value>().with_context(|| format!("dataset `{}`", local.path.display()))?;
                uploaded.push(digest.to_string());
            }
        }
        bar.finish_and_clear();
        Ok(uploaded)
    }

    fn tell(&self, changes: &[Difference], from: Option<&str>) -> Result<()> {
        if self.json || changes.is_empty() {
            return Ok(());
        }
        let from = from.unwrap_or("no set");
        ambient::print(&format!("{DIM}tenant {}, from {from}{DIM:#}\n{}", self.tenant, lines(changes)))
    }

    fn done(
        &self,
        changes: &[Difference],
        from: Option<&str>,
        revision: Option<&str>,
        dry_run: bool,
        uploaded: &[String],
    ) -> Result<Exit> {
        if self.json {
            return ambient::print_json(&json!({
                "tenant": self.tenant.as_str(), "from": from, "revision": revision, "dryRun": dry_run,
                "changes": changes, "uploaded": uploaded,
            }));
        }
        let told = match revision {
            Some(revision) => format!("{BOLD}{revision}{BOLD:#} serves\n"),
            None if dry_run && !changes.is_empty() => "nothing was changed: this was a dry run\n".to_owned(),
            None => "no difference, nothing was changed\n".to_owned(),
        };
        ambient::print(&told)?;
        Ok(Exit::DONE)
    }
}

/// Returns a word of the contract as text.
fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns the name of a revision as part of a path: what no name has becomes what no name is.
fn segment(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
