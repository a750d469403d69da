### 確認画面、成功のメッセージ、お知らせ、中断の説明、インクルージョンの判定。

## 確認画面の決定事項と、その内容

review-subscription = HubSpotのサブスクリプション
review-edition = Salesforceのエディション
review-admin-access = Salesforceユーザーのアクセス権
review-environment = 本稼働環境またはサンドボックス
review-seat-count = Salesforceのシート数
review-api-call-limit = APIコール制限
review-package = SalesforceのHubSpotパッケージ
review-security-token = セキュリティトークン
review-visualforce-module = SalesforceのHubSpotリードインテリジェンス
review-connection = Salesforceへの接続
review-accounts = Salesforceのアカウント（取引先）の同期
review-opportunities = Salesforceのオポチュニティ（商談）の同期
review-on-form-submission = フォーム送信時のSalesforceアクティビティ
review-on-email-open = Eメール開封時のSalesforceアクティビティ
review-tasks = Salesforceタスクの同期
review-inclusion = HubSpotからSalesforceに同期するコンタクト
review-sync = コンタクトをSalesforceと同期する
review-test = テスト
review-import = 既存のコンタクト

review-value-yes = はい
review-value-no = いいえ
review-value-yes-standard-fields = はい（標準項目のみ）
review-value-on = オン
review-value-off = オフ
review-value-not-answered = 未回答
review-value-to-confirm = { $value }（要確認）
review-value-seat-count = { NUMBER($seats) }
review-value-limit-suggested = 24時間あたり{ NUMBER($limit) }回（推奨値）
review-value-limit-by-hand = 24時間あたり{ NUMBER($limit) }回（手動で設定、推奨値：{ NUMBER($suggested) }回）
review-value-sandbox = サンドボックス（注意事項を確認済み）
review-value-package-confirmed = 確認済み{ HAS($by) ->
    [yes] （確認者：{ $by }）
   *[no] { "" }
}
review-value-module-confirmed = 確認済み：{ LABEL($method, kind: "visualforce-method") }
review-value-token-set = { $time }に設定
review-value-token-not-used = 使用しない（OAuth）
review-value-connected = { $org_name }（{ $org_id }）に接続済み
review-value-connection-stale = 要再接続
review-value-not-connected = 未接続
review-value-inclusion-list = スマートリスト「{ $list_name }」のコンタクトだけ
review-value-no-inclusion-list = インクルージョンリストなし：ライフサイクルステージが{ LABEL($stage, kind: "lifecycle-stage") }以上の新しいコンタクト
review-value-not-tested = 未テスト
review-value-tested = テスト済み：コンタクトがSalesforceに同期されました
review-value-test-failed = テスト失敗：コンタクトはSalesforceに同期されませんでした
review-value-test-cancelled = テストはキャンセルされました
review-value-test-running = テスト中

## 成功

success-connected = アカウントの接続に成功しました
success-probed = 必要なものはすべて揃っています。何も変更していません。
success-probed-with-warnings = アカウントを接続できます。ご確認いただきたい結果が{ NUMBER($warnings) }件あります。
success-sync-enabled = 同期が正常に有効になりました。コンタクトがSalesforceと同期されます。既存のコンタクトは、インポートするか変更があったときに同期されます。
success-sync-already-enabled = 同期は有効です。
success-disconnected = 接続を解除しました。設定と回答は保持されます。Salesforce組織に空きができました。
success-credential-replaced = 新しいSalesforceの資格情報でログインでき、使用を開始しました。
success-paused = 同期を一時停止しました。変更はキューに残ります。
success-resumed = 同期を停止した位置から再開しました。
success-setup-abandoned = セットアップを中止しました。回答は引き続き閲覧できます。秘密情報は削除しました。
success-list-created = HubSpotにスマートリスト「{ $list_name }」を作成しました。

## 接続の経過

connect-progress-queued = まもなく開始します。
connect-progress-logging-in = Salesforceにログインしています。
connect-progress-waiting-for-token = セキュリティトークンがまだ有効になっていません。{ HAS($time) ->
    [yes] { $time }に再試行します。
   *[no] まもなく再試行します。
}新しいトークンが使えるようになるまで、最大15分かかることがあります。
connect-progress-probing = 必要なものが揃っているか確認しています。
connect-progress-starting = コネクターをセットアップしています。
connect-failed = アカウントを接続できませんでした。何も変更しておらず、回答は保持されています。

