### 調査の結果。確認項目の値はタイトル。`.fix-failed`、`.fix-warning`、`.fix-not-checked`は合格でない場合の対処方法。ないものは
### `finding-any`を使う。

finding-any = 確認
    .fix-failed = Salesforce管理者が修正してから、もう一度接続してください。
    .fix-warning = このままでも動作します。時間のあるときにSalesforce管理者にご確認ください。
    .fix-not-checked = 確認できませんでした。問題が見つかったわけではありません。Salesforceで直接ご確認ください。

check-login = ログイン
    .fix-failed = ユーザー名、パスワード、セキュリティトークンと、サンドボックスのステップの回答をご確認ください。繰り返し試すと、ユーザーがロックされます。正確な原因は、Salesforce管理者がユーザーの[ログイン履歴]で確認できます。
    .fix-warning = ユーザー名とパスワードでログインできましたが、この方法はSalesforceのSummer '27リリースで終了します。Salesforce管理者にOAuthの設定を依頼し、新しい資格情報を保存してください。
    .fix-not-checked = ログインを試せませんでした。しばらくしてからもう一度お試しください。

check-api-enabled = APIアクセス
    .fix-failed = Salesforce管理者が、ユーザーに「APIの有効化」権限を付与する必要があります。Professional Editionでは、APIアクセスの追加契約が必要な場合があります。
    .fix-not-checked = ユーザーがAPIを使用できるかどうかを確認できませんでした。Salesforce管理者が、ユーザーのプロファイルの「APIの有効化」権限で確認できます。

check-edition = Salesforceのエディション
    .fix-failed = セットアップの回答は{ LABEL($claimed, kind: "salesforce-edition") }、組織のエディションは{ LABEL($found, kind: "salesforce-edition") }です。エディションのステップを編集するか、正しい組織のユーザーを使用してください。接続できるのは、Professional Edition、Enterprise Edition、Unlimited Editionだけです。
    .fix-warning = セットアップの回答は{ LABEL($claimed, kind: "salesforce-edition") }、組織のエディションは{ LABEL($found, kind: "salesforce-edition") }です。推奨するAPIコール制限に影響するため、エディションのステップを編集してください。
    .fix-not-checked = 組織のエディションを取得できませんでした。Salesforceの[設定] > [組織情報]でご確認ください。

check-trial = トライアルでないこと
    .fix-failed = この組織はトライアル{ HAS($found) ->
        [yes] （{ $found }に終了）
       *[no] { "" }
    }のため、接続できません。有料契約の組織を接続するか、先にSalesforceの有料契約に切り替えてください。
    .fix-not-checked = トライアルかどうかを確認できませんでした。トライアルの場合、最終日がSalesforceの[設定] > [組織情報]に表示されます。

check-environment = 本稼働環境またはサンドボックス
    .fix-failed = セットアップの回答は「{ LABEL($claimed, kind: "salesforce-environment") }」、組織は「{ LABEL($found, kind: "salesforce-environment") }」です。サンドボックスのステップを編集するか、目的の組織のユーザーでログインしてください。
    .fix-not-checked = サンドボックスかどうかを確認できませんでした。{ HAS($claimed) ->
        [yes] セットアップの回答は「{ LABEL($claimed, kind: "salesforce-environment") }」のため、そのホストにログインしました。もう一方の種類の組織のユーザーは、パスワードの誤りと同じように拒否されます。その可能性がある場合は、サンドボックスのステップを編集してください。
       *[no] { "" }
    }サンドボックスのユーザー名は、通常、末尾がサンドボックス名です。

check-seats = Salesforceのシート数
    .fix-failed = セットアップの回答は{ NUMBER($claimed) }シート、Salesforceの報告は{ NUMBER($found) }シートです。シート数のステップで修正してください。
    .fix-warning = セットアップの回答は{ NUMBER($claimed) }シート、Salesforceの報告は{ NUMBER($found) }シートです。推奨するAPIコール制限の計算に使用するため、シート数のステップで修正してください。
    .fix-not-checked = シート数を取得できませんでした。確認できるようにするには、Salesforce管理者がユーザーに「設定・定義を参照する」権限を付与してください。この権限がなくてもセットアップは可能です。

check-package = HubSpotパッケージ
    .fix-failed = HubSpotインテグレーションパッケージが、この組織にインストールされていません。Salesforce管理者が、この組織（本稼働またはサンドボックス）にインストールしてから、もう一度接続してください。
    .fix-not-checked = HubSpotパッケージがインストールされているかどうかを確認できませんでした。Salesforceの[設定] > [インストール済みパッケージ]でご確認いただくか、Salesforce管理者がユーザーに「設定・定義を参照する」権限を付与してください。

check-package-version = HubSpotパッケージのバージョン
    .fix-failed = HubSpotパッケージのバージョン{ $found }は古いため使用できません。{ $claimed }以降が必要です。Salesforce管理者が最新バージョンをインストールしてから、もう一度接続してください。
    .fix-warning = HubSpotパッケージのバージョン{ $found }は使用できますが、新しいバージョンがあります。Salesforce管理者がいつでもインストールできます。
    .fix-not-checked = HubSpotパッケージのバージョンを取得できませんでした。Salesforceの[設定] > [インストール済みパッケージ]でご確認ください。

