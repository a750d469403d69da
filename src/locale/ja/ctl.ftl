### 管理ツールの文言：質問、表の見出し、経過の表示。列挙値とステップの名前は別のファイルにある。

## 表の見出し

ctl-header-portal = ポータル
ctl-header-name = 名前
ctl-header-account-type = アカウントの種類
ctl-header-subscription = サブスクリプション
ctl-header-ui-domain = 管理画面のホスト
ctl-header-data-location = データの保管場所
ctl-header-time-zone = タイムゾーン
ctl-header-credential = 資格情報
ctl-header-registered = 登録日時
ctl-header-updated = 更新日時
ctl-header-created = 作成日時
ctl-header-etag = etag
ctl-header-org = 組織
ctl-header-edition = エディション
ctl-header-environment = 環境
ctl-header-instance = インスタンス
ctl-header-seats = シート数
ctl-header-portals = ポータル数
ctl-header-first-seen = 初回確認日時
ctl-header-place = 枠
ctl-header-limit = 24時間のAPIコール数
ctl-header-used = 使用数
ctl-header-connection = 接続
ctl-header-allocation = 24時間の許可数
ctl-header-held = ポータルの確保数
ctl-header-unassigned = 未割り当て
ctl-header-used-in-org = 組織全体の使用数
ctl-header-used-by-connector = コネクターの使用数
ctl-header-reserved = 予約数
ctl-header-list = リスト
ctl-header-size = コンタクト数
ctl-header-inclusion = インクルージョンの条件
ctl-header-check = 確認項目
ctl-header-claimed = 回答
ctl-header-found = 確認結果
ctl-header-fix = 対処方法
ctl-header-actor = 担当
ctl-header-attempt = 接続処理
ctl-header-state = 状態
ctl-header-next-try = 次回の試行
ctl-header-logins = ログイン回数
ctl-header-api-calls = 使用したAPIコール数
ctl-header-result = 結果
ctl-header-connected = 接続日時
ctl-header-probed = 確認日時
ctl-header-disconnected = 切断日時
ctl-header-setup = セットアップ
ctl-header-status = ステータス
ctl-header-next-step = 次のステップ
ctl-header-step = ステップ
ctl-header-answer = 回答
ctl-header-answered-by = 回答者
ctl-header-time = 時刻
ctl-header-decision = 決定事項
ctl-header-edit-at = 編集するステップ
ctl-header-row = 行
ctl-header-method = メソッド
ctl-header-changed = 変更
ctl-header-reason = 理由
ctl-header-call = 呼び出し
ctl-header-rows = 行数
ctl-header-chains = チェーン数
ctl-header-good-until = 正常な最終行
ctl-header-review-etag = レビューのetag
ctl-header-health = 稼働状況
ctl-header-operator = 運用者の設定
ctl-header-suspension = 中断の理由
ctl-header-objects = オブジェクト
ctl-header-activities = アクティビティ
ctl-header-test-contact = テストコンタクト
ctl-header-email = Eメール
ctl-header-hubspot-record = HubSpotレコード
ctl-header-salesforce-record = Salesforceレコード
ctl-header-message = メッセージ
ctl-header-handoff = 引き継ぎ
ctl-header-created-by = 作成者
ctl-header-expires = 有効期限
ctl-header-revoked = 取り消し
ctl-header-token = トークン
ctl-header-cleanup = 削除の状況
ctl-header-key = キー
ctl-header-secrets = シークレット
ctl-header-servers = サーバー
ctl-header-rotation = ローテーション
ctl-header-secrets-done = 再ラップ済み
ctl-header-secrets-left = 残り
ctl-header-secrets-unreadable = 開けないもの
ctl-header-requested-by = 依頼者
ctl-header-started = 開始
ctl-header-ended = 終了
ctl-header-server = サーバー
ctl-header-keys = キー
ctl-header-sealing-key = 封印に使うキー

## 回答の表示

