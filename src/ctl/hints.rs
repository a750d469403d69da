//! What to do next: the command of this tool that leads on from a refusal.

use tonic::Code;

use super::lang::Lang;
use crate::api::v1::ErrorReason;

/// The next thing to do, where this tool knows one. `request_id` is that of a mutation whose outcome is not known.
pub fn next(code: Code, reason: Option<&str>, request_id: Option<&str>, lang: Lang) -> Option<String> {
    let by_reason = reason
        .and_then(|reason| ErrorReason::from_str_name(&format!("ERROR_REASON_{reason}")))
        .and_then(of_reason)
        .map(|(en, ja)| lang.pick(en, ja).to_owned());
    if matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        && let Some(id) = request_id
    {
        return Some(match lang {
            Lang::En => format!(
                "run the same command again with --request-id {id}: it is done once, whether or not it got through."
            ),
            Lang::Ja => format!(
                "同じコマンドに --request-id {id} を付けて再実行してください。届いていたかどうかにかかわらず、処理は一度だけ行われます。"
            ),
        });
    }
    by_reason.or_else(|| of_code(code).map(|(en, ja)| lang.pick(en, ja).to_owned()))
}

fn of_reason(reason: ErrorReason) -> Option<(&'static str, &'static str)> {
    of_general(reason)
        .or_else(|| of_wizard(reason))
        .or_else(|| of_connecting(reason))
        .or_else(|| of_records(reason))
}

fn of_general(reason: ErrorReason) -> Option<(&'static str, &'static str)> {
    use ErrorReason as R;
    Some(match reason {
        R::RequestIdReused => (
            "leave --request-id out: a fresh one is made for each command.",
            "--request-id を外してください。コマンドごとに新しい ID が作られます。",
        ),
        R::EtagMismatch | R::ConflictingChange => (
            "look at the current state ('… get'), then run the command again with its etag.",
            "「… get」で現在の状態を確認し、その etag を付けて再実行してください。",
        ),
        R::ResumeTokenInvalid => {
            ("watch again without --resume-token.", "--resume-token を付けずに watch し直してください。")
        }
        R::PortalNotFound => (
            "'connectorctl portals list' shows those that are registered; 'connectorctl portals register' adds one.",
            "登録済みのポータルは connectorctl portals list で確認でき、connectorctl portals register で追加できます。",
        ),
        R::SetupNotFound => (
            "'connectorctl setup list' shows them; 'connectorctl setup start --portal PORTAL' starts one.",
            "一覧は connectorctl setup list、開始は connectorctl setup start --portal PORTAL です。",
        ),
        R::ConnectionNotFound => (
            "'connectorctl connections list' shows those there are.",
            "一覧は connectorctl connections list で確認できます。",
        ),
        R::OrgNotFound => (
            "'connectorctl orgs list' shows those there are.",
            "一覧は connectorctl orgs list で確認できます。",
        ),
        R::TestContactNotFound => (
            "'connectorctl test-contact list PORTAL' shows those there are.",
            "一覧は connectorctl test-contact list PORTAL で確認できます。",
        ),
        R::SmartListNotFound | R::ListNotSmart => (
            "'connectorctl lists list PORTAL' shows the smart lists that can be chosen.",
            "選択できるスマートリストは connectorctl lists list PORTAL で確認できます。",
        ),
        R::Unauthenticated => (
            "give a token: --token-file, CONNECTOR_TOKEN or --ready-file.",
            "--token-file、CONNECTOR_TOKEN または --ready-file でトークンを指定してください。",
        ),
        R::PermissionDenied => (
            "ask whoever runs the service for a token that may do this.",
            "この操作を許可されたトークンをサービスの運用担当者に依頼してください。",
        ),
        R::InternalError => (
            "give the request id to whoever runs the service; it leads to the log lines.",
            "リクエスト ID をサービスの運用担当者に伝えてください。ログを特定できます。",
        ),
        _ => return None,
    })
}

