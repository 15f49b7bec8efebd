//! What can be typed.

mod sets;

use crate::exit::Exit;
use clap::{Parser, Subcommand, ValueEnum};
pub(crate) use sets::{Sets, SetsWhat};
use std::path::PathBuf;

/// Runs other people's screening rules safely: may this vendor supply this service to this customer, on this date?
#[derive(Debug, Parser)]
#[command(name = "lexgate", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  permitted (or the command succeeded)
  1  could not answer (or the command failed)
  2  not permitted: review, licence-required or deny
  3  indeterminate: facts are missing, or obligations are open (see --fulfils-obligations)
  4  not applicable: no policy had anything to say
  5  a what-if was answered; never 0, so that no script takes it for a permit
A stream of requests ends with its worst line, in the order 1, 2, 3, 4, 0.

Start with `lexgate demo`.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build policies from source into packages.
    Build(Build),
    /// Show what a package declares, imports and weighs, without running it.
    Inspect(Inspect),
    /// Run the cases of policies in the real sandbox.
    Test(Test),
    /// Measure a policy: fuel, memory and time of an evaluation, and what preparing it takes.
    Bench(Bench),
    /// Show where the fuel of a policy goes, by function, as tables and as a flame graph.
    Profile(Profile),
    /// Decide requests and explain the decisions.
    Evaluate(Evaluate),
    /// Decide a request, and ask for the missing facts that can still change the decision.
    Ask(Ask),
    /// Show what policies say of a request over time: when the answer changes, and by which rule.
    Matrix(Matrix),
    /// Make a request of real ownership data: who owns and controls a party, as a register says.
    Import(Import),
    /// Show the facts that policies read: what to supply, and for whom.
    Facts(Facts),
    /// Print a JSON Schema (2020-12).
    Schema {
        /// Of what.
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Build the shipped policies and decide speaking requests about each rule system.
    Demo(Demo),
    /// Serve decisions over HTTP, with a record of each.
    Serve(Serve),
    /// Show and change the policy set of a tenant, at a server.
    Set(Sets),
    /// Read the log of a server: list, show, verify, holds, reindex, replay.
    Log(Log),
    /// Make one policy ready, as another process orders it on standard input.
    #[command(hide = true)]
    PrepareWorker,
}

/// What there are schemas of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Requests.
    Request,
    /// The configuration of `lexgate serve`.
    Config,
}

/// Build policies from source into packages.
///
/// A policy is a folder with `lexgate.toml` and, for a policy in Rust, `Cargo.toml`. Its package is one `.wasm` file that
/// holds the component, the manifest and the datasets; equal sources give equal bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  lexgate build plugins/anthropic-regions")]
pub(crate) struct Build {
    /// Folders of policies; this folder if none is given.
    pub(crate) dirs: Vec<PathBuf>,
    /// Where the packages go.
    #[arg(long, value_name = "DIR", default_value = "target/lexgate")]
    pub(crate) out: PathBuf,
    /// Take `Cargo.lock` as it is and use no network.
    #[arg(long)]
    pub(crate) frozen: bool,
}

/// Show what a package declares, imports and weighs, without running it.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// The package, a `.wasm` file.
    pub(crate) package: PathBuf,
}

/// Run the cases of policies in the real sandbox.
///
/// Builds each policy, then runs every case of `cases/*.yaml` beside its `lexgate.toml`, each in a fresh sandbox. Ends
/// with 0 if every case passed, else with 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  lexgate test plugins/*")]
pub(crate) struct Test {
    /// Folders of policies; this folder if none is given.
    pub(crate) dirs: Vec<PathBuf>,
    /// Only cases whose id contains this.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// Where the packages go.
    #[arg(long, value_name = "DIR", default_value = "target/lexgate")]
    pub(crate) out: PathBuf,
}

/// What is bound to policies.
#[derive(Debug, clap::Args)]
pub(crate) struct Bound {
    /// Parameters of a policy: JSON, or `@` and a file.
    #[arg(long, value_name = "POLICY=JSON")]
    pub(crate) parameters: Vec<String>,
    /// A dataset in place of the package's own, with the days it holds: `regions.csv`, `regions.csv,2026-01-01,` (from), or
    /// `regions.csv,2026-01-01,2026-06-30`.
    #[arg(long, value_name = "POLICY/NAME=FILE[,FROM,UNTIL]")]
    pub(crate) dataset: Vec<String>,
}