ctl-recommended = { $label }（推奨）
ctl-nothing = 該当するものはありません。
ctl-audit-good = 問題はありません
ctl-audit-broken = 破損しています。以下の行より後ろは信頼できません
ctl-audit-signed = 署名済みの記録{ $count }件（チェーン{ $chains }本）を読み込みました
ctl-more = 続き：--page-token { $token }
ctl-places = { $limit }枠のうち{ $taken }枠を使用中
ctl-connectable = 接続できます
ctl-not-connectable = 接続できません
ctl-no-list = なし：ライフサイクルステージが{ $stage }以上の新しいコンタクト
ctl-confirmed = 確認済み
ctl-token-not-used = 不要（OAuth）
ctl-token-set = 登録済み（フィンガープリント{ $fingerprint }）
ctl-not-tested = テストなし
ctl-limit-suggested = 提案値：{ NUMBER($suggested) }
ctl-limit-set = { NUMBER($limit) }（提案値：{ NUMBER($suggested) }）
ctl-limit-means = { $limit }、1日あたり約{ NUMBER($syncs) }件のコンタクト同期
ctl-objects = アカウント：{ $accounts }、オポチュニティ：{ $opportunities }
ctl-activities = フォーム送信：{ $form }、Eメール開封：{ $opened }、タスク：{ $tasks }
ctl-verdict-included = 同期の対象です
ctl-verdict-excluded = 同期の対象外です
ctl-next-step = 次のステップ、{ $step }：{ $command }
ctl-serving-server = サーバー
ctl-serving = 稼働中
ctl-serving-not = 停止中
ctl-serving-unknown = 不明

## 変更の通知

ctl-event-connection = ポータル{ $portal_id }、接続：{ $state } { $org }
ctl-event-attempt = { $at } ポータル{ $portal_id }、接続処理：{ $state }
ctl-event-setup = { $at } ポータル{ $portal_id }、セットアップ：{ $state }
ctl-event-setup-stale = 要確認：{ $count }件
ctl-event-sync = ポータル{ $portal_id }、同期：{ $state }
ctl-event-joined = 実行中の接続処理に合流しました。

## 経過

ctl-progress-next-try = { $state }（次回の試行：{ $time }）
ctl-progress-reconnecting = ストリームが中断されたため、再開しています（{ $cause }）
ctl-progress-detach = Ctrl-Cで表示を終了しても、サーバーでの処理は続きます。
ctl-progress-rewrap = キー{ $key_id }で封印しています：再ラップ済み{ $done }件、残り{ $left }件

## 秘密情報

ctl-ask-portal-token = ポータルのHubSpotトークン
ctl-ask-hubspot-secret = HubSpotアプリのクライアントシークレット
ctl-ask-hubspot-refresh-token = HubSpotアプリのリフレッシュトークン
ctl-ask-token = Salesforceトークンを入力してください：
ctl-ask-password = Salesforceのパスワード
ctl-ask-private-key = 秘密鍵（PEM）
ctl-ask-client-secret = コンシューマーの秘密
ctl-ask-refresh-token = リフレッシュトークン

## 確認

ctl-confirm-disconnect = ポータル{ $portal_id }とSalesforce組織の接続を解除しますか？同期は停止し、設定は保持され、枠が空きます。
ctl-confirm-abandon = セットアップ{ $setup_id }を中止しますか？秘密情報は削除されます。
ctl-confirm-delete-test = テストコンタクト{ $test_contact_id }のレコードをHubSpotとSalesforceから削除しますか？
ctl-confirm-retire-key = キー{ $key_id }を完全に廃止しますか？ローテーション以前のデータベースのバックアップは、このキーなしでは使えません。
ctl-confirm-enable = 「コンタクトをSalesforceと同期する」をオンにしますか？
ctl-confirm-needs-yes = { $question } 確認なしで実行するには--yesを付けてください。

## 入力

ctl-prompt-choose = — 選択してください —
ctl-prompt-keys = ↑↓で移動、Enterで決定、Escでメニュー
ctl-prompt-keys-multiple = スペースでチェック、Enterで決定（チェックなしも可）、Escでメニュー
ctl-prompt-yes-or-no = yかnで答えてください。
ctl-prompt-empty = 入力してください。
ctl-prompt-whole-number = 整数で入力してください。

## ウィザード

