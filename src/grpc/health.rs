//! Health, per service and over all. Nothing is serving until somebody says so.

use tonic_health::{
    ServingStatus,
    pb::health_server::{Health, HealthServer},
    server::{HealthReporter, HealthService},
};

/// Tells health checks whether there is service.
#[derive(Clone, Debug)]
pub struct Readiness {
    reporter: HealthReporter,
    services: Vec<&'static str>,
}

impl Readiness {
    /// Not ready yet. `services` are the full names of those that are served.
    pub async fn not_ready(services: Vec<&'static str>) -> Self {
        let readiness = Self { reporter: HealthReporter::new(), services };
        readiness.set(false).await;
        readiness
    }

    /// Says of every service, and over all, whether it serves. Watchers hear of a change at once.
    pub async fn set(&self, is_ready: bool) {
        let status = if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing };
        // The empty name is the server as a whole.
        for service in self.services.iter().copied().chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
    }

    pub(super) fn service(&self) -> HealthServer<impl Health> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }
}
