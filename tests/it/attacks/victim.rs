//! A server in a process of its own, and what the system knows of it.

use std::{fs, net::SocketAddr, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, ensure};
use connector::{api::v1, simulator::hubspot::seed};
use secrecy::ExposeSecret as _;

use super::witness::{Dial, Witness};
use crate::{
    harness::{World, walk::Clients},
    kills::process::Process,
};

pub const GET_PORTAL: &str = "/connector.v1.PortalService/GetPortal";
pub const WATCH: &str = "/connector.v1.SyncService/WatchSyncStatus";
/// A message without any field.
pub const EMPTY_MESSAGE: [u8; 5] = [0; 5];

/// A server that is attacked.
pub struct Victim {
    pub world: World,
    pub process: Process,
    /// A portal that is registered.
    pub portal_id: i64,
    /// The most memory that it had before the attack, in KiB.
    calm_kib: u64,
    /// Files and sockets that it had open before the attack.
    pub calm_descriptors: usize,
}

impl Victim {
    /// A server with these settings.
    pub async fn start(more: &[(&str, &str)]) -> Result<Self> {
        let world = World::without_server(|_| ()).await?;
        let (settings, errors) = (with_heartbeat(more), Stdio::inherit());
        let process = Process::start_with(&world, "", &settings, Stdio::null(), errors).await?;
        Self::warm(world, process).await
    }

    /// The same, with so many file descriptors and no more.
    pub async fn start_with_descriptors(descriptors: u32, more: &[(&str, &str)]) -> Result<Self> {
        let world = World::without_server(|_| ()).await?;
        let process = Process::start_with_descriptors(&world, descriptors, &with_heartbeat(more)).await?;
        Self::warm(world, process).await
    }

    async fn warm(world: World, process: Process) -> Result<Self> {
        let clients = process.clients().await?;
        let portal_id = clients.register(seed::TOKEN_A).await?;
        // Pools fill and caches warm before anything is measured.
        for _ in 0..50 {
            let request = v1::GetPortalRequest { portal_id };
            clients.portals.clone().get_portal(request).await?;
        }
        let mut victim = Self { world, process, portal_id, calm_kib: 0, calm_descriptors: 0 };
        victim.calm_kib = peak_kib(victim.process.id()?)?;
        victim.calm_descriptors = victim.descriptors()?;
        drop(clients);
        Ok(victim)
    }

    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.process.url.trim_start_matches("http://").parse()?)
    }

    pub fn token(&self) -> &str {
        self.world.token.expose_secret()
    }

    pub async fn clients(&self) -> Result<Clients> {
        self.process.clients().await
    }

    /// Somebody who works with the server meanwhile.
    pub async fn witness(&self) -> Result<Witness> {
        Witness::begin(Dial::plain(&self.process.url, &self.world.token), self.portal_id).await
    }

    /// A call of the warmed portal, as its message.
    pub fn get_portal(&self) -> Vec<u8> {
        use prost::Message as _;
        let message = v1::GetPortalRequest { portal_id: self.portal_id }.encode_to_vec();
        let mut bytes = vec![0];
        bytes.extend(u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
        bytes.extend(message);
        bytes
    }

    /// Fails when the process ever had more than so many MiB more than before the attack.
    pub fn ensure_small(&self, mib: u64) -> Result<u64> {
        let grown = peak_kib(self.process.id()?)?.saturating_sub(self.calm_kib) / 1_024;
        ensure!(grown <= mib, "the server grew by {grown} MiB, more than {mib}");
        Ok(grown)
    }

    /// Files and sockets that it has open.
    pub fn descriptors(&self) -> Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.process.id()?))?.count())
    }

    /// Processor time that it takes within a while, as a share of one processor.
    pub async fn load(&self, time: Duration) -> Result<f64> {
        let before = self.processor_time()?;
        let began = std::time::Instant::now();
        tokio::time::sleep(time).await;
        Ok((self.processor_time()? - before) / began.elapsed().as_secs_f64())
    }

    /// In seconds.
    fn processor_time(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()?))?;
        // The name before the parenthesis may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let ticks: u32 =
            fields.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap_or(0_u32)).sum();
        // Linux shows a hundred of them a second on every machine.
        Ok(f64::from(ticks) / 100.0)
    }
}

fn with_heartbeat<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    // The last one counts.
    [("CONNECTOR_GRPC__HEARTBEAT", "200ms")].into_iter().chain(more.iter().copied()).collect()
}

/// The most memory that a process ever had, in KiB.
pub fn peak_kib(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// As many descriptors for this program as the machine allows: it has both ends of a thousand connections to hold.
pub fn raise_own_descriptors() -> Result<()> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
