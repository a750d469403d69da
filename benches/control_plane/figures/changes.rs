//! From a change to those who watch it, against a raw LISTEN and against etcd.

use anyhow::Result;

use super::usual_database;
use crate::{
    bed::{Bed, Database},
    figure::{Draft, Figure, Goal},
    latency::{Delay, Latency, Subject},
    load::Target,
    pgbench,
};

/// Watchers, changes a second, and how many changes: all leave the machine time to breathe.
const SCENES: [(usize, f64, usize, [f64; 3]); 3] = [
    (1, 100.0, 500, [1.5, 1.15, 1.05]),
    (100, 50.0, 250, [2.0, 1.5, 1.2]),
    (1_000, 10.0, 60, [3.0, 2.2, 1.5]),
];

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let first = bed.server(&database).await?;
    let second = bed.server(&database).await?;
    let mut figures = Vec::new();
    for (watchers, per_second, changes, [floor, target, moonshot]) in SCENES {
        let scene = Scene {
            watchers: bed.settings.size(watchers, watchers.min(5)),
            per_second,
            changes: bed.settings.size(changes, 10),
        };
        let mut rounds = Rounds::default();
        for _ in 0..bed.settings.pairs {
            rounds.here.push(scene.ours(&database, &first.target, &first.target).await?);
            rounds.other.push(scene.ours(&database, &first.target, &second.target).await?);
            if let Some(etcd) = &bed.etcd {
                rounds.etcd.push(scene.delay(Subject::Etcd, &etcd.target, &etcd.target).await?);
            }
        }
        figures.extend(rounds.figures(watchers, Goal::lower(floor, target, moonshot)));
    }
    first.stop().await?;
    second.stop().await?;
    Ok(figures)
}

struct Scene {
    watchers: usize,
    per_second: f64,
    changes: usize,
}

impl Scene {
    async fn ours(&self, database: &Database, writer: &Target, watched: &Target) -> Result<Delay> {
        self.delay(
            Subject::Setup { database_url: database.url.clone(), step: pgbench::step(database) },
            writer,
            watched,
        )
        .await
    }

    async fn delay(&self, subject: Subject, writer: &Target, watched: &Target) -> Result<Delay> {
        let latency = Latency {
            subject,
            writer: writer.clone(),
            watched: watched.clone(),
            watchers: self.watchers,
            connections: self.watchers.min(10),
            changes: self.changes,
            per_second: self.per_second,
        };
        latency.run().await
    }
}

#[derive(Default)]
struct Rounds {
    /// Written to and watched on the same server.
    here: Vec<Delay>,
    /// Watched on another one.
    other: Vec<Delay>,
    etcd: Vec<Delay>,
}

impl Rounds {
    fn figures(&self, watchers: usize, goal: Goal) -> Vec<Figure> {
        let against_listen = |delays: &[Delay]| -> Vec<(f64, f64)> {
            delays.iter().map(|delay| (delay.p99_ms, delay.listen_p99_ms)).collect()
        };
        let subject = |what: &str| format!("{what}, {watchers} watchers");
        let mut figures = vec![
            Draft::new(format!("changes/listen_{watchers}"), subject("change to client, p99"), "ms")
                .against("raw LISTEN, p99")
                .goal(goal)
                .paired(&against_listen(&self.here)),
            Draft::new(
                format!("changes/replica_listen_{watchers}"),
                subject("through a second replica, p99"),
                "ms",
            )
            .against("raw LISTEN, p99")
            .goal(goal)
            .paired(&against_listen(&self.other)),
        ];
        for (name, what, delays) in [
            ("etcd", "change to client, p50", &self.here),
            ("replica_etcd", "through a second replica, p50", &self.other),
        ] {
            let pairs: Vec<(f64, f64)> =
                delays.iter().zip(&self.etcd).map(|(ours, theirs)| (ours.p50_ms, theirs.p50_ms)).collect();
            if pairs.is_empty() {
                continue;
            }
            let mut figure = Draft::new(format!("changes/{name}_{watchers}"), subject(what), "ms")
                .against("etcd put to watch, p50");
            if watchers == 1_000 {
                figure = figure.goal(Goal::lower(0.8, 0.55, 0.3));
            }
            figures.push(figure.paired(&pairs));
        }
        figures
    }
}