/// Measure a policy: fuel, memory and time of an evaluation, and what preparing it takes.
///
/// Fuel, memory and host calls are the same on every machine; times are of this one, as busy as it is. Each evaluation is a
/// fresh one, in a sandbox of its own: a thousand of each request, or as many as fit into two seconds, after some that do not
/// count. A folder of a policy is built, and its cases are the requests; those that use most fuel are measured. Ends with 0 if
/// it was measured, whatever came of it, else with 1.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate bench plugins/anthropic-regions\n  lexgate bench rules.wasm --request request.json --parameters rules='{\"strict\":false}'"
)]
pub(crate) struct Bench {
    /// The package, a `.wasm` file; or the folder of a policy.
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// The file of the request; `-` is standard input. Default: the cases of the policy, if it is a folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// What is bound to the policy.
    #[command(flatten)]
    pub(crate) bound: Bound,
    /// When to decide, for a request that does not say: a date or an instant. Default: now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Where the package of a folder goes.
    #[arg(long, value_name = "DIR", default_value = "target/lexgate")]
    pub(crate) out: PathBuf,
}

/// Show where the fuel of a policy goes, by function, as tables and as a flame graph.
///
/// Exact, and the same on every machine: nothing is sampled, and no clock is read. What a function used by itself is told
/// apart from what those it called used. Functions have the names that the component gives them; `lexgate build` keeps
/// them, and so do other toolchains unless they are told to strip them. Ends with 0 if there is a profile, whatever the
/// policy did, else with 1.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate profile target/lexgate/anthropic-regions.wasm --request request.json --out flame.svg\n  lexgate profile plugins/anthropic-regions --configure"
)]
pub(crate) struct Profile {
    /// The package, a `.wasm` file; or the folder of a policy, which is built.
    #[arg(value_name = "PKG")]
    pub(crate) package: PathBuf,
    /// The file of the request; `-` is standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "configure")]
    pub(crate) request: Option<PathBuf>,
    /// Profile how the policy is configured, which happens once, when it is prepared.
    #[arg(long, conflicts_with_all = ["request", "at"])]
    pub(crate) configure: bool,
    /// What is bound to the policy.
    #[command(flatten)]
    pub(crate) bound: Bound,
    /// When to decide, for a request that does not say: a date or an instant. Default: now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Where the flame graph goes, a picture in SVG.
    #[arg(long = "out", value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// How many functions are shown.
    #[arg(long, value_name = "COUNT", default_value_t = 15)]
    pub(crate) top: usize,
}

/// The policies of a set, and what is bound to them.
#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Packages, in the order of the set.
    #[arg(long = "policy", value_name = "PKG", required = true, num_args = 1..)]
    pub(crate) policies: Vec<PathBuf>,
    /// What is bound to them.
    #[command(flatten)]
    pub(crate) bound: Bound,
}

/// Decide requests and explain the decisions.
///
/// One request is JSON (its schema: `lexgate schema request`); many are NDJSON, one a line, decided in order as they come.
/// A bad line is reported with its number and the rest is decided. With `--json` each record is one line.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate evaluate --policy target/lexgate/anthropic-regions.wasm --request request.json\n  cat requests.ndjson | lexgate evaluate --policy rules.wasm --request - --json\n  lexgate evaluate --policy anthropic-regions.wasm --request r.json --parameters anthropic-regions='{\"strict\":false}'"
)]
pub(crate) struct Evaluate {
    /// With which policies.
    #[command(flatten)]
    pub(crate) set: Set,
    /// The file of the request, or of the requests, one a line; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// When to decide, for requests that do not say: a date or an instant. Default: now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Take proposed, announced and suspended rules as if they were in force.
    #[arg(long)]
    pub(crate) what_if: bool,
    /// Declare that you fulfil the obligations a permit comes with.
    #[arg(long)]
    pub(crate) fulfils_obligations: bool,
    /// What a fault of a policy counts as: `closed` is deny, `review` is between review and deny.
    #[arg(long, value_enum, default_value_t = FaultPosture::Closed)]
    pub(crate) posture: FaultPosture,
    /// Policies that are evaluated and shown but decide nothing.
    #[arg(long, value_name = "POLICY")]
    pub(crate) shadow: Vec<String>,
    /// The language of messages, a BCP 47 tag.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
    /// The input is NDJSON whatever its name or its first line looks like.
    #[arg(long)]
    pub(crate) ndjson: bool,
    /// Show what policies write to their log.
    #[arg(long)]
    pub(crate) log: bool,
}