fn of_wizard(reason: ErrorReason) -> Option<(&'static str, &'static str)> {
    use ErrorReason as R;
    Some(match reason {
        R::SetupStepNotReached => (
            "answer the steps above first: 'connectorctl setup wizard --portal PORTAL' goes on where it was.",
            "先に上記のステップに回答してください。connectorctl setup wizard --portal PORTAL で続きから再開できます。",
        ),
        R::SetupNotActive => (
            "'connectorctl setup start --portal PORTAL' starts a new one.",
            "connectorctl setup start --portal PORTAL で新しく開始してください。",
        ),
        R::SetupHasConnection => (
            "'connectorctl connections disconnect PORTAL' first.",
            "先に connectorctl connections disconnect PORTAL を実行してください。",
        ),
        R::PrerequisitesNotAcknowledged => (
            "read 'connectorctl setup describe', then add --acknowledged.",
            "connectorctl setup describe を読み、--acknowledged を付けてください。",
        ),
        R::SandboxNotesNotAcknowledged => (
            "read 'connectorctl setup describe', then add --sandbox-notes-acknowledged.",
            "connectorctl setup describe を読み、--sandbox-notes-acknowledged を付けてください。",
        ),
        R::PackageNotConfirmed => (
            "install the package in Salesforce, then add --installed.",
            "Salesforce にパッケージをインストールしてから --installed を付けてください。",
        ),
        R::VisualforceModuleNotConfirmed => (
            "add lead intelligence to the lead and contact layouts, then add --added.",
            "リードとコンタクトのページレイアウトに追加してから --added を付けてください。",
        ),
        R::SecurityTokenMissing => (
            "'connectorctl setup token', or send it along: connect --security-token-file PATH.",
            "connectorctl setup token で登録するか、connect --security-token-file PATH で同時に送ってください。",
        ),
        R::ReviewChanged => (
            "'connectorctl setup review' shows the decisions as they are now.",
            "connectorctl setup review で現在の決定事項を確認してください。",
        ),
        R::ApiCallLimitOverAllocation => (
            "choose a smaller limit, or leave it out to accept the suggestion.",
            "制限数を小さくするか、省略して提案値を採用してください。",
        ),
        R::AdminAccessInsufficient => (
            "let a top-level Salesforce administrator go on with the setup.",
            "トップレベルの Salesforce 管理者にセットアップの続行を依頼してください。",
        ),
        R::SmartListNameTaken => (
            "choose another --name, or set the list that has it.",
            "別の --name を選ぶか、その名前のリストを設定してください。",
        ),
        _ => return None,
    })
}

