//! What `lexgate serve` tells of itself: a log on standard error, and traces over OTLP where a collector is named.

use crate::ambient;
use anyhow::{Context, Result};
use async_trait::async_trait;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal;
use std::time::Duration;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How long a collector may take for a batch of spans.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of its answer, which says nothing that is used.
const MOST_ANSWER_BYTES: u64 = 1 << 16;

/// What is told, until it is dropped: then what waits is sent.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.0.take()
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last spans were not taken");
        }
    }
}

/// Starts telling. A collector that is not there loses spans, and nothing else.
///
/// # Errors
/// When the address of the collector is none.
pub(crate) fn start(collector: Option<&str>, json: bool) -> Result<Telemetry> {
    let wanted = ambient::variable("LEXGATE_LOG").and_then(|level| level.parse().ok());
    let level: LevelFilter = wanted.unwrap_or(LevelFilter::INFO);
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let log = if json {
        log.json().with_filter(level).boxed()
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).with_filter(level).boxed()
    };
    let traces = collector.map(exporting).transpose()?;
    let spans = traces.as_ref().map(|traces| {
        // Our own spans, and none of what sends them.
        let ours = Targets::new().with_target("lexgate", LevelFilter::DEBUG);
        tracing_opentelemetry::layer().with_tracer(traces.tracer("lexgate")).with_filter(ours)
    });
    // Somebody else's, if it is there already, will do.
    let _ = tracing_subscriber::registry().with(log).with(spans).try_init();
    Ok(Telemetry(traces))
}

fn exporting(collector: &str) -> Result<SdkTracerProvider> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .tls_config(crate::client::tls(None)?);
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Blocking(agent.build().into()))
        .with_endpoint(collector)
        .with_timeout(PATIENCE)
        .build()
        .with_context(|| format!("`{collector}` is no address of an OTLP collector"))?;
    let resource = Resource::builder().with_service_name("lexgate").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Sends from the thread of the exporter, which has nothing else to do.
#[derive(Debug)]
struct Blocking(ureq::Agent);

#[async_trait]
impl HttpClient for Blocking {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let mut answer = self.0.run(Request::from_parts(head, body.as_ref()))?;
        let status = answer.status();
        let told = answer.body_mut().with_config().limit(MOST_ANSWER_BYTES).read_to_vec()?;
        Ok(Response::builder().status(status).body(told.into())?)
    }
}
