### 管理ツールの文言：質問、表の見出し、経過の表示。列挙値とステップの名前は別のファイルにある。

## 共通

common-yes = はい
common-no = いいえ
common-none = なし
common-unknown = 不明
common-never = なし
common-not-set = 未設定
common-all = すべて
common-cancel = キャンセル
common-continue = 続行
common-back = 戻る
common-edit = 編集
common-retry = 再試行
common-leave = 中断（後から続行できます）
common-recommended = { $label }（推奨）
common-of = { NUMBER($all) }中{ NUMBER($part) }
common-per-day = 24時間あたり{ NUMBER($calls) }回

## 表の見出し

ctl-header-portal = ポータル
ctl-header-name = 名前
ctl-header-subscription = サブスクリプション
ctl-header-evidence = 根拠
ctl-header-credential = 資格情報
ctl-header-username = ユーザー名
ctl-header-fingerprint = フィンガープリント
ctl-header-org = 組織
ctl-header-org-name = 組織名
ctl-header-edition = エディション
ctl-header-environment = 環境
ctl-header-seats = シート数
ctl-header-place = 順位
ctl-header-portals = ポータル数
ctl-header-setup = セットアップ
ctl-header-step = ステップ
ctl-header-state = 状態
ctl-header-status = ステータス
ctl-header-answer = 回答
ctl-header-answered-by = 回答者
ctl-header-next-step = 次のステップ
ctl-header-missing = 未回答
ctl-header-stale = 要確認
ctl-header-notices = お知らせ
ctl-header-decision = 決定事項
ctl-header-value = 内容
ctl-header-attempt = 接続処理
ctl-header-check = 確認項目
ctl-header-result = 結果
ctl-header-subject = 対象
ctl-header-claimed = 回答
ctl-header-found = 確認結果
ctl-header-fix = 対処方法
ctl-header-actor = 担当
ctl-header-reason = 理由
ctl-header-message = メッセージ
ctl-header-connection = 接続
ctl-header-list = リスト
ctl-header-size = コンタクト数
ctl-header-limit = APIコール制限
ctl-header-suggested = 推奨値
ctl-header-allocation = 許可数
ctl-header-used = 使用数
ctl-header-reserved = 予約数
ctl-header-held = 確保数
ctl-header-unassigned = 未割り当て
ctl-header-source = 情報源
ctl-header-health = 稼働状況
ctl-header-operator = 設定者
ctl-header-suspension = 中断の理由
ctl-header-since = 開始時刻
ctl-header-email = Eメール
ctl-header-hubspot-record = HubSpotレコード
ctl-header-salesforce-record = Salesforceレコード
ctl-header-inclusion = インクルージョンの条件
ctl-header-cleanup = 削除の状況
ctl-header-time = 時刻
ctl-header-created = 作成日時
ctl-header-updated = 更新日時
ctl-header-etag = etag
ctl-header-service = サービス

## ウィザード：全体

ctl-wizard-welcome = HubSpotポータル{ $portal_id }のセットアップ
ctl-wizard-resumed = 進行中のセットアップです。次のステップから続行します：{ $step }
ctl-wizard-step = ステップ{ NUMBER($number) }/{ NUMBER($all) }：{ $title }
ctl-wizard-where = 確認場所
ctl-wizard-warning = 注意
ctl-wizard-links = ガイド
ctl-wizard-saved = 保存しました。
ctl-wizard-left = セットアップを中断しました。回答はすべて保存されています。続行するには：{ $command }
ctl-wizard-stale-now = この変更により、次の回答の確認が必要になりました：{ $steps }
ctl-wizard-answer-again = 回答を修正してください。
ctl-wizard-what-now = どうしますか？
ctl-wizard-edit-which = どの決定事項を編集しますか？
ctl-wizard-finished = セットアップが完了しました。
ctl-wizard-keys = ↑↓で移動、Enterで選択、Escで戻る
ctl-wizard-keys-multiple = スペースでチェック、Enterで確定、Escで戻る
ctl-wizard-secret-hint = 入力した文字は表示されません。

## ウィザード：質問

