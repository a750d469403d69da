### エラー：ErrorReasonの値ごとに1つ。本文は規則と数値、`.fix`は対処方法と担当者を示す。

error-part-retry = { HAS($retry_seconds) ->
    [yes] { DURATION($retry_seconds) }後にもう一度お試しください。
   *[no] しばらくしてからもう一度お試しください。
}

## 全般

error-unspecified = 理由は示されていません。
    .fix = 原因がわからない場合は、このサービスの運用担当者にお知らせください。
error-invalid-field = リクエストの項目が不足しているか、正しくありません：{ $fields }
    .fix = 示された項目を修正して、もう一度送信してください。
error-request-id-reused = リクエストID { $request_id } は、すでに別のリクエストで使用されています。
    .fix = 新しいリクエストIDで送信してください。同じIDを使えるのは、まったく同じリクエストを再送する場合だけです。
error-etag-mismatch = 読み込んだ後に変更されています。上書きはしていません。
    .fix = もう一度読み込み、変更内容を確認したうえで、新しいetagを付けて送信してください。
error-page-token-invalid = このページトークンは、この一覧では使用できません。
    .fix = 最初のページからやり直してください。ページトークンは、それを返した検索条件でのみ有効です。
error-resume-token-invalid = この再開トークンは、このストリームまたはこのデータベースのものではありません。
    .fix = 再開トークンなしで監視を始めてください。ストリームは全体のスナップショットから始まります。
error-portal-not-found = HubSpotポータル{ $portal_id }は登録されていないか、アクセス権がありません。
    .fix = ポータルID（Hub ID）をご確認ください。新しいポータルは先に登録が必要です。
error-setup-not-found = セットアップ{ $setup_id }は存在しないか、アクセス権がありません。
    .fix = セットアップIDをご確認いただくか、ポータルのセットアップを開始してください。進行中のセットアップがあれば、それが返されます。
error-connection-not-found = HubSpotポータル{ $portal_id }にはSalesforceへの接続がないか、アクセス権がありません。
    .fix = 先に、ポータルのセットアップでアカウントを接続してください。
error-org-not-found = Salesforce組織{ $org_id }に接続したことのあるポータルはありません。
    .fix = 組織ID（00Dで始まる15文字または18文字）をご確認ください。Salesforceの[設定] > [組織情報]に表示されます。
error-test-contact-not-found = テストコンタクト{ $test_contact_id }は存在しないか、アクセス権がありません。
    .fix = ポータルのテストコンタクトの一覧をご確認いただくか、新しく作成してください。
error-smart-list-not-found = HubSpotポータル{ $portal_id }にリスト{ $list_id }はありません。
    .fix = 現在のスマートリストの中から選択するか、新しく作成してください。
error-conflicting-change = 同じデータに対する別の変更と重なりました。何も変更されていません。
    .fix = 同じリクエストをもう一度送信してください。
error-service-overloaded = サービスが混み合っているため、リクエストは実行されませんでした。
    .fix = { error-part-retry }
error-store-unavailable = データベースが応答していません。
    .fix = { error-part-retry }同じリクエストIDを使えば、二重に実行されることはありません。続く場合は、このサービスの運用担当者によるデータベースの確認が必要です。
error-deadline-exceeded = リクエストの制限時間を超えました。処理は、すべて実行されたか、まったく実行されていないかのどちらかです。
    .fix = 同じリクエストIDでもう一度送信すると、どちらであるかがわかります。制限時間を長めに設定してください。
error-internal-error = サービスの内部で問題が発生しました。お客様の操作が原因ではありません。
    .fix = { HAS($request_id) ->
        [yes] リクエストID { $request_id } を、このサービスの運用担当者にお知らせください。
       *[no] 発生した時刻と操作の内容を、このサービスの運用担当者にお知らせください。
    }
error-server-shutting-down = このサーバーは停止処理中です。
    .fix = もう一度送信してください。別のサーバーが処理します。