/// Decide a request, and ask for the missing facts that can still change the decision.
///
/// What is asked for together settles an open finding, and a part of it may; the fewest facts come first, then those that settle
/// most. Answers are put into the request, and it is decided again. The file of the request stays as it is; `--out` writes the completed one.
/// Ends with the exit code of the decision, as `lexgate evaluate` does.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate ask --policy target/lexgate/anthropic-regions.wasm --request request.json\n  lexgate ask --policy rules.wasm --request r.json --answer '/parties/0/headquarters=\"SG\"' '/parties/0/ownership=\"complete\"' --out r2.json"
)]
pub(crate) struct Ask {
    /// With which policies.
    #[command(flatten)]
    pub(crate) set: Set,
    /// The file of the request; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// Values for places of the request: an RFC 6901 pointer, `=`, and JSON.
    #[arg(long = "answer", value_name = "POINTER=JSON", num_args = 1..)]
    pub(crate) answers: Vec<String>,
    /// Where the completed request goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// When to decide, for a request that does not say: a date or an instant. Default: now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Take proposed, announced and suspended rules as if they were in force.
    #[arg(long)]
    pub(crate) what_if: bool,
    /// Declare that you fulfil the obligations a permit comes with.
    #[arg(long)]
    pub(crate) fulfils_obligations: bool,
    /// The language of messages, a BCP 47 tag.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
}

/// Show what policies say of a request over time: when the answer changes, and by which rule.
///
/// A row for each policy and one for the whole set; a column for each time between the days on which a rule, a dataset or
/// something in the request begins or ends. Days that policies count by themselves are searched for: each column is asked
/// about on its first and last day (an open one on a day ten years off), and the day of a change between them is found. A
/// change that is undone within one column is not seen. Neighbours that decide alike are one column. The request's own time
/// does not matter. Ends with 0 if the matrix was made, whatever it says; with 5 under `--what-if`; with 1 if there is none.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate matrix --policy target/lexgate/*.wasm --request request.json\n  lexgate matrix --policy rules.wasm --request r.json --from 2025-01-01 --until 2027-12-31 --html matrix.html"
)]
pub(crate) struct Matrix {
    /// With which policies.
    #[command(flatten)]
    pub(crate) set: Set,
    /// The file of the request; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: PathBuf,
    /// The first day. Default: the time before the first change, and on.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// The last day. Default: open.
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// Take proposed, announced and suspended rules as if they were in force.
    #[arg(long)]
    pub(crate) what_if: bool,
    /// Where a page of HTML goes, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Where a picture in SVG goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// The language of messages, a BCP 47 tag.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
}

/// Show the facts that policies read: what to supply, and for whom.
///
/// The facts stand in the manifests of the policies: nothing is run. A fact that several policies read is shown once, with all
/// of its readers. Ends with 1 if two policies take one named fact for different types or units, else with 0.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate facts\n  lexgate facts --policy target/lexgate/kr-csap.wasm plugins/anthropic-regions\n  lexgate facts --markdown > facts.md"
)]
pub(crate) struct Facts {
    /// Packages, or folders of policies. Default: what was built into `target/lexgate`, here or above.
    #[arg(long = "policy", value_name = "PKG", num_args = 1..)]
    pub(crate) policies: Vec<PathBuf>,
    /// Print a page of Markdown.
    #[arg(long)]
    pub(crate) markdown: bool,
}

/// Make a request of real ownership data: who owns and controls a party, as a register says.
///
/// The files may be larger than memory: they are read several times, and only the neighbourhood of the parties is kept. The
/// request goes to standard output, the report on what could not be used to standard error. With `--json` both are one
/// object, `{ "request": …, "report": … }`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// From which data.
    #[command(subcommand)]
    pub(crate) from: ImportFrom,
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    /// GLEIF's golden copy: who consolidates whom, who manages which fund.
    Gleif(ImportGleif),
    /// Statements of the Beneficial Ownership Data Standard 0.4.
    Bods(ImportBods),
}

/// GLEIF's golden copy: who consolidates whom, who manages which fund.
///
/// The files are CSV, XML or JSON as they are published, unpacked. The register publishes no percentages: what comes out is
/// control, not shares.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  lexgate import gleif --entities lei2.csv --relationships rr.csv --exceptions repex.csv --party 5493001KJTIIGC8Y1R12 --category ai-model --out request.json"
)]
pub(crate) struct ImportGleif {
    /// Level 1: who is who.
    #[arg(long, value_name = "FILE")]
    pub(crate) entities: PathBuf,
    /// Level 2: relationships.
    #[arg(long, value_name = "FILE")]
    pub(crate) relationships: PathBuf,
    /// Level 2: why a parent is not reported.
    #[arg(long, value_name = "FILE")]
    pub(crate) exceptions: Option<PathBuf>,
    /// The parties.
    #[arg(long = "party", value_name = "LEI", required = true, num_args = 1..)]
    pub(crate) parties: Vec<String>,
    /// What the request says beside.
    #[command(flatten)]
    pub(crate) rest: ImportRest,
}

