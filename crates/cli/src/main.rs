//! `lexgate`, the one binary. It wires everything and holds all ambient authority: files, environment, clock, terminal.

mod ambient;
mod args;
mod ask;
mod bench;
mod build;
mod client;
mod demo;
mod engine;
mod evaluate;
mod exit;
mod explain;
mod facts;
mod import;
mod inspect;
mod lines;
mod log;
mod matrix;
mod profile;
mod question;
mod serve;
mod serve_config;
mod set;
mod sets;
mod telemetry;
mod test;
mod tree;

use args::{Args, Command, SchemaOf};
use clap::Parser;
use exit::Exit;
use lexgate_model::Request;

/// Requests are read by one thread and dropped by another, which the system's allocator does slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return args::refused(&error).into(),
    };
    let json = args.json;
    let result = match args.command {
        Command::Build(build) => build::run(&build, json),
        Command::Inspect(inspect) => inspect::run(&inspect, json),
        Command::Test(test) => test::run(&test, json),
        Command::Bench(bench) => bench::run(&bench, json),
        Command::Profile(profile) => profile::run(&profile, json),
        Command::Evaluate(evaluate) => evaluate::run(&evaluate, json),
        Command::Ask(ask) => ask::run(&ask, json),
        Command::Matrix(matrix) => matrix::run(&matrix, json),
        Command::Import(import) => import::run(&import, json),
        Command::Facts(facts) => facts::run(&facts, json),
        Command::Schema { of: SchemaOf::Request } => ambient::print_json(&Request::json_schema()),
        Command::Schema { of: SchemaOf::Config } => ambient::print_json(&serve_config::schema()),
        Command::Demo(demo) => demo::run(&demo, json),
        Command::Serve(serve) => serve::run(&serve, json),
        Command::Set(sets) => sets::run(&sets, json),
        Command::Log(log) => log::run(&log, json),
        Command::PrepareWorker => engine::work(),
    };
    result.unwrap_or_else(|error| ambient::report(&error, json)).into()
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit.code())
    }
}