error-unauthenticated = 認証されていません。有効な資格情報が付いていません。
    .fix = 有効な資格情報を付けて送信してください。資格情報は、このサービスの運用担当者が発行します。
error-permission-denied = { HAS($method) ->
        [yes] { $method }を呼び出す権限がありません。
       *[no] この操作を行う権限がありません。
    }
    .fix = 必要なロールを、このサービスの運用担当者に依頼してください。
error-message-too-large = { HAS($max_bytes) ->
        [yes] リクエストが大きすぎます。上限は{ NUMBER($max_bytes) }バイトです。
       *[no] リクエストが大きすぎます。
    }
    .fix = 1回のリクエストで送る量を減らしてください。
error-caller-limit-reached = 1つの呼び出し元が同時に実行できる呼び出しまたはストリームの上限（{ $limit }）に達しています。
    .fix = いずれかを終了してください。{ error-part-retry }上限は、このサービスの運用担当者が変更できます。

## ウィザード

error-hubspot-subscription-not-eligible = 連携には、HubSpotのProfessionalまたはEnterpriseのサブスクリプションが必要です。{ HAS($subscription) ->
        [yes] このポータルのサブスクリプション：{ LABEL($subscription, kind: "hub-spot-subscription") }
       *[no] サブスクリプションが指定されていません。
    }
    .fix = ProfessionalまたはEnterpriseをご契約の場合は、それを選択してください。そうでない場合は、HubSpotの管理者がアップグレードするまで接続できません。
error-salesforce-edition-not-eligible = 連携には、SalesforceのProfessional Edition、Enterprise Edition、Unlimited Editionのいずれかが必要です。{ HAS($edition) ->
        [yes] { LABEL($edition, kind: "salesforce-edition") }は接続できません。
       *[no] エディションが指定されていません。
    }
    .fix = Salesforceの[設定] > [組織情報]の「組織のエディション」を確認して選択してください。ほかのエディションの場合は、先にアップグレードが必要です。
error-admin-access-insufficient = { LABEL($edition, kind: "salesforce-edition") }では、「{ LABEL($admin_access, kind: "admin-access") }」では権限が足りません。Professional EditionにはトップレベルのSalesforce管理者権限が必要です。Enterprise EditionとUnlimited Editionには、トップレベルの管理者権限、またはフルオブジェクトレベルとフルフィールドレベルの両方のセキュリティ権限が必要です。
    .fix = この権限を持つSalesforceユーザーを使用するか、Salesforce管理者に権限の付与を依頼してから、このステップにもう一度回答してください。
error-sandbox-notes-not-acknowledged = サンドボックスを接続するには、サンドボックスに関する注意事項を読んだことの確認が必要です。
    .fix = 注意事項を読んでチェックボックスをオンにするか、本稼働環境を選択してください。
error-setup-step-not-reached = まだこのステップには進めません。先に次のステップを完了してください：{ LABEL($steps) }
    .fix = 示されたステップを、この順番で完了してください。
error-setup-not-active = このセットアップは中止されています。回答の閲覧はできますが、変更はできません。
    .fix = ポータルのセットアップをもう一度開始してください。
error-setup-has-connection = HubSpotポータル{ $portal_id }はこのセットアップでSalesforceに接続されているため、セットアップを中止できません。
    .fix = 最初からやり直す場合は、先にポータルの接続を解除してください。設定の変更だけであれば、そのまま変更でき、再セットアップは不要です。
error-api-call-limit-over-allocation = 24時間あたり{ NUMBER($limit) }回というAPIコール制限は大きすぎます。Salesforceがこの組織に許可しているのは{ NUMBER($allocation) }回で、組織のほかのポータルが{ NUMBER($held_by_others) }回を確保しているため、このポータルに設定できるのは最大{ NUMBER($available) }回です。
    .fix = { NUMBER($available) }回以下の制限を設定するか、先に同じ組織のほかのポータルの制限を下げてください。コール数はSalesforceから追加購入することもできます。