/// Statements of the Beneficial Ownership Data Standard 0.4.
///
/// Each file is a JSON list of statements, or has one statement a line. Of a record with several statements the one in
/// effect at `--at` speaks; when interests ended, the latest one says.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate import bods package.json --tree\n  lexgate import bods statements.ndjson --party GB-COH:01234567 --at 2025-09-05 --category ai-model"
)]
pub(crate) struct ImportBods {
    /// Files of statements.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The parties, by record id or by an identifier, `SCHEME:ID`. Default: the one subject that is declared.
    #[arg(long = "party", value_name = "ID", num_args = 1..)]
    pub(crate) parties: Vec<String>,
    /// What the request says beside.
    #[command(flatten)]
    pub(crate) rest: ImportRest,
}

/// What an imported request says beside.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportRest {
    /// Steps up from the parties, to those that hold interests in those met before.
    #[arg(long, default_value_t = 3)]
    pub(crate) depth: u32,
    /// When the request asks, and as of when the data is taken: a date or an instant. Default: that of `--into`, or now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// The role of the parties.
    #[arg(long, default_value = "endUser")]
    pub(crate) role: String,
    /// What is to be decided.
    #[arg(long, default_value = "supply", conflicts_with = "into")]
    pub(crate) action: String,
    /// By which channel.
    #[arg(long, conflicts_with = "into")]
    pub(crate) channel: Option<String>,
    /// Category of what is supplied, such as `ai-model`.
    #[arg(long, conflicts_with = "into")]
    pub(crate) category: Option<String>,
    /// A request that is kept as it is, and gets the parties and relationships beside its own.
    #[arg(long, value_name = "FILE")]
    pub(crate) into: Option<PathBuf>,
    /// Where the request goes, in place of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Draw who owns the parties. The request is then only written to `--out`.
    #[arg(long)]
    pub(crate) tree: bool,
}

/// What a fault counts as.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FaultPosture {
    /// `[deny, deny]`.
    Closed,
    /// `[review, deny]`.
    Review,
}

impl From<FaultPosture> for lexgate_model::decision::Posture {
    fn from(posture: FaultPosture) -> lexgate_model::decision::Posture {
        match posture {
            FaultPosture::Closed => lexgate_model::decision::Posture::Closed,
            FaultPosture::Review => lexgate_model::decision::Posture::Review,
        }
    }
}

/// Build the shipped policies and decide speaking requests about each rule system.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// The language of messages, a BCP 47 tag.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
}

/// Serve decisions over HTTP, with a record of each.
///
/// Without a configuration it listens on this machine alone, without authentication, and serves the tenant `demo` with the
/// policies given, or with those of `plugins/` in a clone of the project. Everything is kept in the data folder: the log, packages,
/// sets. A public address needs keys, thus a configuration. Ends on SIGTERM or SIGINT, when what was begun is done.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  lexgate serve\n  lexgate serve --data /var/lib/lexgate --policy target/lexgate/us-advanced-chips.wasm\n  lexgate serve --config lexgate-server.toml"
)]
pub(crate) struct Serve {
    /// The folder of everything that is kept. Default: `lexgate` in the user's data folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The configuration, TOML; unknown keys are refused.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where it listens. Default: 127.0.0.1:8181.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<std::net::SocketAddr>,
    /// Packages of the tenant `demo`.
    #[arg(long = "policy", value_name = "PKG", num_args = 1..)]
    pub(crate) policies: Vec<PathBuf>,
    /// Serve no tenant `demo`.
    #[arg(long, conflicts_with = "policies")]
    pub(crate) no_demo: bool,
}

/// Read the log of a server: list, show, verify, reindex, replay.
#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    /// The data folder of the server. Default: `lexgate` in the user's data folder.
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: LogWhat,
}

/// What can be done with a log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogWhat {
    /// List the last entries, oldest first; also beside a server that writes.
    List {
        /// Of which tenant.
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
        /// How many.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        last: usize,
    },
    /// Show an entry with its record.
    Show {
        /// Its id.
        id: String,
    },
    /// Check every checksum, number and commitment of the log. Ends with 0 if all hold, else with 1.
    Verify,
    /// List the holds that are in force: what must not be deleted, who said so, and why.
    Holds {
        /// Of which tenant.
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// Make the index again; the server must not run.
    Reindex,
    /// Run decisions again, with the packages and sets of the data folder, and compare. Ends with 0 if none is different.
    Replay {
        /// Which decisions.
        #[arg(value_name = "ID", required_unless_present = "all")]
        ids: Vec<String>,
        /// All of the log.
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

/// Prints help or what is wrong with the command line. That is no decision, so it never ends with the code of one.
pub(crate) fn refused(error: &clap::Error) -> Exit {
    // There is nobody left to tell if this fails.
    let _ = error.print();
    if error.use_stderr() { Exit::CouldNotAnswer } else { Exit::DONE }
}
