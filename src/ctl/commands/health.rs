//! `health`: the standard gRPC health service, asked for the server and for each of its services.

use serde_json::json;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::ctl::{
    context::Context,
    error::Error,
    exit::Exit,
    output::{self, Format},
};

/// The empty name is the server as a whole.
const SERVICES: [&str; 9] = [
    "",
    "connector.v1.PortalService",
    "connector.v1.SetupService",
    "connector.v1.ConnectionService",
    "connector.v1.KeyService",
    "connector.v1.OrgService",
    "connector.v1.InclusionListService",
    "connector.v1.TestContactService",
    "connector.v1.SyncService",
];

pub async fn run(context: &Context) -> Result<Exit, Error> {
    let mut answers = Vec::with_capacity(SERVICES.len());
    for service in SERVICES {
        answers.push((service, ask(context, service).await?));
    }
    let is_serving = answers.iter().all(|(_, status)| *status == ServingStatus::Serving);
    match context.format {
        Format::Json => {
            let services: serde_json::Map<_, _> = answers
                .iter()
                .filter(|(service, _)| !service.is_empty())
                .map(|(service, status)| ((*service).to_owned(), json!(status.as_str_name())))
                .collect();
            output::write(&format!("{:#}", json!({"serving": is_serving, "services": services})))?;
        }
        Format::Table => output::write(&table(&answers, context))?,
    }
    Ok(if is_serving { Exit::Ok } else { Exit::Unavailable })
}

async fn ask(context: &Context, service: &str) -> Result<ServingStatus, Error> {
    let client = &context.client;
    let message = HealthCheckRequest { service: service.to_owned() };
    let check = async |request| HealthClient::new(client.line()).check(request).await;
    match client.read(message, check).await {
        Ok(answer) => Ok(answer.status()),
        Err(error) if error.status().is_some_and(|status| status.code() == Code::NotFound) => {
            Ok(ServingStatus::ServiceUnknown)
        }
        Err(error) => Err(error),
    }
}

fn table(answers: &[(&str, ServingStatus)], context: &Context) -> String {
    let lang = context.view.lang;
    let line = |(service, status): &(&str, ServingStatus)| {
        let name = if service.is_empty() { lang.text("ctl-serving-server") } else { (*service).to_owned() };
        let (mark, key) = match status {
            ServingStatus::Serving => ("✓", "ctl-serving"),
            ServingStatus::NotServing => ("✗", "ctl-serving-not"),
            ServingStatus::ServiceUnknown | ServingStatus::Unknown => ("?", "ctl-serving-unknown"),
        };
        format!("{mark} {name}: {}\n", lang.text(key))
    };
    answers.iter().map(line).collect()
}