ctl-ask-portal = どのポータルをセットアップしますか？
ctl-ask-portal-token = ポータルのHubSpotトークン
ctl-ask-portal-name = ポータルの名前（省略可）
ctl-ask-seat-count = シート数
ctl-ask-limit = 24時間あたりのAPIコール数（Enterで推奨値{ NUMBER($suggested) }を採用）
ctl-ask-keep-limit = 現在の制限{ NUMBER($limit) }回を維持しますか？（現在の推奨値：{ NUMBER($suggested) }回）
ctl-ask-token = セキュリティトークン
ctl-ask-credential-method = Salesforceへのログイン方法を選択してください
ctl-ask-username = Salesforceユーザー名
ctl-ask-password = Salesforceパスワード
ctl-ask-client-id = コンシューマー鍵
ctl-ask-client-secret = コンシューマーの秘密
ctl-ask-refresh-token = 更新トークン
ctl-ask-private-key-file = 秘密鍵のファイル（PEM）
ctl-ask-login-url = 組織の[私のドメイン]（例：https://acme.my.salesforce.com）
ctl-ask-use-stored-credential = 保存されている{ $username }の資格情報を使用しますか？
ctl-ask-expected-org = ログイン先は別の組織{ $org_id }です。この組織に接続しますか？
ctl-ask-list = どのスマートリストを使用しますか？
ctl-ask-list-name = 新しいリストの名前
ctl-ask-list-stages = どのライフサイクルステージのコンタクトを含めますか？
ctl-ask-lowest-stage = どのライフサイクルステージ以上の新しいコンタクトを同期しますか？
ctl-ask-enable = 「コンタクトをSalesforceと同期する」をオンにしますか？
ctl-ask-test = 今すぐテストコンタクトを作成しますか？
ctl-ask-delete-test = テストコンタクトを両方のシステムから削除しますか？
ctl-ask-pause-reason = 同期を一時停止する理由（省略可）

## 確認

ctl-confirm-disconnect = ポータル{ $portal_id }とSalesforce組織{ $org_id }の接続を解除しますか？同期は停止し、設定は保持されます。
ctl-confirm-abandon = ポータル{ $portal_id }のセットアップを中止しますか？秘密情報は削除されます。
ctl-confirm-delete-test = テストコンタクト{ $email }のレコードをHubSpotとSalesforceから削除しますか？
ctl-confirm-token-reset = トークンのリセットを、ほかの連携の担当者に伝えましたか？

## 経過

ctl-progress-connecting = 接続中
ctl-progress-waiting = 待機中（Ctrl-Cで終了しても処理は続きます）
ctl-progress-watching = 監視中（Ctrl-Cで終了）
ctl-progress-elapsed = { NUMBER($seconds) }秒
ctl-progress-reconnecting = ストリームが中断されたため、再開しています
ctl-progress-reset = ストリームを最初から始めます：{ $cause }
ctl-progress-ended = ストリームが終了しました：{ $cause }
ctl-progress-test = テストコンタクト
ctl-progress-api-calls-used = 使用したAPIコール：{ NUMBER($calls) }回

## 次の操作

ctl-next = 次の操作
ctl-next-run = 続けるには：{ $command }
ctl-next-register = 登録されているポータルはまだありません。登録するには：{ $command }
ctl-next-setup = このポータルのセットアップを開始するには：{ $command }
ctl-next-watch = 進み具合を確認するには：{ $command }
ctl-next-retry-same-id = 実行されたかどうかが不明です。同じリクエストIDで再実行してください：{ $command }
ctl-next-wait = { $time }にもう一度お試しください。

## 問題

ctl-error = エラー
ctl-error-fix = 対処方法
ctl-error-reason = 理由
ctl-error-request-id = リクエストID
ctl-error-fields = 項目
ctl-error-unreachable = サーバー{ $endpoint }が応答していません。
ctl-error-no-terminal = 端末が必要です。代わりに、回答をオプションで指定してください。詳しくは{ $command }をご覧ください。
ctl-error-interrupted = 中断されました。すでに送信した処理は実行されます。
ctl-error-file = ファイル{ $file }を読み込めませんでした：{ $reason }
ctl-empty-portals = 登録されているポータルはありません。
ctl-empty-setups = セットアップはありません。
ctl-empty-connections = 接続はありません。
ctl-empty-orgs = 組織はありません。
ctl-empty-lists = ポータルにスマートリストはありません。
ctl-empty-test-contacts = テストコンタクトはありません。
ctl-empty-findings = 報告する結果はありません。