error-package-not-confirmed = 先に進むには、HubSpotインテグレーションパッケージをSalesforceにインストールしたことの確認が必要です。
    .fix = このステップのインストーラーでパッケージをインストールし（Salesforce管理者に依頼が必要な場合があります）、「HubSpotインテグレーションパッケージをインストールした」のチェックボックスをオンにしてください。
error-visualforce-module-not-confirmed = 先に進むには、HubSpotリードインテリジェンスをSalesforceに追加したことの確認が必要です。このステップは省略できません。
    .fix = リードと取引先責任者のページレイアウトにVisualforceコンポーネントを追加するか、HubSpot Embedを導入してから、「HubSpotリードインテリジェンスをSalesforceに追加した」のチェックボックスをオンにしてください。
error-security-token-missing = ユーザー名とパスワードでのログインにはSalesforceセキュリティトークンも必要ですが、保存されていません。
    .fix = ステップ「{ step-security-token }」でトークンを入力するか、パスワードと一緒に送信してください。
error-review-changed = 確認画面の表示後に設定が変更されたため、同期は有効にしていません。
    .fix = 内容をもう一度確認してから、同期を有効にしてください。
error-list-not-smart = { HAS($list_name) ->
        [yes] リスト「{ $list_name }」
       *[no] リスト{ $list_id }
    }はスマートリストではありません。インクルージョンリストには、自動で更新されるスマートリスト（アクティブリスト）が必要です。静的リストは使用できません。
    .fix = スマートリストを選択するか、このステップで新しく作成してください。
error-prerequisites-not-acknowledged = セットアップを始めるには、必要条件を読んだことの確認が必要です。
    .fix = 必要条件を読んで確認してください。
error-smart-list-name-taken = 「{ $name }」という名前のリストは、すでにこのポータルにあります。
    .fix = 別の名前を付けるか、既存のリストを使用してください。
error-lifecycle-stage-unknown = { $field }：このポータルにライフサイクルステージ「{ $stage }」はありません。あるのは次のステージです：{ $stages }。
    .fix = これらのステージの内部値を送信してください。

## 接続

error-handoff-not-found = セットアップ{ $setup_id }に、引き継ぎ{ $handoff_id }はありません。
    .fix = IDを確認してください。セットアップの引き継ぎの一覧で、存在するものを確認できます。
error-portal-already-connected = HubSpotポータル{ $portal_id }は、すでにSalesforce組織{ $org_id }に接続されています。1つのポータルに接続できる組織は1つだけです。
    .fix = 先に現在の組織との接続を解除してから、別の組織に接続してください。
error-org-portal-limit-reached = Salesforce組織{ $org_id }には、すでに上限の{ NUMBER($limit) }個のHubSpotポータルが接続されています。{ HAS($portals) ->
        [yes] 接続中のポータル：{ $portals }
       *[no] { "" }
    }{ HAS($other_portals) ->
        [yes] （ほかに、表示する権限のないポータルが{ NUMBER($other_portals) }個あります）
       *[no] { "" }
    }
    .fix = いずれかのポータルの接続を解除すると、空きができます。組織ごとのポータル数は、このサービスの運用担当者が変更できます。
error-org-changed = このポータルは以前Salesforce組織{ $previous_org_id }に接続されていましたが、今回のログイン先は別の組織{ $org_id }です。
    .fix = 別の組織で間違いない場合は、接続先の組織として{ $org_id }を指定してもう一度接続してください。そうでない場合は、以前の組織のユーザーを使用してください。
error-trial-org = Salesforceのトライアルアカウントは、エディションにかかわらず接続できません。{ HAS($trial_end) ->
        [yes] この組織は{ $trial_end }に終了するトライアルです。
       *[no] この組織はトライアルです。
    }
    .fix = 有料契約の組織、またはそのサンドボックスを接続してください。トライアルをSalesforceの有料契約に切り替えた後であれば、接続できます。
