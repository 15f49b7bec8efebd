//! `lexgate serve`: the server, with a folder, a listener, a clock, and what tells it to stop.

use crate::ambient;
use crate::args;
use crate::build;
use crate::demo;
use crate::engine;
use crate::exit::Exit;
use crate::inspect;
use crate::serve_config::File;
use crate::telemetry;
use anyhow::{Context, Result, bail};
use lexgate_model::combine::Otherwise;
use lexgate_packages::Trust;
use lexgate_server::{
    Anachronistic, Authentication, BindingDocument, Config, Days, Server, ServerLimits, SetDocument,
    TenantName, Tls,
};
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where it listens unless it is told.
const PORT: u16 = 8181;

/// The tenant that is there without a configuration.
const DEMO: &str = "demo";

/// Where packages go that are built for the tenant `demo`.
const BUILT: &str = "target/lexgate";

/// A request to try.
const FIRST: &str = r#"{"action":"supply","participants":[{"role":"endUser","party":"acme"}],"parties":[{"recordId":"acme","kind":"registeredEntity","headquarters":"CN"}],"resource":{"recordId":"api","category":"ai-model"}}"#;

pub(crate) fn run(args: &args::Serve, json: bool) -> Result<Exit> {
    let file = args.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
    let listen = args.listen.or(file.listen).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
    let (authentication, tls) = (file.authentication()?, file.tls()?);
    if matches!(authentication, Authentication::Loopback) && !listen.ip().is_loopback() {
        bail!(
            "`{listen}` can be reached from outside: write `[[keys]]` or `[jwt]` into a configuration, or listen on 127.0.0.1"
        );
    }
    let _telemetry = telemetry::start(file.otlp.as_deref(), json)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(lexgate_engine::interrupt_nobody)
        .build()
        .context("cannot start threads")?;
    runtime.block_on(async {
        // First of all, so that a port that is taken costs no time.
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("cannot listen on `{listen}`"))?;
        let address = listener.local_addr()?;
        let url = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
        let (server, data) =
            tokio::task::block_in_place(|| open(args, &file, &url, Guards { authentication, tls }, json))?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        greet(&server, &url, &data, json)?;
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        server.serve(listener, stop).await.context("cannot go on serving")
    })?;
    Ok(Exit::DONE)
}

/// Returns the data folder that is meant.
pub(crate) fn data_folder(given: Option<&Path>) -> Result<PathBuf> {
    let usual = || ambient::data_place().context("there is no home; say where with `--data`");
    given.map_or_else(usual, |given| Ok(given.to_owned()))
}

/// What stands between the server and who comes.
struct Guards {
    authentication: Authentication,
    tls: Option<Tls>,
}

fn open(args: &args::Serve, file: &File, url: &str, guards: Guards, json: bool) -> Result<(Server, PathBuf)> {
    let data = data_folder(args.data.as_deref().or(file.data.as_deref()))?;
    let folder = ambient::private_folder(&data)?;
    let demo = !args.no_demo && (args.config.is_none() || !args.policies.is_empty());
    let tenant = file.default_tenant.as_deref().or(demo.then_some(DEMO));
    let config = Config {
        authentication: guards.authentication,
        tls: guards.tls,
        default_tenant: tenant.map(str::parse).transpose()?,
        public_url: file.public_url.clone().unwrap_or_else(|| url.to_owned()),
        limits: file.limits(ServerLimits::of(ambient::processors()))?,
        retention: file.retention()?,
        trust: Trust::default(),
        recording: file.recording(),
        quotas: file.quotas()?,
        clock: ambient::clock(),
        index: Some(data.canonicalize().context("cannot resolve the data folder")?),
        boot: ambient::boot(),
    };
    let server = Server::open(&folder, engine::start()?, config)
        .with_context(|| format!("cannot serve from `{}`", data.display()))?;
    if demo {
        put_demo(args, &server, json)?;
    }
    Ok((server, data))
}

/// Puts the set of the tenant `demo`, unless it is there as it should be.
fn put_demo(args: &args::Serve, server: &Server, json: bool) -> Result<()> {
    let tenant: TenantName = DEMO.parse()?;
    let current = server.set(&tenant);
    let packages = match (&args.policies, &current) {
        (given, _) if !given.is_empty() => {
            given.iter().map(|path| inspect::package(path)).collect::<Result<_>>()?
        }
        // What was put stays, also if somebody changed it.
        (_, Some(_)) => return Ok(()),
        _ => shipped(json)?,
    };
    let mut bindings = Vec::new();
    for package in &packages {
        bindings.push(BindingDocument {
            id: package.manifest.policy.id.clone(),
            package: server.put_package(&package.bytes)?,
            parameters: Default::default(),
            datasets: Vec::new(),
            mode: Default::default(),
            posture: Default::default(),
            limits: Default::default(),
            period: Days::default(),
            overrides: Vec::new(),
            anachronistic: Anachronistic::default(),
        });
    }
    if bindings.is_empty() {
        ambient::note(
            "there is no tenant yet: give packages with `--policy`, or put a set as docs/operating.md shows",
        );
        return Ok(());
    }
    let set = SetDocument { otherwise: Otherwise::Deny, bindings };
    if current.is_none_or(|(_, current)| current != set) {
        server.put_set(&tenant, set, "lexgate serve")?;
    }
    Ok(())
}

/// Builds the policies of the project, if this is a clone of it.
fn shipped(json: bool) -> Result<Vec<lexgate_model::Verified<lexgate_model::Package>>> {
    let Ok(folders) = demo::shipped() else { return Ok(Vec::new()) };
    folders.iter().map(|folder| Ok(build::one(folder, Path::new(BUILT), false, json)?.package)).collect()
}

fn greet(server: &Server, url: &str, data: &Path, json: bool) -> Result<()> {
    let revision = server.set(&DEMO.parse()?).map(|(revision, _)| revision);
    if json {
        let data = data.display().to_string();
        return ambient::print_json_line(&json!({ "listening": url, "data": data, "demo": revision }));
    }
    ambient::print(&format!("lexgate listens on {url}, data in `{}`\n", data.display()))?;
    let Some(revision) = revision else { return Ok(()) };
    ambient::print(&format!(
        "tenant `{DEMO}` has set {revision}; try\n\n  curl -s {url}/v1/tenants/{DEMO}/decisions -H 'content-type: application/json' -d '{FIRST}'\n\n"
    ))
}