fn of_connecting(reason: ErrorReason) -> Option<(&'static str, &'static str)> {
    use ErrorReason as R;
    Some(match reason {
        R::PortalAlreadyConnected => (
            "'connectorctl connections disconnect PORTAL' first.",
            "先に connectorctl connections disconnect PORTAL を実行してください。",
        ),
        R::OrgPortalLimitReached => (
            "'connectorctl orgs portals ORG' shows who holds the places; disconnecting one frees its place.",
            "connectorctl orgs portals ORG で接続済みのポータルを確認できます。いずれかを切断すると枠が空きます。",
        ),
        R::OrgChanged => (
            "add --expected-org ORG if the new org is meant.",
            "新しい組織で正しければ --expected-org ORG を付けてください。",
        ),
        R::OrgApiCallLimitExceeded => (
            "'connectorctl orgs budget ORG' shows the shares; 'connectorctl orgs allocate ORG PORTAL=CALLS' changes them.",
            "割り当ては connectorctl orgs budget ORG で確認し、connectorctl orgs allocate ORG PORTAL=CALLS で変更できます。",
        ),
        R::SandboxMismatch => (
            "'connectorctl setup environment' corrects the answer; then connect again.",
            "connectorctl setup environment で回答を直し、もう一度接続してください。",
        ),
        R::EditionClaimDiffers => (
            "'connectorctl setup edition' corrects the answer; then connect again.",
            "connectorctl setup edition で回答を直し、もう一度接続してください。",
        ),
        R::ConnectionStale => (
            "'connectorctl connect --portal PORTAL' probes it again.",
            "connectorctl connect --portal PORTAL で再度確認してください。",
        ),
        R::NotConnected => (
            "'connectorctl connect --portal PORTAL' connects it.",
            "connectorctl connect --portal PORTAL で接続してください。",
        ),
        R::ConnectRunning => (
            "'connectorctl connections watch PORTAL' shows how it goes.",
            "connectorctl connections watch PORTAL で進み具合を確認できます。",
        ),
        R::CredentialMissing => (
            "give a credential: 'connectorctl connect --help' shows how.",
            "資格情報を指定してください。方法は connectorctl connect --help で確認できます。",
        ),
        R::SalesforceLoginRefused => (
            "check user name, password and token in Salesforce before trying once more: repeated failures lock the user out.",
            "もう一度試す前に、ユーザー名、パスワード、トークンを Salesforce で確認してください。失敗が続くとロックアウトされます。",
        ),
        R::SalesforceSoapLoginDisabled => (
            "connect by OAuth: connect --method jwt-bearer or client-credentials.",
            "OAuth で接続してください: connect --method jwt-bearer または client-credentials。",
        ),
        R::LoginOutcomeUnknown => ("connect again.", "もう一度接続してください。"),
        R::HubspotCredentialRefused | R::HubspotScopeMissing | R::HubspotPortalMismatch => (
            "'connectorctl portals update-credential PORTAL' stores a new one.",
            "connectorctl portals update-credential PORTAL で新しい資格情報を登録してください。",
        ),
        _ => return None,
    })
}

fn of_records(reason: ErrorReason) -> Option<(&'static str, &'static str)> {
    use ErrorReason as R;
    Some(match reason {
        R::SyncNotEnabled => (
            "'connectorctl setup enable --portal PORTAL' switches sync on.",
            "connectorctl setup enable --portal PORTAL で同期を有効にしてください。",
        ),
        R::SyncNotOn => (
            "'connectorctl status get PORTAL' shows where it stands.",
            "connectorctl status get PORTAL で状態を確認してください。",
        ),
        R::TestContactRunning => (
            "'connectorctl test-contact watch ID' follows it; 'connectorctl test-contact cancel ID' stops it.",
            "connectorctl test-contact watch ID で経過を確認、connectorctl test-contact cancel ID で中止できます。",
        ),
        R::TestContactEnded => (
            "'connectorctl test-contact delete ID' removes its records.",
            "connectorctl test-contact delete ID で記録を削除できます。",
        ),
        _ => return None,
    })
}

fn of_code(code: Code) -> Option<(&'static str, &'static str)> {
    Some(match code {
        Code::Unavailable => (
            "see that the server runs and --endpoint is right; 'connectorctl health' asks it.",
            "サーバーが起動していること、--endpoint が正しいことを確認してください。connectorctl health で確認できます。",
        ),
        Code::DeadlineExceeded | Code::Cancelled => {
            ("try again, or allow more time by --timeout.", "もう一度試すか、--timeout を長くしてください。")
        }
        Code::ResourceExhausted => (
            "wait as long as said above, then run the command again.",
            "上記の時間を待ってから再実行してください。",
        ),
        Code::Unauthenticated => (
            "give a token: --token-file, CONNECTOR_TOKEN or --ready-file.",
            "--token-file、CONNECTOR_TOKEN または --ready-file でトークンを指定してください。",
        ),
        Code::InvalidArgument => ("correct the fields named above.", "上記の項目を修正してください。"),
        Code::Aborted => (
            "look at the current state, then run the command again.",
            "現在の状態を確認して再実行してください。",
        ),
        Code::Unimplemented => (
            "the server is of another version; 'connectorctl version' shows this one's.",
            "サーバーのバージョンが異なります。このツールのバージョンは connectorctl version で確認できます。",
        ),
        _ => return None,
    })
}