error-sandbox-mismatch = セットアップでは「{ LABEL($claimed, kind: "salesforce-environment") }」と回答されていますが、Salesforceからは「{ LABEL($found, kind: "salesforce-environment") }」と報告されました。
    .fix = ステップ「{ step-environment }」を編集するか、目的の組織のユーザーでログインしてください。サンドボックスのユーザー名は、通常、末尾がサンドボックス名です。
error-edition-mismatch = セットアップでは{ LABEL($claimed, kind: "salesforce-edition") }と回答されていますが、組織のエディションは{ LABEL($found, kind: "salesforce-edition") }で、接続できません。Professional Edition、Enterprise Edition、Unlimited Editionのいずれかが必要です。
    .fix = 正しい組織のユーザーかどうかをご確認ください。正しい場合は、組織のアップグレードが必要です。
error-salesforce-login-refused = Salesforceがログインを拒否しました{ HAS($username) ->
        [yes] （ユーザー：{ $username }）
       *[no] { "" }
    }。ユーザー名、パスワード、セキュリティトークンのいずれかが正しくないか、ユーザーがロックされています。どれが原因かは、Salesforceからは通知されません。
    .fix = { HAS($claimed) ->
        [yes] セットアップの回答は「{ LABEL($claimed, kind: "salesforce-environment") }」のため、そのホストにログインしました。もう一方の種類の組織のユーザーも、このホストでは同じように拒否されます。その場合はステップ「{ step-environment }」を編集してください。
       *[no] { "" }
    }3つとも確認してから、もう一度だけお試しください。繰り返すとユーザーがロックされます。パスワードを変更した場合は、新しいトークンがEメールで届いています。正確な原因は、Salesforce管理者がユーザーの[ログイン履歴]で確認できます。
error-security-token-not-active-yet = セキュリティトークンがまだSalesforceで有効になっていません。新しいトークンが使えるようになるまで、最大15分かかることがあります。{ HAS($next_try_time) ->
        [yes] 次は{ $next_try_time }に自動で再試行します。
       *[no] 自動で再試行します。
    }
    .fix = そのままお待ちください。15分たっても拒否される場合は、トークン、ユーザー名、パスワードをご確認ください。
error-salesforce-soap-login-disabled = このSalesforce組織では、ユーザー名、パスワード、セキュリティトークンによるログイン（SOAPログイン）が許可されていません。
    .fix = Salesforceが推奨するOAuthで接続してください。または、Salesforce管理者がSOAP APIのlogin()を有効にし、ユーザーに「Use Any API Auth」権限を付与してください。
error-salesforce-api-disabled = このSalesforce組織またはユーザーは、APIを使用できません。
    .fix = Salesforce管理者が、ユーザーに「APIの有効化」権限を付与する必要があります。Professional Editionでは、APIアクセスの追加契約が必要な場合があります。
error-salesforce-password-expired = Salesforceのパスワードの有効期限が切れています{ HAS($username) ->
        [yes] （ユーザー：{ $username }）
       *[no] { "" }
    }。
    .fix = Salesforceで新しいパスワードを設定し、その後Eメールで届く新しいセキュリティトークンを使って、もう一度接続してください。インテグレーションユーザーのパスワードは無期限に設定することをおすすめします。
error-salesforce-login-restricted = このユーザーは、現在のIPアドレスまたは時間帯からはSalesforceにログインできません{ HAS($code) ->
        [yes] （{ $code }）
       *[no] { "" }
    }。
    .fix = Salesforce管理者が、ユーザーのプロファイルの[ログインIPアドレスの制限]、[ログイン時間帯の制限]、本人確認の設定を確認し、このサービスのIPアドレスを許可する必要があります。
