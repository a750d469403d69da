### APIの列挙値の表示名。キーは値の名前。ステップと確認項目の名前は、それぞれのファイルにある。

value-unspecified = 未回答

duration-seconds = { NUMBER($count) }秒
duration-minutes = { NUMBER($count) }分
duration-hours = { NUMBER($count) }時間

choice-yes = はい
choice-no = いいえ

hub-spot-subscription-free = 無料ツール
hub-spot-subscription-starter = Starter
hub-spot-subscription-professional = Professional
hub-spot-subscription-enterprise = Enterprise

salesforce-edition-group = Group Edition
salesforce-edition-essentials = Essentials
salesforce-edition-professional = Professional Edition
salesforce-edition-enterprise = Enterprise Edition
salesforce-edition-unlimited = Unlimited Edition
salesforce-edition-developer = Developer Edition

admin-access-none = 管理アクセス権なし
admin-access-top-level-administrator = トップレベルのSalesforce管理者
admin-access-full-object-and-field = フルオブジェクトレベルとフルフィールドレベルのセキュリティ権限
admin-access-object-only = フルオブジェクトレベルのセキュリティ権限のみ

salesforce-environment-production = 本稼働環境
salesforce-environment-sandbox = サンドボックス

source-declared = 申告
source-inferred = 推定

step-state-not-reached = 未到達
step-state-open = 回答待ち
step-state-waiting = 待機中
step-state-answered = 回答済み
step-state-stale = 要確認

setup-status-in-progress = 進行中
setup-status-waiting-for-administrator = Salesforce管理者の対応待ち
setup-status-finished = 完了
setup-status-abandoned = 中止

import-decision-import = 既存のコンタクトをインポートする
import-decision-do-not-import = 既存のコンタクトをインポートしない

visualforce-method-visualforce = ページレイアウトのVisualforceコンポーネント
visualforce-method-hubspot-embed = HubSpot Embed

allocation-source-policy = 概算
allocation-source-salesforce = Salesforceの報告値

connect-state-queued = 待機中
connect-state-logging-in = Salesforceにログイン中
connect-state-waiting-for-token = セキュリティトークンの有効化待ち
connect-state-probing = 必要なものが揃っているか確認中
connect-state-starting = コネクターをセットアップ中
connect-state-connected = 接続済み
connect-state-failed = 失敗

finding-result-passed = 合格
finding-result-warning = 警告
finding-result-failed = 不合格
finding-result-not-checked = 確認できませんでした

actor-portal-administrator = お客様
actor-salesforce-administrator = Salesforce管理者
actor-operator = このサービスの運用担当者

connection-state-connected = 接続済み
connection-state-stale = 要再接続
connection-state-disconnected = 接続解除済み

test-contact-status-starting = 開始中
test-contact-status-scheduling = スケジュール設定中
test-contact-status-processing = 処理中
test-contact-status-completed = 完了済み
test-contact-status-failed = 失敗
test-contact-status-cancelled = キャンセル済み

cleanup-state-deleting = 削除中
cleanup-state-deleted = 削除済み
cleanup-state-failed = 削除できませんでした

operator-state-off = 未有効化
operator-state-on = オン
operator-state-paused = 一時停止中

key-state-sealing = 封印に使用中
key-state-opening = 開封用
key-state-missing = 見つからない
key-state-retired = 廃止

key-rotation-state-running = 進行中
key-rotation-state-stuck = 停止：残りは開けません
key-rotation-state-finished = 完了

sync-health-off = オフ
sync-health-paused = 一時停止中
sync-health-suspended = 中断中
sync-health-healthy = 正常

cause-token-too-old = ストリームの位置が古すぎます
cause-consumer-too-slow = メッセージの読み取りが間に合っていません
cause-finished = 終了
cause-server-shutdown = サーバーの停止処理中
cause-max-age = ストリームの最長時間に達しました

lifecycle-stage-subscriber = 購読者
lifecycle-stage-lead = リード
lifecycle-stage-marketingqualifiedlead = MQL
lifecycle-stage-salesqualifiedlead = SQL
lifecycle-stage-opportunity = 商談
lifecycle-stage-customer = 顧客
lifecycle-stage-evangelist = エバンジェリスト
lifecycle-stage-other = その他

credential-method-password = ユーザー名、パスワード、セキュリティトークン
credential-method-jwt-bearer = OAuth（JWTベアラー）
credential-method-client-credentials = OAuth（クライアントログイン情報）
credential-method-refresh-token = OAuth（更新トークン）
credential-method-static-token = 固定トークン

## 監査証跡の問題

audit-problem-missing = 次の行がありません。削除されたか、前に別の行が挿入されています
audit-problem-unlinked = 直前の行とつながっていません。どちらかが差し替えられています
audit-problem-edited = 行の内容が書き換えられています
audit-problem-head = 末尾の行が切り捨て、追加、または差し替えられています
audit-problem-signed-head = 署名された行がないか、別の行になっています。署名後に切り捨てられたか、作り直されています