ctl-wizard-welcome = HubSpotポータル{ $portal_id }のセットアップ（{ $state }）。Escでメニューを開けます。回答は保存されるので、いつでも中断できます。
ctl-wizard-left = 回答はすべて保存されています。続行するには：{ $command }
ctl-wizard-stale = 回答の後に「{ $step }」が変更されました。もう一度確認してください。
ctl-wizard-waits = セットアップは待機中になりました。Salesforce管理者と連携し、準備ができたらこのステップにもう一度回答してください。
ctl-wizard-now = 現在：{ $answer }
ctl-wizard-customize = 同期の設定はいつでも変更できます：{ $command }
ctl-ask-handoff-token = 受け取ったトークンを入力してください：
ctl-handoff-once = トークンが表示されるのは今回だけです。安全な方法で、次のコマンドとともにSalesforce管理者に渡してください：{ $command }
ctl-handoff-again = この引き継ぎは作成済みです。トークンは再表示できません。なくした場合は、引き継ぎを取り消して新しく作成してください。
ctl-handoff-done = Salesforceでのステップは完了しているか、ほかのステップを待っています：{ $step }。続きは、引き継ぎを作成した担当者が行います。
ctl-handoff-no-terminal = 端末がない場合は、回答をオプションで指定してください。一覧は「connectorctl handoff --help」で確認できます
ctl-wizard-no-terminal = ウィザードには端末が必要です。各ステップのコマンドは「connectorctl setup --help」で確認できます
ctl-wizard-no-portal = 登録されているポータルはありません。「connectorctl portals register」で登録してください
ctl-menu = どうしますか？
ctl-menu-go-on = 続行する
ctl-menu-finished = 終了する（セットアップは完了しています）
ctl-menu-edit = 以前の回答を編集する
ctl-menu-leave = 中断する（回答は保存されます）
ctl-menu-edit-which = どの回答を編集しますか？
ctl-ask-portal = どのポータルをセットアップしますか？
ctl-ask-accept-limit = Enterで提案値を採用します。{ $limit }
ctl-ask-has-token = セキュリティトークン
ctl-ask-has-token-yes = トークンを入力する
ctl-ask-has-token-no = トークンなし（OAuthで接続する）
ctl-ask-visualforce-method = どの方法で追加しましたか？
ctl-ask-credential-method = コネクターはどの方法でSalesforceにログインしますか？
ctl-ask-credential-stored = 前回と同じ資格情報
ctl-ask-username = Salesforceのユーザー名
ctl-ask-client-id = コンシューマー鍵
ctl-ask-private-key-file = 秘密鍵のファイル（PEM）
ctl-ask-has-client-secret = アプリに秘密はありますか？
ctl-ask-login-url = 組織の[私のドメイン]（例：https://acme.my.salesforce.com）
ctl-ask-login-url-empty = Enter：通常のログインホスト
ctl-ask-expected-org = このポータルは以前、別の組織に接続されていました。今回は{ $org_id }に接続しますか？
ctl-ask-accounts = Salesforceのアカウントを同期しますか？（推奨：はい）
ctl-ask-opportunities = Salesforceのオポチュニティの標準フィールドを同期しますか？
ctl-ask-activities = Salesforceのアクティビティをいつ作成しますか？
ctl-ask-activities-form = コンタクトがフォームを送信したとき
ctl-ask-activities-email = コンタクトがEメールを開いたとき
ctl-ask-tasks = コンタクトに関連付けられているSalesforceのタスクをHubSpotと同期しますか？
ctl-ask-inclusion = HubSpotからSalesforceに同期するコンタクトはどれですか？
ctl-ask-inclusion-none = -- インクルージョンリストなし --
ctl-ask-inclusion-new = 新しいスマートリストを作成する
ctl-ask-list-name = 新しいリストの名前
ctl-ask-list-stages = どのライフサイクルステージのコンタクトを含めますか？
ctl-ask-lowest-stage = どのライフサイクルステージ以上の新しいコンタクトを同期しますか？（標準：購読者）
ctl-ask-review = 決定事項はこれでよろしいですか？
ctl-ask-review-enable = 「コンタクトをSalesforceと同期する」をオンにする
ctl-ask-review-edit = 決定事項を編集する
ctl-ask-test = インテグレーションをテストしますか？
ctl-ask-test-create = テストコンタクトを作成する
ctl-ask-test-skip = テストせずに続行する
ctl-ask-import = 既存のコンタクトはどうしますか？

## 問題

ctl-error = エラー：
ctl-error-interrupted = 中断されました。すでに送信した処理は実行されます。
ctl-error-declined = 何も実行しませんでした。
ctl-no-setup = ポータル{ $portal_id }にはセットアップがありません。
ctl-error-usage = 使い方は「connectorctl --help」で確認できます。
ctl-error-unreachable = { $endpoint }に接続できません：{ $cause }
ctl-error-retry = { DURATION($seconds) }後にもう一度お試しください。
ctl-error-request-id = サーバー側のリクエストID：{ $id }
ctl-error-next = 次の操作：

## エラーの理由ごとの次の操作