error-salesforce-oauth-refused = SalesforceがOAuthによるログインを拒否しました{ HAS($code) ->
        [yes] ：{ $code }
       *[no] { "。" }
    }
    .fix = コンシューマー鍵と、秘密または秘密鍵をご確認ください。Salesforce管理者が、外部クライアントアプリケーション（または接続アプリケーション）をインストールし、このユーザーに許可している必要があります。
error-salesforce-org-unavailable = Salesforceが応答していないか、組織がメンテナンス中です{ HAS($code) ->
        [yes] （{ $code }）
       *[no] { "" }
    }。
    .fix = { error-part-retry }インスタンスの状況はstatus.salesforce.comで確認できます。
error-salesforce-host-not-allowed = { HAS($host) ->
        [yes] { $host }はSalesforceのアドレスではありません。
       *[no] Salesforceのアドレスではありません。
    }このアドレスには何も送信していません。
    .fix = 組織の[私のドメイン]のアドレス（例：https://acme.my.salesforce.com）を使用してください。
error-login-outcome-unknown = Salesforceにログインを送信しましたが、応答を受け取れませんでした。ユーザーがロックされないように、自動での再送はしていません。
    .fix = もう一度接続してください。
error-package-not-installed = セットアップではインストール済みと回答されていますが、HubSpotインテグレーションパッケージがこのSalesforce組織にインストールされていません。
    .fix = Salesforce管理者が、この組織（本稼働またはサンドボックス）にパッケージをインストールしてから、もう一度接続してください。
error-object-access-missing = Salesforceユーザーに、同期に必要なオブジェクトの権限がありません：{ $subject }
    .fix = Salesforce管理者が、同期するすべてのオブジェクトの参照、作成、編集の権限をユーザーに付与してから、もう一度接続してください。
error-field-access-missing = Salesforceユーザーが、同期する項目を参照または編集できません：{ $subject }
    .fix = Salesforce管理者が、項目レベルセキュリティでこれらの項目を参照・編集可能にしてから、もう一度接続してください。
error-visualforce-module-not-found = HubSpotのVisualforceコンポーネントがページレイアウトにありません：{ $subject }
    .fix = Salesforce管理者が、リードと取引先責任者のページレイアウトに追加してから（[設定] > [オブジェクトマネージャー] > [リード]または[取引先責任者] > [ページレイアウト]）、もう一度接続してください。
error-salesforce-api-calls-exhausted = SalesforceのAPIコールの上限に達しました。{ HAS($allocation) ->
        [yes] この組織が24時間に使用できる{ NUMBER($allocation) }回を使い切っています。
       *[no] 直近24時間のコール数を使い切っています。
    }変更はキューに残っており、失われることはありません。
    .fix = { error-part-retry }使用したコールは、それぞれ24時間後に再び使えるようになります。頻繁に発生する場合は、制限を上げる、ほかの連携の使用量を減らす、またはSalesforceからコール数を追加購入することをご検討ください。
error-connection-stale = { HAS($step) ->
        [yes] アカウントの接続後にステップ「{ LABEL($step) }」が変更されたため、接続をもう一度確認する必要があります。
       *[no] アカウントの接続後にエディション、サンドボックス、トークン、資格情報のいずれかが変更されたため、接続をもう一度確認する必要があります。
    }
    .fix = 「{ step-connect-accounts }」でもう一度接続してください。それまで同期は停止しますが、変更は失われません。
error-not-connected = HubSpotポータル{ $portal_id }は、Salesforce組織に接続されていません。
    .fix = 先にアカウントを接続してください。
error-connect-running = HubSpotポータル{ $portal_id }は現在、接続処理中です。
    .fix = 処理が終わるのを待って、もう一度お試しください。
error-external-id-field-missing = Salesforceの{ $subject }に、レコードの重複作成を防ぐための項目{ $field }がありません。
    .fix = Salesforce管理者が、リードと取引先責任者にテキスト項目として作成し、「外部ID」と「ユニーク」を設定して、ユーザーが編集できるようにしてから、もう一度接続してください。
