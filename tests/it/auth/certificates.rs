//! Mutual TLS: whose certificate is whose, and which are none.

use anyhow::{Result, ensure};
use connector::{
    api::v1::{self, portal_service_client::PortalServiceClient, setup_service_client::SetupServiceClient},
    config::{AllPortals, CertificateConfig, Config, Portals, Required},
    domain::access::Scope,
    simulator::hubspot::seed,
};
use secrecy::ExposeSecret as _;
use tonic::{Request, Status, transport::Channel};

use super::{
    authority::{Authority, EXPIRED, FINE, Folder, Issued, NOT_YET, connect},
    call, call_with, is_the_one_refusal,
};
use crate::harness::{World, eventually, walk::request_id};

const CRM: &str = "spiffe://corp.example/ns/crm/sa/wizard";

fn rule(san: &str, principal: Option<&str>) -> CertificateConfig {
    CertificateConfig {
        san: san.to_owned(),
        principal: principal.map(str::to_owned),
        scopes: Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect(),
        portals: Portals::All(AllPortals::Star),
    }
}

struct Scene {
    world: World,
    folder: Folder,
    authority: Authority,
}

impl Scene {
    async fn open(adjust: impl FnOnce(&mut Config)) -> Result<Self> {
        let (authority, folder) = (Authority::new()?, Folder::new()?);
        folder.serve(&authority.server()?)?;
        folder.write("clients.pem", &authority.pem())?;
        folder.write("clients.crl", &authority.revoke(&[])?)?;
        let world = World::start_with(|config| {
            folder.configure(config);
            config.tls.client_ca_file = Some(folder.path("clients.pem"));
            config.tls.client_crl_file = Some(folder.path("clients.crl"));
            config.auth.certificates = vec![
                rule("spiffe://corp.example/ns/crm/*", Some("crm-service")),
                rule("spiffe://corp.example/ns/ops/sa/on-call", None),
                rule("batch.corp.example", Some("batch")),
            ];
            adjust(config);
        })
        .await?;
        Ok(Self { world, folder, authority })
    }

    /// A connection with a certificate; where the handshake fails, the first call may be what tells.
    async fn channel(&self, client: Option<&Issued>) -> Result<Channel> {
        connect(self.world.url(0), &self.authority.pem(), client).await
    }

    /// A call by certificate alone.
    async fn call(&self, client: &Issued) -> Result<(), Status> {
        match self.channel(Some(client)).await {
            Ok(channel) => call_with(&channel, &[]).await,
            Err(error) => Err(Status::unavailable(format!("{error:#}"))),
        }
    }
}

/// Who answered a step, as the service has it.
async fn answered_by(channel: &Channel) -> Result<String> {
    let method = v1::HubSpotStaticToken { token: seed::TOKEN_A.to_owned() };
    let credential =
        v1::HubSpotCredential { method: Some(v1::hub_spot_credential::Method::StaticToken(method)) };
    let request = v1::RegisterPortalRequest {
        request_id: request_id(),
        credential: Some(credential),
        ..Default::default()
    };
    let registered = PortalServiceClient::new(channel.clone()).register_portal(request).await?.into_inner();
    let portal_id = registered.portal.unwrap_or_default().portal_id;
    let mut setups = SetupServiceClient::new(channel.clone());
    let request = v1::StartSetupRequest { request_id: request_id(), portal_id };
    let setup_id = setups.start_setup(request).await?.into_inner().setup.unwrap_or_default().setup_id;
    let request = v1::AcknowledgePrerequisitesRequest {
        request_id: request_id(),
        setup_id,
        acknowledged: true,
        subscription: v1::HubSpotSubscription::Professional.into(),
        ..Default::default()
    };
    let setup = setups.acknowledge_prerequisites(Request::new(request)).await?.into_inner().setup;
    let steps = setup.unwrap_or_default().steps;
    Ok(steps.into_iter().map(|step| step.answered_by).find(|by| !by.is_empty()).unwrap_or_default())
}