## テストコンタクト

test-contact-message-starting = テストコンタクトを開始しています。
test-contact-message-scheduling = テストコンタクトは順番を待っています。
test-contact-message-processing = HubSpotにテストコンタクトを作成し、Salesforceに同期しています。
test-contact-message-completed = テストコンタクトがHubSpotとSalesforceの両方に{ HAS($object) ->
    [yes] 作成されました（Salesforceでは{ $object }）
   *[no] 作成されました
}。同期は正常に動作しています。
test-contact-message-failed = テストコンタクトをSalesforceに同期できませんでした。{ HAS($message) ->
    [yes] { $message }
   *[no] { "" }
}
test-contact-message-cancelled = テストコンタクトをキャンセルしました。
test-contact-message-waiting-for-calls = テストコンタクトは、APIコールが使えるようになるのを待っています。
test-contact-message-deleted = テストコンタクトのレコードを両方のシステムから削除しました。

## 完了

setup-summary-tested = おめでとうございます。セットアップが完了しました。コンタクトがHubSpotとSalesforceの間で双方向に同期されます。テストコンタクトはSalesforceに同期されました。{ setup-part-import }{ setup-part-customize }
setup-summary-not-tested = おめでとうございます。セットアップが完了しました。コンタクトがHubSpotとSalesforceの間で双方向に同期されます。未テスト：Salesforceに同期されたテストコンタクトはまだありません。テストはいつでも実行できます。{ setup-part-import }{ setup-part-customize }
setup-part-import = { $decision ->
    [IMPORT_DECISION_IMPORT] 既存のコンタクトはインポートします。それまでは、変更があったときに同期されます。
   *[other] 既存のコンタクトはインポートしません。変更があったときに同期されます。
}
setup-part-customize = すべての設定は、いつでも変更できます。

## お知らせ

notice-security-token-reset-breaks-others = セキュリティトークンをリセットすると、以前のトークンはすぐに使えなくなります。同じSalesforceユーザーを使用するほかのすべての連携は、新しいトークンに更新するまで停止します。{ HAS($portals) ->
    [yes] このサービスの接続のうち、次のものがこのユーザーを使用しています：{ $portals }
   *[no] { "" }
}{ HAS($other_portals) ->
    [yes] （表示する権限のないポータルの接続も{ NUMBER($other_portals) }個、このユーザーを使用しています）
   *[no] { "" }
}
notice-same-salesforce-user = 同じSalesforceユーザー{ HAS($username) ->
    [yes] （{ $username }）
   *[no] { "" }
}で接続しているポータルがほかにもあります：{ $portals }。新しいパスワードやトークンは、それらにも設定してください。
notice-api-call-limit-needs-confirmation = APIコール制限{ NUMBER($limit) }回はそのまま保持していますが、シート数、エディション、サンドボックスのいずれかが変更されました。現在の推奨値は{ NUMBER($suggested) }回です。制限を確認するか変更してください。
notice-api-call-limit-meaning = 24時間あたり{ NUMBER($limit) }回のAPIコールで、1日におよそ{ NUMBER($syncs) }件のコンタクトを同期できます（1件あたり{ NUMBER($calls) }回として計算）。これは目安で、変わることがあります。
notice-allocation-estimated = この組織のAPIコール数（24時間あたり{ NUMBER($allocation) }回）は概算です{ HAS($policy) ->
    [yes] （ポリシー：{ $policy }）
   *[no] { "" }
}。アカウントを接続すると、Salesforceが報告する値に置き換わります。
notice-allocation-differs = Salesforceがこの組織に許可しているAPIコールは24時間あたり{ NUMBER($allocation) }回で、概算値は{ NUMBER($estimated) }回でした。制限をもう一度ご確認ください。
notice-limit-over-allocation = APIコール制限{ NUMBER($limit) }回が、このポータルで使用できる{ NUMBER($available) }回を超えています。制限を下げてください。
notice-sandbox-behaves-differently = サンドボックスを接続します。本稼働環境とは動作が少し異なります。ログイン先はtest.salesforce.comで、パッケージとAPIコールの上限は別です。サンドボックスを更新すると、接続は失われます。
notice-waiting-for-administrator = セットアップはSalesforce管理者の対応を待っています。これまでの回答は保持されています。管理アクセス権が得られたら、続きを行ってください。
notice-admin-access-reopened = { LABEL($edition, kind: "salesforce-edition") }では、現在の権限では足りません。管理アクセス権のステップにもう一度回答してください。
notice-connection-stale = { HAS($step) ->
    [yes] ステップ「{ LABEL($step) }」が変更されました。アカウントをもう一度接続してください。
   *[no] 回答が変更されました。アカウントをもう一度接続してください。
}それまで同期は停止しますが、変更は保持されます。
notice-security-token-new = 新しいセキュリティトークンが使えるようになるまで、最大15分かかることがあります。それまでにログインが拒否された場合は、自動で再試行します。
notice-password-login-ends = ユーザー名とパスワードによるログインは、SalesforceのSummer '27リリースで終了します。OAuthでの接続をご検討ください。
notice-existing-contacts = 既存のコンタクトは自動では同期されません。インポートするか、変更があったときに同期されます。
notice-not-tested = 未テスト：Salesforceに同期されたテストコンタクトはまだありません。
notice-subscription-differs = HubSpotの応答から、申告と異なるサブスクリプションの可能性があります：{ $evidence }
notice-stale-answers = 次の回答を確認するか、もう一度回答してください：{ LABEL($steps) }
notice-portal-places-left = このSalesforce組織には、最大{ NUMBER($limit) }個のうち{ NUMBER($connected) }個のポータルが接続されています。
notice-login-ended-without-answer = 前回のログインは応答がないまま終了しました。もう一度接続してください。