ctl-hint-same-request = 同じコマンドに「--request-id { $id }」を付けて再実行してください。届いていたかどうかにかかわらず、処理は一度だけ行われます。
ctl-hint-request-id-reused = --request-idを外してください。コマンドごとに新しいIDが作られます。
ctl-hint-etag-mismatch = getで現在の状態を確認し、そのetagを付けて再実行してください。
ctl-hint-resume-token-invalid = --resume-tokenを付けずにもう一度watchしてください。
ctl-hint-portal-not-found = 登録済みのポータルは「connectorctl portals list」で確認でき、「connectorctl portals register」で追加できます。
ctl-hint-setup-not-found = 一覧は「connectorctl setup list」で確認でき、「connectorctl setup start --portal PORTAL」で開始できます。
ctl-hint-connection-not-found = 一覧は「connectorctl connections list」で確認できます。
ctl-hint-org-not-found = 一覧は「connectorctl orgs list」で確認できます。
ctl-hint-test-contact-not-found = 一覧は「connectorctl test-contact list PORTAL」で確認できます。
ctl-hint-smart-list-not-found = 選択できるスマートリストは「connectorctl lists list PORTAL」で確認できます。
ctl-hint-unauthenticated = --token-file、CONNECTOR_TOKENまたは--ready-fileでトークンを指定してください。
ctl-hint-permission-denied = この操作を許可されたトークンをサービスの運用担当者に依頼してください。
ctl-hint-internal-error = リクエストIDをサービスの運用担当者に伝えてください。ログを特定できます。
ctl-hint-setup-step-not-reached = 「connectorctl setup wizard --portal PORTAL」で、未回答の最初のステップから続行できます。
ctl-hint-setup-not-active = 「connectorctl setup start --portal PORTAL」で新しく開始してください。
ctl-hint-portal-already-connected = 先に「connectorctl connections disconnect PORTAL」を実行してください。
ctl-hint-prerequisites-not-acknowledged = 「connectorctl setup describe」を読み、--acknowledgedを付けてください。
ctl-hint-sandbox-notes-not-acknowledged = 「connectorctl setup describe」を読み、--sandbox-notes-acknowledgedを付けてください。
ctl-hint-package-not-confirmed = Salesforceにパッケージをインストールしてから、--installedを付けてください。
ctl-hint-visualforce-module-not-confirmed = リードとコンタクトのページレイアウトに追加してから、--addedを付けてください。
ctl-hint-security-token-missing = 「connectorctl setup token」で登録するか、「connect --security-token-file PATH」で同時に送ってください。
ctl-hint-review-changed = 「connectorctl setup review」で現在の決定事項を確認してください。
ctl-hint-api-call-limit-over-allocation = 制限数を小さくするか、省略して提案値を採用してください。
ctl-hint-smart-list-name-taken = 別の--nameを選ぶか、その名前のリストを設定してください。
ctl-hint-org-portal-limit-reached = 「connectorctl orgs portals ORG」で接続済みのポータルを確認できます。いずれかの接続を解除すると枠が空きます。
ctl-hint-org-changed = 新しい組織で正しければ、--expected-org ORGを付けてください。
ctl-hint-org-api-call-limit-exceeded = 割り当ては「connectorctl orgs budget ORG」で確認し、「connectorctl orgs allocate ORG PORTAL=CALLS」で変更できます。
ctl-hint-sandbox-mismatch = 「connectorctl setup environment」で回答を修正し、もう一度接続してください。
ctl-hint-edition-claim-differs = 「connectorctl setup edition」で回答を修正し、もう一度接続してください。
ctl-hint-connection-stale = 「connectorctl connect --portal PORTAL」でもう一度確認してください。
ctl-hint-connect-running = 「connectorctl connections watch PORTAL」で進み具合を確認できます。
ctl-hint-credential-missing = 資格情報の指定方法は「connectorctl connect --help」で確認できます。
ctl-hint-salesforce-soap-login-disabled = OAuthで接続してください：「connect --method」 jwt-bearerまたはclient-credentials
ctl-hint-hubspot-credential-refused = 「connectorctl portals update-credential PORTAL」で新しい資格情報を登録してください。
ctl-hint-sync-not-enabled = 「connectorctl setup enable --portal PORTAL」で同期をオンにしてください。
ctl-hint-sync-not-on = 「connectorctl status get PORTAL」で状態を確認してください。
ctl-hint-test-contact-running = 「connectorctl test-contact watch ID」で経過を確認し、「connectorctl test-contact cancel ID」で中止できます。
ctl-hint-test-contact-ended = 「connectorctl test-contact delete ID」でレコードを削除できます。

## エラーコードごとの次の操作

ctl-hint-unavailable = サーバーが起動していることと--endpointが正しいことを確認してください。「connectorctl health」で確認できます。
ctl-hint-deadline = もう一度試すか、--timeoutを長くしてください。
ctl-hint-unimplemented = サーバーのバージョンが異なります。このツールのバージョンは「connectorctl version」で確認できます。