#[tokio::test]
async fn a_spiffe_id_is_a_principal_and_other_certificates_are_nobody() -> Result<()> {
    let scene = Scene::open(|_| ()).await?;
    let authority = &scene.authority;
    let crm = authority.client(CRM, FINE)?;
    ensure!(answered_by(&scene.channel(Some(&crm)).await?).await? == "crm-service");
    scene.call(&authority.client("spiffe://corp.example/ns/ops/sa/on-call", FINE)?).await?;
    scene.call(&authority.client("batch.corp.example", FINE)?).await?;

    // Good certificates that are mapped to nobody: told by a status.
    for stranger in [
        "spiffe://corp.example/ns/crm",
        "spiffe://corp.example/ns/crmx/sa/wizard",
        "spiffe://corp.example.evil/ns/crm/sa/wizard",
        "spiffe://corp.example/ns/crm/../ops",
        "spiffe://corp.example/ns/ops/sa/on-call/more",
        "https://corp.example/ns/crm/sa/wizard",
        "other.corp.example",
    ] {
        let status = scene.call(&authority.client(stranger, FINE)?).await;
        let Err(status) = status else { anyhow::bail!("{stranger} was let in") };
        is_the_one_refusal(&status).map_err(|error| error.context(stranger))?;
    }
    let Err(status) = call_with(&scene.channel(None).await?, &[]).await else {
        anyhow::bail!("no certificate")
    };
    is_the_one_refusal(&status)?;

    // Certificates that are not good: the handshake fails.
    for (what, issued) in [
        ("another authority", Authority::new()?.client(CRM, FINE)?),
        ("expired", authority.client(CRM, EXPIRED)?),
        ("not valid yet", authority.client(CRM, NOT_YET)?),
        ("for servers", authority.no_client(CRM)?),
        ("the key of another", Issued { key: authority.client(CRM, FINE)?.key, ..crm.clone() }),
    ] {
        ensure!(scene.call(&issued).await.is_err(), "{what}: let in");
    }
    scene.call(&crm).await?;
    Ok(())
}

#[tokio::test]
async fn a_revoked_certificate_and_a_withdrawn_authority_are_refused_without_a_restart() -> Result<()> {
    let scene = Scene::open(|_| ()).await?;
    let (one, other) = (scene.authority.client(CRM, FINE)?, scene.authority.client(CRM, FINE)?);
    scene.call(&one).await?;
    scene.folder.write("clients.crl", &scene.authority.revoke(&[&one])?)?;
    eventually("the revoked one is refused", async || Ok(scene.call(&one).await.err())).await?;
    scene.call(&other).await?;
    let new = Authority::new()?;
    scene.folder.write("clients.pem", &new.pem())?;
    eventually("the old authority is gone", async || Ok(scene.call(&other).await.err())).await?;
    scene.call(&new.client(CRM, FINE)?).await?;
    Ok(())
}

#[tokio::test]
async fn token_or_certificate_and_the_token_decides() -> Result<()> {
    let scene = Scene::open(|_| ()).await?;
    let token = scene.world.token.expose_secret();
    let crm = scene.authority.client(CRM, FINE)?;
    call(&scene.channel(None).await?, token).await?;
    let both = scene.channel(Some(&crm)).await?;
    call(&both, token).await?;
    call_with(&both, &[]).await?;
    // A bad token is not made good by a certificate.
    let Err(status) = call(&both, "x.y.z").await else { anyhow::bail!("a bad token was let in") };
    is_the_one_refusal(&status)
}

#[tokio::test]
async fn where_both_are_demanded_one_is_not_enough() -> Result<()> {
    let scene = Scene::open(|config| config.auth.require = Required::Both).await?;
    let token = scene.world.token.expose_secret();
    let crm = scene.authority.client(CRM, FINE)?;
    let stranger = scene.authority.client("stranger.example", FINE)?;
    let both = scene.channel(Some(&crm)).await?;
    call(&both, token).await?;
    for refused in [
        call_with(&both, &[]).await,
        call(&both, "x.y.z").await,
        call(&scene.channel(None).await?, token).await,
        call(&scene.channel(Some(&stranger)).await?, token).await,
        call_with(&scene.channel(None).await?, &[]).await,
    ] {
        let Err(status) = refused else { anyhow::bail!("one was enough") };
        is_the_one_refusal(&status)?;
    }
    Ok(())
}

#[tokio::test]
async fn certificates_alone_need_no_tokens() -> Result<()> {
    let scene = Scene::open(|config| config.auth.jwks = None).await?;
    let crm = scene.authority.client(CRM, FINE)?;
    let channel = scene.channel(Some(&crm)).await?;
    call_with(&channel, &[]).await?;
    let Err(status) = call(&channel, scene.world.token.expose_secret()).await else {
        anyhow::bail!("a token was taken without keys for tokens")
    };
    is_the_one_refusal(&status)
}