error-org-api-call-limit-exceeded = このSalesforce組織のポータルが確保するAPIコールの合計が、Salesforceが24時間に許可する{ NUMBER($allocation) }回を超えます（このポータル：{ NUMBER($limit) }回、ほかのポータル：{ NUMBER($held_by_others) }回）。設定できるのは最大{ NUMBER($available) }回です。
    .fix = { NUMBER($available) }回以下の制限を設定するか、先に組織のほかのポータルの制限を下げてください。
error-credential-missing = 再利用できるSalesforceの資格情報が保存されていません。
    .fix = 資格情報（ユーザー名とパスワード、またはOAuth）を入力してください。
error-salesforce-login-limit = このSalesforceユーザーのログインが1時間の上限回数に達しました{ HAS($username) ->
        [yes] （{ $username }）
       *[no] { "" }
    }。これ以上はユーザーがロックされるおそれがあるため、送信しません。
    .fix = { error-part-retry }その間に、ユーザー名、パスワード、セキュリティトークンをご確認ください。
error-edition-claim-differs = セットアップでは{ LABEL($claimed, kind: "salesforce-edition") }と回答されていますが、組織のエディションは{ LABEL($found, kind: "salesforce-edition") }です。
    .fix = ステップ「{ step-edition }」を編集して{ LABEL($found, kind: "salesforce-edition") }を選択し、もう一度接続してください。

## HubSpot

error-hubspot-credential-refused = { HAS($portal_id) ->
        [yes] HubSpotがポータル{ $portal_id }の資格情報を受け付けなくなりました。
       *[no] HubSpotが資格情報を受け付けませんでした。
    }アプリがアンインストールされたか、トークンが取り消された可能性があります。
    .fix = HubSpotの管理者がアプリを再インストールするか新しいトークンを作成し、ポータルの資格情報として保存してください。その後、同期は自動で再開します。
error-hubspot-scope-missing = HubSpotの資格情報に必要なスコープがありません：{ $scope }
    .fix = HubSpotの管理者がアプリまたはキーにスコープを追加して承認し、新しい資格情報をポータルに保存してください。
error-hubspot-unavailable = HubSpotが応答していません。
    .fix = { error-part-retry }障害の情報はstatus.hubspot.comで確認できます。
error-hubspot-rate-limited = このポータルからHubSpotへのリクエストが、一時的に上限に達しています。
    .fix = { error-part-retry }頻繁に発生する場合は、ポータルのほかの連携の使用量を減らしてください。
error-hubspot-portal-mismatch = この資格情報は別のHubSpotポータル{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }のもので、{ $portal_id }のものではありません。
    .fix = ポータル{ $portal_id }の資格情報を使用するか、もう一方のポータルを登録してください。
error-hubspot-rejected = HubSpotがレコードを拒否しました：{ $message }
    .fix = HubSpotの管理者が、示された規則またはプロパティを変更するか、レコードを修正する必要があります。

## テストコンタクトと同期

error-sync-not-enabled = HubSpotポータル{ $portal_id }の同期は有効になっていません。
    .fix = 設定内容を確認し、「コンタクトをSalesforceと同期する」をオンにしてください。
error-test-contact-running = テストコンタクトはまだ処理中です{ HAS($status) ->
        [yes] （{ LABEL($status, kind: "test-contact-status") }）
       *[no] { "" }
    }。
    .fix = 終了するまで待つか、キャンセルしてください。
error-test-contact-ended = テストコンタクトはすでに終了しています{ HAS($status) ->
        [yes] （{ LABEL($status, kind: "test-contact-status") }）
       *[no] { "" }
    }。
    .fix = キャンセルするものはありません。もう一度テストする場合は、新しいテストコンタクトを作成してください。