## 中断：システムが同期を止めた理由

suspension-reason-not-connected = 未接続
    .detail = ポータルがSalesforce組織に接続されていないため、同期を中断しています。アカウントを接続してください。変更は保持されており、その後、同期は自動で再開します。
suspension-reason-connection-stale = 要再接続
    .detail = 接続の確認後にエディション、サンドボックス、トークン、資格情報のいずれかが変更されたため、同期を中断しています。アカウントをもう一度接続してください。変更は保持されており、その後、同期は自動で再開します。
suspension-reason-salesforce-credential-refused = Salesforceが資格情報を拒否
    .detail = Salesforceが資格情報を受け付けないため、同期を中断しています。パスワードまたはトークンの変更、アプリのブロック、ユーザーのロックや無効化が考えられます。新しい資格情報を保存してください。変更は保持されており、その後、同期は自動で再開します。
suspension-reason-hubspot-credential-refused = HubSpotが資格情報を拒否
    .detail = HubSpotがポータルの資格情報を受け付けないため、同期を中断しています。アプリのアンインストール、またはトークンの取り消しが考えられます。HubSpotの管理者が資格情報を更新してください。変更は保持されており、その後、同期は自動で再開します。
suspension-reason-api-calls-exhausted = APIコールの残りなし
    .detail = 直近24時間のAPIコールを使い切ったため、同期を中断しています。{ HAS($limit) ->
        [yes] このポータルの制限は{ NUMBER($limit) }回です。
       *[no] { "" }
    }変更は保持されており、コールが使えるようになると同期は自動で再開します。頻繁に発生する場合は、制限を上げるか、Salesforceからコール数を追加購入してください。

## インクルージョンの判定

inclusion-in-list = このコンタクトはインクルージョンリスト「{ $list_name }」に含まれているため、同期の対象です。
inclusion-not-in-list = このコンタクトはインクルージョンリスト「{ $list_name }」に含まれていないため、通常は同期されません。
inclusion-stage-included = インクルージョンリストはありません。コンタクトのステージ（{ LABEL($stage, kind: "lifecycle-stage") }）は{ LABEL($lowest, kind: "lifecycle-stage") }以上のため、同期の対象です。
inclusion-stage-too-low = インクルージョンリストはありません。コンタクトのステージ（{ LABEL($stage, kind: "lifecycle-stage") }）は{ LABEL($lowest, kind: "lifecycle-stage") }より前のため、通常は同期されません。
inclusion-no-stage = インクルージョンリストはなく、コンタクトにライフサイクルステージがありません。ステージのないコンタクトは同期されません。
inclusion-unknown-stage = ライフサイクルステージ「{ $stage }」はポータルに存在しないため比較できず、コンタクトは通常は同期されません。
inclusion-list-gone = インクルージョンリスト「{ $list_name }」はHubSpotに存在しないため、何も同期されません。別のリストを選択してください。
inclusion-not-evaluated = インクルージョンの条件は判定されていません。
inclusion-test-is-independent = テストコンタクトは、インクルージョンの条件にかかわらず同期されます。
