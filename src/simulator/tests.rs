//! The faults and the control API, seen by a real HTTP client.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::time::{Duration, Instant};

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    RunningSimulators, SimulatorConfig,
    clock::Clock,
    fault::{Action, FaultPlan, Point},
    frame::Frame,
    serve,
};

struct Echo {
    url: String,
    frame: Frame,
    stop: CancellationToken,
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Echo {
    async fn start() -> Self {
        let frame = Frame::new(Clock::new());
        let listener = serve::bind("Echo", ([127, 0, 0, 1], 0).into()).await.unwrap();
        let url = listener.base_url();
        let stop = CancellationToken::new();
        let journal = frame.journal.clone();
        let routes = Router::new().route(
            "/echo",
            post(move |Json(body): Json<Value>| async move {
                journal.count("effects", "echo");
                Json(json!({"echo": body, "padding": "x".repeat(4000)}))
            }),
        );
        listener.serve(frame.clone(), routes, stop.clone(), &TaskTracker::new());
        Self { url, frame, stop }
    }

    fn effects(&self) -> u64 {
        self.frame.journal.counter("effects", "echo")
    }

    async fn post(&self) -> reqwest::Result<String> {
        let client = reqwest::Client::new();
        let response = client.post(format!("{}/echo", self.url)).json(&json!({"a": 1})).send().await?;
        response.error_for_status()?.text().await
    }

    fn arm(&self, action: Action) -> super::fault::FaultHandle {
        self.frame.faults.add(FaultPlan::on("POST", "/echo", action).times(1))
    }
}

#[tokio::test]
async fn a_cut_closes_the_connection_and_only_after_has_the_effect() {
    let echo = Echo::start().await;
    echo.arm(Action::Cut { point: Point::Before });
    let error = echo.post().await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(echo.effects(), 0);

    echo.arm(Action::Cut { point: Point::After });
    let error = echo.post().await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
    assert_eq!(echo.effects(), 1);

    assert!(echo.post().await.unwrap().contains("echo"));
}

#[tokio::test]
async fn a_truncated_body_fails_to_be_read() {
    let echo = Echo::start().await;
    echo.arm(Action::Truncate { bytes: 10 });
    let error = echo.post().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(echo.effects(), 1);
}

#[tokio::test]
async fn a_trickle_arrives_whole_and_late() {
    let echo = Echo::start().await;
    echo.arm(Action::Trickle { chunk_bytes: 10, interval_millis: 20 });
    let started = Instant::now();
    let text = echo.post().await.unwrap();
    assert!(text.contains("padding"));
    assert!(started.elapsed() >= Duration::from_millis(40), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_substituted_answer_can_come_with_the_effect() {
    let echo = Echo::start().await;
    let answer = |point| Action::Respond { status: 503, headers: [].into(), body: "{}".to_owned(), point };
    echo.arm(answer(Point::Before));
    assert_eq!(echo.post().await.unwrap_err().status().unwrap(), 503);
    assert_eq!(echo.effects(), 0);
    echo.arm(answer(Point::After));
    assert_eq!(echo.post().await.unwrap_err().status().unwrap(), 503);
    assert_eq!(echo.effects(), 1);
}

#[tokio::test]
async fn a_held_request_goes_on_when_its_plan_is_removed() {
    let echo = Echo::start().await;
    let held = echo.arm(Action::Hold { point: Point::Before });
    let (answer, ()) = tokio::join!(echo.post(), async {
        held.wait_for_hits(1).await;
        assert_eq!(echo.effects(), 0);
        held.remove();
    });
    assert!(answer.unwrap().contains("echo"));
    assert_eq!(echo.effects(), 1);
}

#[tokio::test]
async fn the_effect_happens_although_the_client_hung_up() {
    let echo = Echo::start().await;
    let held = echo.arm(Action::Hold { point: Point::Before });
    tokio::select! {
        answer = echo.post() => panic!("answered: {answer:?}"),
        () = held.wait_for_hits(1) => {}
    }
    held.remove();
    let happened = async {
        while echo.effects() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), happened).await.unwrap();
}

#[tokio::test]
async fn http2_with_prior_knowledge_and_gzip_are_served() {
    let echo = Echo::start().await;
    let client = reqwest::Client::builder().no_gzip().http2_prior_knowledge().build().unwrap();
    let response = client
        .post(format!("{}/echo", echo.url))
        .header("accept-encoding", "gzip")
        .json(&json!({"a": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.headers()["content-encoding"], "gzip");
}

async fn started() -> RunningSimulators {
    super::start(SimulatorConfig::default()).await.unwrap()
}

#[tokio::test]
async fn faults_clock_and_journal_are_reached_over_http() {
    let running = started().await;
    let client = reqwest::Client::new();
    for base in [&running.salesforce_url, &running.hubspot_url] {
        let plan = json!({"match": {"path": "/nowhere"}, "times": 1,
            "action": {"type": "respond", "status": 418, "body": "short and stout"}});
        let armed = client.post(format!("{base}/_control/faults")).json(&plan).send().await.unwrap();
        assert_eq!(armed.status(), 201);
        let hit = client.get(format!("{base}/nowhere?a=b")).send().await.unwrap();
        assert_eq!(hit.status(), 418);
        let calls: Value =
            client.get(format!("{base}/_control/calls")).send().await.unwrap().json().await.unwrap();
        assert_eq!(calls["calls"][0]["path"], "/nowhere");
        assert_eq!(calls["calls"][0]["query"], "a=b");
        let reset = client.post(format!("{base}/_control/reset")).send().await.unwrap();
        assert_eq!(reset.status(), 204);
        let faults: Value =
            client.get(format!("{base}/_control/faults")).send().await.unwrap().json().await.unwrap();
        assert_eq!(faults["faults"], json!([]));
    }
    let clock = format!("{}/_control/clock", running.hubspot_url);
    let moved = client.post(&clock).json(&json!({"advance_seconds": 3600})).send().await.unwrap();
    assert_eq!(moved.status(), 200);
    assert_eq!(running.clock.offset(), time::Duration::hours(1));
    running.shutdown().await;
}
