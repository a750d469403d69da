### リクエストの1つの項目の誤り。項目の横に表示する。

violation-required = 必ず入力してください。
violation-unknown-value = 選択できる値ではありません。
violation-too-long = { NUMBER($max) }文字以内で入力してください。
violation-too-many = { NUMBER($max) }件以内で指定してください。
violation-too-large = { NUMBER($max) }バイト以内で入力してください。
violation-out-of-range = { NUMBER($min) }から{ NUMBER($max) }までの値を入力してください。
violation-not-a-uuid = UUIDを入力してください（例：0197c2a4-5d1e-7c3b-9f60-2b7f1c0a8d42）。
violation-not-an-org-id = Salesforceの組織ID（00Dで始まる15文字または18文字）を入力してください。
violation-not-a-list-id = HubSpotのリストID（1桁から32桁の数字）を入力してください。
violation-not-an-address = Salesforceのhttpsアドレスを入力してください（例：https://acme.my.salesforce.com）。
violation-not-a-key = PEM形式のRSA秘密鍵を入力してください。
violation-positive = 1以上の値を入力してください。
violation-choose-yes-or-no = 「はい」または「いいえ」を選択してください。初期値はありません。
violation-invalid-characters = 使用できない文字が含まれています。
violation-bad-token = セキュリティトークンの形式ではありません。Eメールで届いたとおりに、空白を入れずに入力してください。
violation-duplicate = 重複して指定されています。
violation-empty = 空にすることはできません。
violation-exactly-one = いずれか1つだけを指定してください。
violation-not-allowed-here = ここでは指定できません。
violation-token-and-not-used = トークンを入力するか、使用しないことを指定するか、どちらか一方にしてください。
violation-unknown-stage = このHubSpotポータルに、そのライフサイクルステージはありません。