error-salesforce-validation-rule = Salesforce組織の入力規則により、レコードが拒否されました：{ $message }
    .fix = Salesforce管理者が入力規則を変更するか、インテグレーションユーザーを対象外にしてから、もう一度お試しください。
error-salesforce-duplicate-rule = Salesforce組織の重複ルールにより、レコードが拒否されました：{ $message }
    .fix = Salesforce管理者がインテグレーションユーザーに重複の保存を許可するか、Salesforceの重複レコードを統合してから、もう一度お試しください。
error-salesforce-permission-missing = Salesforceユーザーに、このレコードを書き込む権限がありません{ HAS($message) ->
        [yes] ：{ $message }
       *[no] { "。" }
    }
    .fix = Salesforce管理者が、オブジェクト、項目、レコードタイプの権限をユーザーに付与してから、もう一度お試しください。
error-salesforce-rejected = Salesforceがレコードを拒否しました{ HAS($code) ->
        [yes] （{ $code }）
       *[no] { "" }
    }：{ $message }
    .fix = HubSpotでレコードを修正するか、Salesforce管理者が示された規則または項目を変更してから、もう一度お試しください。
error-salesforce-session-refused = Salesforceのセッションが終了しました。このサービスが自動で再ログインすることはできません。
    .fix = アカウントをもう一度接続してください。
error-sync-not-on = 一時停止できるのは有効な同期だけで、再開できるのは一時停止中の同期だけです。{ HAS($portal_id) ->
        [yes] HubSpotポータル{ $portal_id }の同期はどちらでもありません。
       *[no] { "" }
    }
    .fix = 同期の状態をご確認ください。一度も有効にしていない場合は、ポータルのセットアップを完了してください。

## キー

error-no-new-key = 最新のキー{ $key_id }はすでに使用中です。別のキーで封印されたシークレットはありません。
    .fix = このサービスの運用担当者がキーリングにキーを追加してから（connectord new-key-file --add）、もう一度ローテーションを実行してください。
error-key-not-everywhere = キー{ $key_id }を持たないサーバーがあります（{ NUMBER($servers) }台）。そのサーバーではシークレットを開けません。
    .fix = このサービスの運用担当者が、すべてのサーバーに同じキーリングを置いてください（環境変数から読む場合は再起動）。サーバーは毎秒確認します。その後、もう一度ローテーションを実行してください。
error-key-in-use = キー{ $key_id }は使用中です。{ HAS($rows) ->
        [yes] このキーのシークレットが{ NUMBER($rows) }件あるか、
       *[no] このキーのシークレットがあるか、
    }サーバーが封印に使っています。
    .fix = 別のキーにローテーションし、このキーのシークレットがなくなるまでお待ちください。進み具合はキーの状態で確認できます。
error-key-not-found = キー{ $key_id }はありません。
    .fix = キーの状態をご確認ください。すべてのキーが表示されます。
error-key-retired = キー{ $key_id }は廃止されており、再び封印に使うことはできません。
    .fix = このサービスの運用担当者が、キーリングに新しいキーを追加してください（connectord new-key-file --add）。
error-key-unavailable = 保存されたシークレットはキー{ $key_id }で封印されていますが、このサーバーはそのキーを持っていません。
    .fix = { error-part-retry }続く場合は、このサービスの運用担当者が、そのキーを含むキーリングをすべてのサーバーに置いてください。
error-key-service-unavailable = キーを管理するサービスからキーを取得できませんでした{ HAS($message) ->
        [yes] ：{ $message }
       *[no] { "。" }
    }
    .fix = { error-part-retry }続く場合は、このサービスの運用担当者がキー管理サービスを確認してください。
error-stored-secret-unreadable = 保存されたシークレットを開けません{ HAS($secret) ->
        [yes] （{ $secret }）
       *[no] { "" }
    }。データベース内で変更または移動されたか、キーが別のものに替わっています。
    .fix = 認証情報をもう一度入力してください。このサービスの運用担当者は、データベースが変更された原因を調べてください。