check-object-access = オブジェクトの権限
    .fix-failed = ユーザーに{ $subject }の権限がありません{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }。Salesforce管理者が、プロファイルまたは権限セットで参照、作成、編集の権限を付与してから、もう一度接続してください。
    .fix-warning = ユーザーに{ $subject }の権限がありません{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }。現在の設定では必要ありませんが、そのオブジェクトの同期を有効にする前に、Salesforce管理者が権限を付与してください。
    .fix-not-checked = { $subject }の権限を確認できませんでした。Salesforce管理者が、ユーザーのプロファイルで確認できます。

check-field-access = 項目の権限
    .fix-failed = ユーザーが{ $subject }を参照または編集できません{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }。Salesforce管理者が、項目レベルセキュリティで参照・編集可能にしてから、もう一度接続してください。
    .fix-warning = ユーザーが{ $subject }を編集できないため、この項目はSalesforceに同期されません。Salesforce管理者が、項目レベルセキュリティで編集可能にできます。
    .fix-not-checked = { $subject }の権限を確認できませんでした。Salesforce管理者が、項目レベルセキュリティで確認できます。

check-page-layouts = ページレイアウトのVisualforceコンポーネント
    .fix-failed = HubSpotのコンポーネントが、{ $subject }のページレイアウトにありません。Salesforce管理者が、[設定] > [オブジェクトマネージャー] > { $subject } > [ページレイアウト]で追加してから、もう一度接続してください。
    .fix-warning = HubSpotのコンポーネントがない{ $subject }のページレイアウトがあります{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }。そのレイアウトを使用するユーザーには、リードインテリジェンスが表示されません。Salesforce管理者が追加できます。HubSpot Embedをお使いの場合、対応は不要です。
    .fix-not-checked = { $subject }のページレイアウトを確認できませんでした。Salesforceでレコードを開き、HubSpotリードインテリジェンスが表示されるかどうかをご確認ください。

check-api-calls = 残りのAPIコール
    .fix-failed = この組織には、直近24時間で使用できるAPIコールが残っていません{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }。コールが使えるようになるまで待つか、Salesforce管理者が使用量の多い連携を確認してから、もう一度接続してください。
    .fix-warning = 直近24時間で使用できるAPIコールが残りわずかです{ HAS($found) ->
        [yes] （{ $found }）
       *[no] { "" }
    }。使い切ると、同期は待機します。ほかの連携の使用量を減らすか、Salesforceからコール数を追加購入してください。
    .fix-not-checked = 残りのAPIコール数を取得できませんでした。取得できるようにするには、Salesforce管理者がユーザーに「設定・定義を参照する」権限を付与してください。それまでは概算値を使用し、Salesforceのほかの応答に含まれる値で補正します。

check-external-id = 外部ID項目
    .fix-failed = { $subject }に、レコードの重複作成を防ぐための外部ID項目{ HAS($claimed) ->
        [yes] { $claimed }
       *[no] { "" }
    }がありません。Salesforce管理者が、リードと取引先責任者にテキスト項目として作成し、「外部ID」と「ユニーク」を設定して、ユーザーが編集できるようにしてから、もう一度接続してください。
    .fix-not-checked = { $subject }に外部ID項目があるかどうかを確認できませんでした。Salesforce管理者が、オブジェクトマネージャーで確認できます。

check-admin-access = 管理アクセス権
    .fix-failed = ユーザーに、セットアップで回答された権限「{ LABEL($claimed, kind: "admin-access") }」がありません。別のユーザーを使用するか、Salesforce管理者が権限を追加してから、もう一度接続してください。
    .fix-warning = ユーザーに、セットアップで回答された権限「{ LABEL($claimed, kind: "admin-access") }」がないようですが、現在同期する対象にはすべてアクセスできます。同期するオブジェクトを増やす前に、Salesforce管理者が権限を追加してください。
    .fix-not-checked = ユーザーの権限を取得できませんでした。Salesforce管理者が、プロファイルと権限セットで確認できます。

## 確認できなかった理由

finding-not-checked-no-api-calls = { $subject }：直近24時間のAPIコールが残っていないため、確認できませんでした。コールが使えるようになってから、もう一度接続してください。
finding-not-checked-no-view-setup = { $subject }：Salesforceユーザーに「設定・定義を参照する」権限がないため、確認できませんでした。Salesforce管理者が付与できますが、この権限がなくてもセットアップは可能です。
finding-not-checked-login-failed = { $subject }：ログインできなかったため、確認できませんでした。
finding-not-checked-earlier-failed = { $subject }：前の確認が不合格だったため、確認していません。
finding-not-checked-unavailable = { $subject }：Salesforceが応答しなかったため、確認できませんでした。後でもう一度ご確認ください。
finding-not-checked-not-offered = { $subject }：このエディションでは必要なインターフェースが提供されていないため、確認できませんでした。Salesforceで直接ご確認ください。
finding-not-checked-embed = { $subject }：HubSpot Embedではページレイアウトが不要なため、確認していません。
finding-not-checked-not-needed = { $subject }：現在の設定では必要ないため、確認していません。

## 回答と結果の表示

finding-claimed-installed = インストール済み
finding-found-missing = なし
finding-found-present = あり
finding-found-no-create = 作成不可
finding-found-no-edit = 編集不可
finding-found-no-read = 参照不可
finding-found-read-only = 参照のみ
finding-found-hidden = 非表示
finding-found-not-a-trial = トライアルではない
finding-found-trial-until = { $date }までのトライアル
finding-found-calls-left = { NUMBER($allocation) }回中、残り{ NUMBER($left) }回
finding-found-layouts = { NUMBER($all) }個中{ NUMBER($with) }個のレイアウト
finding-found-administrator = 管理者
finding-found-not-an-administrator = 管理者ではない
